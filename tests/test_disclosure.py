"""Small numbers under the policy `threshold:k`: what is shown is true, and what is not cannot be told."""

import json
import logging
import random
from functools import partial

import pytest
from django.db import connection
from django.test import Client

from registry.access import Operator
from registry.errors import Withheld
from registry.formats import MAP_FORMATS
from registry.models import Infusion
from registry.published.count_query import DIMENSIONS
from registry.published.disclosure_blocks import Atom, draw_blocks, draw_table, gather_roles
from registry.publishing import batches
from registry.publishing.new_release import release_snapshot
from registry.publishing.publish import is_behind, publish
from tests import attacker, factories
from tests.harvesting import THOROUGH, ask, counts, forget, harvest_all, harvest_tables

SEEDS = range(20) if THOROUGH else (0, 9)


def publish_rows(lists, rows) -> None:
    factories.store_rows(lists, rows)
    publish()
    forget()


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Hundreds of refusals are expected."""
    caplog.set_level(logging.ERROR, logger="django.request")


@pytest.fixture
def policy(settings):
    settings.DISCLOSURE = "threshold:5"


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_is_withheld_can_be_told(lists, policy, seed):
    chance = random.Random(seed)
    rows = attacker.skewed_rows(chance, chance.choice((60, 120, 250)))
    publish_rows(lists, rows)
    harvest = harvest_all()
    shown = [one for one in harvest.told if one.value]
    assert len(shown) > 20
    assert [one.name for one in shown if one.value < 5] == []
    assert [one.name for one in harvest.told if one.value is None] != []
    assert next(attacker.find_exact(harvest, chance), None) is None


def test_without_the_complement_the_attack_finds_small_numbers(lists, policy, monkeypatch):
    """The attack bites: each small number withheld for itself alone is told by its neighbours."""
    monkeypatch.setattr(batches, "draw_blocks", partial(draw_blocks, complementary=False))
    chance = random.Random(1)
    publish_rows(lists, attacker.skewed_rows(chance, 120))
    assert next(attacker.find_exact(harvest_tables(), chance), None) is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_shown_is_what_is_counted(lists, settings, seed):
    """Under the policy every number is the one without it, or not shown."""
    chance = random.Random(seed)
    publish_rows(lists, attacker.skewed_rows(chance, 120))
    questions = [by for by in attacker.subsets(DIMENSIONS, 2) if by]
    exact = {by: counts(by=",".join(by)) for by in questions}
    settings.DISCLOSURE = "threshold:5"
    publish()
    forget()
    compared = 0
    for by in questions:
        answer = counts(by=",".join(by))
        if answer is None:
            continue
        assert len(answer["rows"]) == len(exact[by]["rows"])
        for cell, true in zip(
            (*answer["rows"], answer["total"]), (*exact[by]["rows"], exact[by]["total"]), strict=True
        ):
            for name, value in cell.items():
                if name == "suppressed":
                    assert value is True
                elif name == "first" and value is not None:
                    assert value == true["first"][:4]
                elif value is None and true.get(name) is not None:
                    assert cell["suppressed"] is True
                else:
                    assert value == true[name]
                    compared += 1
    assert compared > 50


def test_the_demonstration_shows_its_large_numbers(lists, policy):
    """A centre whose one small category is hidden with another keeps its total."""
    rows = [factories.plain_row(person=one, centre="UPP", category="SOC") for one in range(38)]
    rows += [factories.plain_row(person=100 + one, centre="UPP", category="ICT") for one in range(2)]
    rows += [factories.plain_row(person=200 + one, centre="UPP", category="ACT") for one in range(45)]
    rows += [factories.plain_row(person=300 + one, centre="STO", category="SOC") for one in range(9)]
    publish_rows(lists, rows)
    centres = {centre["code"]: centre for centre in ask("map")["centres"]}
    upp = {cell["category"]: cell for cell in centres["UPP"]["categories"]}
    assert centres["UPP"]["patients"] == 85
    assert (upp["ACT"]["patients"], upp["SOC"]["patients"], upp["ICT"]["patients"]) in {
        (45, None, None), (None, 38, None)
    }  # fmt: skip
    assert upp["ICT"]["suppressed"] is True
    assert centres["STO"]["patients"] == 9
    assert centres["UME"]["patients"] == 0
    assert "suppressed" not in centres["UME"]
    assert ask("map")["national"]["patients"] == 94


def test_four_states_are_four_things(lists, policy):
    """Zero, not shown, not reporting, no service."""
    publish_rows(lists, [factories.plain_row(person=one, centre="UPP") for one in range(3)])
    centres = {centre["code"]: centre for centre in ask("map")["centres"]}
    assert (centres["UPP"]["infusions"], centres["UPP"]["suppressed"]) == (None, True)
    assert (centres["STO"]["infusions"], "suppressed" in centres["STO"]) == (0, False)
    assert centres["STO"]["complete_through"] is None
    assert (centres["ORE"]["status"], centres["ORE"]["infusions"]) == ("upcoming", 0)


def test_a_question_across_tables_and_a_day_within_a_year_are_refused(lists, policy):
    publish_rows(lists, attacker.skewed_rows(random.Random(0), 60))
    for path in ("counts?by=centre,sex", "counts?by=month", "counts?by=centre&as_of=2021-12-31"):
        assert ask(path, 403)["code"] == "withheld_by_policy"
    for path in ("counts?by=trial", f"counts?trial={factories.ACADEMIC}", "counts?by=centre&trial=none"):
        assert ask(path, 403)["code"] == "withheld_by_policy"
    assert "whole years" in ask("counts?by=year&as_of=2021-06-30", 403)["detail"]
    assert "region, centre, category" in ask("counts?by=centre,sex", 403)["detail"]


def test_older_snapshots_and_changes_tell_nothing(lists, policy):
    publish_rows(lists, attacker.skewed_rows(random.Random(0), 60))
    factories.store_rows(lists, [factories.plain_row(person=1000 + one) for one in range(6)])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_revision SET number = number + 1")
    newer = publish()
    forget()
    assert newer.number == 2
    assert ask("snapshots/2/changes?since=1") == {"snapshot": 2, "since": 1, "changes": [], "suppressed": True}
    assert ask("snapshots/1")["national"]["patients"] is None
    assert ask("snapshots/2")["national"]["patients"] == ask("map")["national"]["patients"] != 0
    older = ask("map?snapshot=1")
    assert [centre["categories"] for centre in older["centres"]] == [[]] * len(older["centres"])
    assert {centre["infusions"] for centre in older["centres"] if centre["status"] != "upcoming"} == {None}


def test_until_a_snapshot_is_built_under_the_policy_nothing_is_told(lists, settings):
    publish_rows(lists, attacker.skewed_rows(random.Random(0), 60))
    before = Client().get("/api/v1/map")
    assert publish() is None
    settings.DISCLOSURE = "threshold:5"
    forget()
    after = Client().get("/api/v1/map", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert json.loads(after.content)["national"]["patients"] is None
    assert is_behind()
    assert publish() is not None
    forget()
    assert ask("map")["national"]["patients"] == 60


@pytest.mark.parametrize("address", ["/", "/en/", "/?centre=UPP", "/?as_of=2021-12-31&span=total", "/inbaddad/"])
def test_pages_show_the_sign(lists, policy, address):
    publish_rows(lists, attacker.skewed_rows(random.Random(0), 60))
    answer = Client().get(address)
    if answer.status_code == 404:
        pytest.fail(address)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert ".." in text
    assert "None" not in text


@pytest.mark.parametrize("format", [name for name in MAP_FORMATS if name != "png-print"])
def test_every_file_of_the_map_is_made(lists, policy, format):
    publish_rows(lists, attacker.skewed_rows(random.Random(0), 60))
    for query in ("", "&as_of=2021-06-30"):
        assert Client().get(f"/api/v1/map?format={format}{query}").status_code == 200


def test_pages_that_would_tell_beside_the_numbers_say_that_they_are_closed(lists, policy):
    publish_rows(lists, attacker.skewed_rows(random.Random(0), 60))
    for address in ("/avstamning/", "/en/reconciliation/"):
        answer = Client().get(address)
        assert answer.status_code == 403
        assert answer["Cache-Control"] == "no-store"


def test_no_release_is_made_that_nobody_could_read(lists, policy):
    publish_rows(lists, attacker.skewed_rows(random.Random(0), 60))
    with pytest.raises(Withheld):
        release_snapshot(name="x", title_sv="x", title_en="x", by=Operator())
    assert Infusion.objects.exists()


class TestBlocks:
    """How a table is drawn into blocks."""

    def test_what_is_too_little_goes_with_its_neighbour(self):
        atoms = [Atom(("entry", "M", "UPP", "ICT"), 2), Atom(("entry", "M", "UPP", "SOC"), 38)]
        assert draw_table(atoms, 5) == [
            {"safe": True, "weight": 40, "atoms": [atom.store() for atom in reversed(atoms)]}
        ]

    def test_what_is_too_little_goes_together_first(self):
        atoms = [Atom(("entry", code), weight) for code, weight in (("A", 2), ("B", 50), ("C", 4))]
        drawn = draw_table(atoms, 5)
        assert [block["atoms"] for block in drawn] == [[["entry", "B", 0]], [["entry", "A", 0], ["entry", "C", 0]]]

    def test_five_parts_with_one_person_each_would_tell_themselves(self):
        atoms = [Atom(("entry", str(place)), 1) for place in range(5)] + [Atom(("entry", "big"), 9)]
        assert [len(block["atoms"]) for block in draw_table(atoms, 5)] == [6]

    def test_roles_that_are_rare_in_one_table_are_one_in_all(self):
        atoms = {
            "time": [Atom(("dose", 2020), 1), Atom(("again", 2020), 9)],
            "place": [Atom(("dose", "UPP"), 6), Atom(("again", "UPP"), 9)],
        }
        assert gather_roles(atoms, 5) == {
            "time": [Atom(("repeat", 2020), 10)],
            "place": [Atom(("repeat", "UPP"), 15)],
        }

    def test_all_too_little_is_not_safe(self):
        assert draw_table([Atom(("entry", "A"), 2)], 5) == [
            {"safe": False, "weight": 2, "atoms": [["entry", "A", 0]]}
        ]

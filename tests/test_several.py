"""One correction of several infusions: all or none, with its effect shown first and what was shown checked."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.entry.infusions import several
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.infusions.several import FIELDS, correct_several, preview_correction
from registry.errors import InfusionRefused, NotFound, ReasonMissing
from registry.models import AccessLog, Infusion
from registry.published.tables import count_tables
from registry.publishing.publish import publish
from tests import desk, factories
from tests.desk import BY, address, text

LIST = "/en/clinic/infusions/"
REASON = {"why": "better_source", "words": ""}
MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "children")


@pytest.fixture
def client(nurse):
    return desk.sign_in(nurse)


@pytest.fixture
def three(lists, nurse):
    """Two persons of Uppsala: three infusions."""
    one, other = factories.nth_number(70), factories.nth_number(71)
    return [
        factories.record(lists, one, by=nurse),
        factories.record(lists, one, by=nurse, infused_on="2021-06-07", kind="reinfusion"),
        factories.record(lists, other, by=nurse, infused_on="2022-07-07", category="CUP"),
    ]


def versions(rows) -> dict:
    keys = [row.pk for row in rows]
    return dict(Infusion.objects.with_version().filter(pk__in=keys).values_list("pk", "version"))


def hidden(page, *names: str) -> dict:
    """The hidden fields of the page, as a browser sends them back."""
    return {name: re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', text(page)) for name in names}


def show(client, rows, **values):
    return client.post(address("several"), {"row": [row.pk for row in rows], "do": "preview"} | REASON | values)


def store(client, page, **values):
    sent = hidden(page, "row", "seen") | {"do": "store"} | REASON | values
    return client.post(address("several"), sent)


def stored(name: str) -> list:
    return [str(getattr(one, name) or "") for one in Infusion.objects.order_by("infused_on")]


def test_rows_chosen_in_the_list_are_shown_with_the_effect_and_then_corrected(lists, client, three):
    publish()
    page = text(client.get(LIST))
    assert page.count('form="several" name="row"') == 3
    chosen = client.post(address("several"), {"row": [one.pk for one in three[:2]]})
    assert "2 chosen infusions" in text(chosen) and "The effect" not in text(chosen)
    shown = show(client, three[:2], product="Yescarta")
    assert "2 infusions change." in text(shown) and text(shown).count("Kymriah → Yescarta") == 2
    assert stored("product") == ["Kymriah"] * 3
    by = {(row["table"], row["value"]): row["measures"] for row in shown.context["elsewhere"]}
    assert [one.get("then") for one in by["centre, product", "UPP, Kymriah"]][:2] == [1, 1]
    done = store(client, shown, product="Yescarta")
    assert done.url == LIST
    assert "2 infusions are corrected." in text(client.get(done.url))
    assert stored("product") == ["Yescarta", "Yescarta", "Kymriah"]
    last = Infusion.pgh_event_model.objects.order_by("-pgh_id")[:2]
    assert {(one.acted_by, one.reason) for one in last} == {("nurse", "Better information in the medical record")}
    assert AccessLog.objects.filter(action="correct").count() == 2


@pytest.mark.parametrize(
    "values",
    [{"product": "Yescarta"}, {"category": "CUP"}, {"indication": "-"}, {"manufacturing_site": "VECURA"},
     {"category": "ACT", "trial": factories.ACADEMIC, "indication": "C83.3"}],
)  # fmt: skip
def test_the_effect_shown_is_what_the_next_snapshot_counts(lists, client, three, values):
    """Also of a person whom another centre has treated, of whom the page says nothing."""
    factories.record(lists, factories.nth_number(70), centre="STO", infused_on="2023-05-05", kind="reinfusion")
    tables = [("centre", "category"), ("centre",), ()]
    tables += [("centre", dimension) for name in values for dimension in FIELDS[name]]

    def count() -> dict:
        publish()
        found = count_tables(tables, measures=MEASURES)
        return {(by, cell): row for by, table in found.items() for cell, row in table.items()}

    before = count()
    rows = preview_correction(
        rows=versions(three[:2]), changes=show(client, three[:2], **values).context["form"].changes, by=BY
    ).effect
    told = {(row.cell.by, row.cell.values): row.moves for row in rows}
    assert store(client, show(client, three[:2], **values), **values).status_code == 302
    after = count()
    moved = {}
    for key in before.keys() | after.keys():
        moves = {name: after.get(key, {}).get(name, 0) - before.get(key, {}).get(name, 0) for name in MEASURES}
        if any(moves.values()):
            moved[key] = moves
    assert moved == {key: told[key] for key in moved} and moved.keys() == told.keys()


def test_what_the_page_says_does_not_depend_on_another_centres_rows(lists, client, three):
    def said() -> str:
        page = text(show(client, three, product="Yescarta"))
        return re.sub(r"csrfmiddlewaretoken\S* value=\"\w+\"", "", page)

    publish()
    alone = said()
    factories.record(lists, factories.nth_number(71), centre="STO", infused_on="2023-05-05", kind="reinfusion",
                     product="Yescarta", category="CUP")  # fmt: skip
    assert said() == alone


def test_one_that_is_refused_refuses_all_and_is_named(lists, client, three):
    page = show(client, three, category="ACT")
    assert "This category" in text(page) or "trial" in text(page)
    for one in three:
        assert f"Person {one.patient.registry_number}, {one.written_on}:" in text(page)
    assert "The effect" not in text(page)
    with pytest.raises(InfusionRefused):
        correct_several(rows=versions(three), changes={"category": "ACT"}, by=BY, reason="So.", seen="")
    assert set(stored("category")) == {"SOC", "CUP"}
    # Two of the three may not have a trial of a company, the third may have it.
    page = show(client, three, trial=factories.INDUSTRY)
    assert f"Person {three[2].patient.registry_number}" not in text(page)
    assert text(page).count(f"Person {three[0].patient.registry_number}, ") == 2


def test_one_that_has_changed_meanwhile_refuses_all_and_is_named(lists, client, three, nurse):
    shown = show(client, three, product="Yescarta")
    correct_infusion(infusion_id=three[1].pk, changes={"batch": "B-7"}, by=nurse, reason="seen")
    again = store(client, shown, product="Yescarta")
    number = three[1].patient.registry_number
    assert f"Person {number}, 2021-06-07: It has been changed since you chose it." in text(again)
    assert text(again).count("It has been changed") == 1
    assert stored("product") == ["Kymriah"] * 3
    withdraw_infusion(infusion_id=three[1].pk, by=nurse, reason="twice")
    again = store(client, shown, product="Yescarta")
    assert f"Person {number}, 2021-06-07: It is withdrawn." in text(again)
    assert len(hidden(again, "row")["row"]) == 2, "the others can be corrected"
    fresh = client.post(
        address("several"), hidden(again, "row") | {"do": "preview", "product": "Yescarta"} | REASON
    )
    assert store(client, fresh, product="Yescarta").status_code == 302
    assert stored("product") == ["Yescarta", "Kymriah", "Yescarta"]


def test_what_was_not_shown_is_shown_first(client, three):
    shown = show(client, three, product="Yescarta")
    for values in ({"indication": "C83.3"}, {"product": "Yescarta", "indication": "C83.3"}):
        page = store(client, shown, **values)
        assert page.status_code == 200 and "look at it again" in text(page) and "The effect" in text(page)
    unseen = client.post(
        address("several"), {"row": [one.pk for one in three], "do": "store", "product": "Yescarta"} | REASON
    )
    assert "look at it again" in text(unseen)
    fewer = hidden(shown, "row", "seen") | {"do": "store", "product": "Yescarta"} | REASON
    assert client.post(address("several"), fewer | {"row": fewer["row"][:2]}).status_code == 200
    assert stored("product") == ["Kymriah"] * 3


def test_sent_twice_it_is_carried_out_once(client, three):
    shown = show(client, three, product="Yescarta")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w{64})"', text(shown))[1]
    for _time in range(2):
        done = store(client, shown, product="Yescarta", csrfmiddlewaretoken=token)
        assert done.url == LIST
    assert "it was carried out once" in text(client.get(LIST))
    assert Infusion.pgh_event_model.objects.filter(pgh_label="update").count() == 3


def test_rows_that_have_the_value_already_stay_as_they_are(client, three):
    shown = show(client, three, category="CUP")
    assert "2 infusions change." in text(shown)
    before = versions(three)
    store(client, shown, category="CUP")
    after = versions(three)
    assert [after[one.pk] - before[one.pk] for one in three] == [1, 1, 0]
    none = show(client, three, category="CUP")
    assert "nothing would change" in text(none) and 'value="store"' not in text(none)


def test_another_centres_row_a_made_up_one_and_nonsense_are_answered_alike(lists, client, three):
    other = factories.record(lists, factories.nth_number(80), centre="STO")
    for row in (other.pk, "5f6c1f3e-0000-4000-8000-000000000000", "x", f"{three[0].pk}.x", ""):
        for do in ("", "preview", "store"):
            sent = {"row": [three[0].pk, row], "do": do, "product": "Yescarta"} | REASON
            assert client.post(address("several"), sent).status_code == 404
    with pytest.raises(NotFound):
        correct_several(
            rows={other.pk: 1}, changes={"category": "CUP"}, by=factories.user("u", lists.centres["UPP"]),
            reason="So.", seen="",
        )  # fmt: skip


def test_only_fields_that_many_may_share_are_corrected(client, three):
    assert {"patient", "infused_on", "batch", "age_at_infusion", "kind", "sequence", "centre"}.isdisjoint(FIELDS)
    page = show(client, three, batch="B-9", infused_on="2019-01-01", kind="reinfusion", patient="1")
    assert "Choose at least one field to correct." in text(page)
    with pytest.raises(ValueError):
        preview_correction(rows=versions(three), changes={"batch": "B-9"}, by=BY)


def test_a_reason_is_needed(client, three):
    page = show(client, three, product="Yescarta", why="")
    assert 'value="store"' not in text(page) and "2 infusions change" not in text(page)
    assert store(client, page, product="Yescarta", why="").status_code == 200
    with pytest.raises(ReasonMissing):
        correct_several(rows=versions(three), changes={}, by=BY, reason=" ", seen="")
    assert stored("product") == ["Kymriah"] * 3


def test_nothing_chosen_and_too_many_are_told_in_the_list(client, three, monkeypatch):
    none = client.post(address("several") + "?category=SOC")
    assert none.url == f"{LIST}?category=SOC"
    assert "Choose at least one infusion in the list first." in text(client.get(none.url))
    for module in ("registry.entry.infusions.several", "registry.pages.clinic.several"):
        monkeypatch.setattr(f"{module}.MOST_ROWS", 2)
    for sent in ({"row": [one.pk for one in three]}, {"do": "all"}):
        refused = client.post(address("several"), sent)
        assert refused.url == LIST
        assert "At most 2 infusions can be corrected at once, and these are 3" in text(client.get(LIST))
    with pytest.raises(several.TooManyRows):
        preview_correction(rows=versions(three), changes={}, by=BY)


def test_all_of_a_filtered_list_are_those_that_may_be_corrected(lists, client, three, nurse):
    withdraw_infusion(infusion_id=three[0].pk, by=nurse, reason="twice")
    factories.record(lists, factories.nth_number(80), centre="STO")
    page = client.post(address("several") + "?category=SOC&sort=date", {"do": "all"})
    assert [row[0].pk for row in page.context["rows"]] == [three[1].pk]
    assert f'action="{address("several")}?category=SOC&amp;sort=date"' in text(page)


def test_the_steward_reads_the_list_and_chooses_nothing(steward, three):
    assert 'name="row"' not in text(desk.sign_in(steward).get(LIST))


def test_a_doubt_that_it_raises_is_told_before_and_asked_after(client, three):
    shown = show(client, three[:1], product="Akademisk CD19 CAR-T")
    assert "You will be asked:" in text(shown)
    store(client, shown, product="Akademisk CD19 CAR-T")
    assert three[0].questions.filter(rule="investigational_in_care").exists()


def test_many_rows_make_as_many_statements_as_one(lists, client, nurse):
    rows = [factories.record(lists, factories.nth_number(90 + place), by=nurse) for place in range(6)]

    def statements(chosen) -> int:
        shown = show(client, chosen, indication="C83.3")
        with CaptureQueriesContext(connection) as queries:
            assert store(client, shown, indication="C83.3").status_code == 302
        return len(queries)

    statements(rows[:1])
    assert statements(rows[1:2]) == statements(rows[2:])

"""Trials are counted as ATMP.md says: an oracle on random trials, small cases, and a proof that finds faults."""

import random
from collections.abc import Sequence
from datetime import date
from itertools import combinations

import pytest

from registry import trial_rules
from registry.access import Operator
from registry.dates import today
from registry.entry.infusions.record import withdraw_infusion
from registry.entry.patients.erasure import erase_patient
from registry.errors import ProofFailed
from registry.models import Population, SiteTrial, SiteTrialStatus, Snapshot, TrialArea, TrialConfirmation
from registry.published import trial_counts
from registry.published.atmp import read_trial_counts, read_trials
from registry.published.atmp_query import DIMENSIONS, MEASURES, TrialQuery
from registry.publishing import trial_recount
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories
from tests.atmp_rows import STATUSES, Stated, draw, store, trial

pytestmark = pytest.mark.django_db

FIRST_OF = ("recruiting", "follow_up", "planned", "closed", "withdrawn")
ALL = tuple(MEASURES)
DAY = date(2024, 7, 1)


# The oracle: cells are enumerated by their values, and each is asked trial by trial.
def status_on(statuses: Sequence, day: date) -> str | None:
    begun = [(since, STATUSES.index(status)) for status, since, _precision in statuses if since <= day]
    return STATUSES[max(begun)[1]] if begun else None


def values_of(one: Stated, centre: str) -> dict:
    place = {"centre": centre, "region": factories.REGION_OF[centre], "county": factories.COUNTY_OF[centre]}
    return place | dict(one.values)


def expect(trials: Sequence[Stated], cell: dict, day: date) -> dict[str, int]:
    """The four measures of a cell, whose dimensions are any."""
    until = min(day, date(cell["year"], 12, 31)) if "year" in cell else day
    found = dict.fromkeys(ALL, 0)
    wanted = {cell["status"]} if "status" in cell else {"recruiting", "follow_up"}
    for one in trials:
        inside = [
            statuses
            for centre, statuses in one.sites.items()
            if all(values_of(one, centre)[name] == cell[name] for name in cell if name not in ("year", "status"))
        ]
        known = [status for statuses in inside if (status := status_on(statuses, until))]
        whole = next((status for status in FIRST_OF if status in known), None)
        begun = [since for statuses in inside for status, since, _p in statuses if status == "recruiting"]
        opened = min((since for since in begun if since <= until), default=None)
        counts = opened is not None and ("status" not in cell or whole in wanted)
        found["trials"] += whole in wanted
        found["site_trials"] += sum(status in wanted for status in known)
        found["ever"] += counts
        found["opened"] += counts and ("year" not in cell or opened.year == cell["year"])
    return found


def ask(*by: str, as_of: date | None = DAY, rates: bool = False, **filters) -> dict:
    query = TrialQuery(by=by, measures=ALL, as_of=as_of, rates=rates, filters={
        name.rstrip("_"): values for name, values in filters.items()
    })  # fmt: skip
    return read_trial_counts(query)


def numbers(row: dict) -> dict:
    return {name: row[name] for name in ALL}


@pytest.mark.parametrize("seed", range(12))
def test_every_cell_is_that_of_the_oracle(lists, seed):
    chance = random.Random(seed)
    trials = draw(chance, list(lists.centres))
    store(lists, trials)
    publish()
    for day in (None, DAY, date(2020, 3, 1), date(2018, 12, 31)):
        until = day or today()
        for by in [(), *((name,) for name in DIMENSIONS), *combinations(DIMENSIONS, 2)]:
            told = ask(*by, as_of=day)
            assert numbers(told["total"]) == expect(trials, {}, until), (by, day)
            for row in told["rows"]:
                cell = {name: row[name] for name in by}
                if row["trials"] is None:
                    assert row["centre"] in told["not_stated"]
                    assert expect(trials, cell, until) == dict.fromkeys(ALL, 0)
                else:
                    assert numbers(row) == expect(trials, cell, until), (cell, day)
            # No cell is left out: all rows together hold each trial's hospitals.
            if not {"year", "status"} & set(by):
                everywhere = expect(trials, {}, until)["site_trials"]
                assert sum(row["site_trials"] or 0 for row in told["rows"]) == everywhere, (by, day)
            if by == ("status",):
                some = [one for one in trials if any(status_on(rows, until) for rows in one.sites.values())]
                assert sum(row["trials"] for row in told["rows"]) == len(some)


@pytest.mark.parametrize("seed", range(6))
def test_a_row_is_what_its_filter_makes_the_total(lists, seed):
    chance = random.Random(seed)
    store(lists, draw(chance, list(lists.centres)))
    publish()
    for name in DIMENSIONS:
        for row in ask(name)["rows"]:
            if row["trials"] is not None:
                whole = ask(**{f"{name}_": (row[name],)})["total"]
                assert numbers(whole) == numbers(row), (name, row)


def test_a_trial_at_two_hospitals_of_a_region_is_one_there(lists):
    """Small case 2."""
    store(lists, [trial(1, {"UPP": [("recruiting", "2024")], "FAL": [("recruiting", "2024-03")]})])
    publish()
    (row,) = ask("region")["rows"]
    assert (row["region"], row["trials"], row["site_trials"]) == ("Mellansverige", 1, 2)
    assert [row["trials"] for row in ask("centre")["rows"] if row["trials"]] == [1, 1]


def test_a_hospital_that_has_closed_while_another_recruits(lists):
    """Small case 3."""
    store(
        lists, [trial(1, {"UPP": [("recruiting", "2020"), ("closed", "2023")], "STO": [("recruiting", "2021")]})]
    )
    publish()
    assert ask()["total"] == {"trials": 1, "site_trials": 1, "ever": 1, "opened": 1}
    rows = {row["centre"]: row["trials"] for row in ask("centre")["rows"]}
    assert (rows["UPP"], rows["STO"]) == (0, 1)
    assert [(row["status"], row["trials"]) for row in ask("status")["rows"]] == [("recruiting", 1), ("closed", 0)]


def test_a_month_begins_on_its_first_day_and_of_two_on_a_day_the_later_holds(lists):
    """Small case 4."""
    rows = [("planned", "2024-05"), ("closed", "2024-07-01"), ("recruiting", "2024-07")]
    store(lists, [trial(1, {"UPP": rows})])
    publish()
    assert ask("status", as_of=date(2024, 4, 30))["rows"] == []
    assert [row["status"] for row in ask("status", as_of=date(2024, 5, 1))["rows"]] == ["planned"]
    assert [row["status"] for row in ask("status", as_of=DAY)["rows"]] == ["closed"]


def test_who_has_answered_stands_with_zero_and_who_has_not_with_nothing(lists):
    """Small case 5."""
    store(lists, [trial(1, {"UPP": [("recruiting", "2020")]})])
    TrialConfirmation.objects.create(centre=lists.centres["STO"], stated_by="lead", stated_on=date(2024, 6, 1))
    publish()
    told = ask("centre")
    rows = {row["centre"]: row["trials"] for row in told["rows"]}
    assert rows == {"UPP": 1, "STO": 0} | dict.fromkeys(("UME", "FAL", "ORE", "LIN"))
    assert sorted(told["not_stated"]) == ["FAL", "LIN", "ORE", "UME"]
    before = {row["centre"]: row["trials"] for row in ask("centre", as_of=date(2024, 5, 31))["rows"]}
    assert before["STO"] is None


def test_a_population_is_the_latest_before_the_day_and_a_region_is_the_sum_of_its_counties(lists):
    """Small case 6; and a trial at two hospitals is one in the rate of their region."""
    store(lists, [trial(1, {"STO": [("recruiting", "2020")]}), trial(2, {"UPP": [("recruiting", "2020")]})])
    for area, year, persons in [("01", 2020, 80_000), ("09", 2020, 20_000), ("01", 2023, 150_000),
                                ("09", 2023, 50_000), ("01", 2024, 7)]:  # fmt: skip
        Population.objects.create(area=area, year=year, persons=persons, source=f"SCB {year}")
    publish()
    told = ask("region", rates=True)
    (row,) = [row for row in told["rows"] if row["region"] == "Stockholm–Gotland"]
    assert (row["per_100_000"], row["population"], row["population_year"]) == (0.5, 200_000, 2023)
    (row,) = [row for row in told["rows"] if row["region"] == "Mellansverige"]
    assert (row["per_100_000"], row["population"]) == (None, None)
    # A year that is chosen is told as at its end, whose population is that of 2020 then.
    (row,) = [
        row for row in ask("region", rates=True, year=(2021,))["rows"] if row["region"] == "Stockholm–Gotland"
    ]
    assert (row["per_100_000"], row["population_year"]) == (1.0, 2020)
    old = ask("region", as_of=date(2022, 1, 1), rates=True)["rows"]
    assert [row["per_100_000"] for row in old if row["region"] == "Stockholm–Gotland"] == [1.0]


def test_nothing_that_is_done_to_a_person_changes_a_trial(lists):
    """Small case 8."""
    infused, by = lists.trials[factories.TRIAL_OF["ACT"]], Operator()
    site = SiteTrial.objects.create(trial=infused, centre=lists.centres["UPP"])
    SiteTrialStatus.objects.create(site_trial=site, status="recruiting", since=date(2020, 1, 1))
    last = factories.record(lists, category="ACT")
    publish()
    before = (numbers(ask()["total"]), read_trials()["trials"])
    withdraw_infusion(infusion_id=last.pk, by=by, reason="entered twice")
    publish()
    assert (numbers(ask()["total"]), read_trials()["trials"]) == before
    erase_patient(patient=last.patient, by=by, reason="asked for it")
    publish()
    assert (numbers(ask()["total"]), read_trials()["trials"]) == before
    assert before[0]["trials"] == 1


def test_an_unknown_phase_adds_up(lists):
    """Small case 9."""
    store(lists, [
        trial(1, {"UPP": [("recruiting", "2020")]}, phase="unknown"),
        trial(2, {"UPP": [("recruiting", "2020")]}, phase="III"),
    ])  # fmt: skip
    publish()
    assert {row["phase"]: row["trials"] for row in ask("phase")["rows"]} == {"III": 1, "unknown": 1}


def test_a_trial_that_is_only_a_code_is_no_trial_at_a_hospital(lists):
    publish()
    assert ask()["total"] == dict.fromkeys(ALL, 0)
    assert read_trials()["trials"] == []


def test_trials_are_listed_as_of_a_day(lists):
    store(lists, [trial(1, {"UPP": [("recruiting", "2020-03"), ("closed", "2023-05-01")]})])
    publish()
    (listed,) = read_trials(as_of=date(2021, 1, 1))["trials"]
    assert [row["statuses"] for row in listed["sites"]] == [[{"status": "recruiting", "since": "2020-03"}]]


@pytest.mark.parametrize("fault", ["status", "site", "class", "region", "area", "trial"])
def test_a_document_that_is_not_the_tables_is_found(lists, fault):
    store(lists, [
        trial(1, {"UPP": [("recruiting", "2020")], "STO": [("planned", "2020")]}, area="oncology"),
        trial(2, {"UPP": [("recruiting", "2021")]}),
    ])  # fmt: skip
    snapshot = publish()
    document, lists_ = snapshot.atmp, snapshot.code_lists
    one = document["trials"][0]
    match fault:
        case "status":
            one["sites"][1]["statuses"] = []
        case "site":
            one["sites"].pop()
        case "class":
            one["class"] = "tep"
        case "area":
            one["area"] = "neurology"
        case "region":
            next(row for row in lists_["centres"] if row["code"] == "UPP")["region"] = "Norra"
        case "trial":
            document["trials"].pop()
    assert trial_recount.prove_atmp(document, lists_, DAY)


@pytest.mark.parametrize(("module", "wrong"), [(trial_counts, "FIRST"), (trial_rules, "LATER")])
def test_what_is_counted_wrongly_is_not_published(lists, monkeypatch, module, wrong):
    statuses = [("planned", "2020-01"), ("recruiting", "2020-01-01")]
    store(lists, [trial(1, {"UPP": statuses, "STO": [("closed", "2021")]})])
    publish()
    SiteTrialStatus.objects.first().save()  # the next build is due
    order = getattr(module, wrong)
    reversed_ = {status: -place for status, place in order.items()}
    monkeypatch.setattr(module, wrong, reversed_)
    with pytest.raises(ProofFailed):
        publish()
    assert Snapshot.objects.count() == 1


def test_verify_sees_what_was_changed_since(lists):
    store(lists, [trial(1, {"UPP": [("recruiting", "2020")]})])
    publish()
    assert verify().differences == []
    SiteTrialStatus.objects.update(status="planned")
    found = verify()
    assert found.behind
    assert {one.measure for one in found.differences} >= {"trials", "ever"}


def test_a_snapshot_from_before_there_were_trials_is_made_anew(lists):
    publish()
    Snapshot.objects.update(atmp=None)
    assert read_trial_counts(TrialQuery())["total"] == {"trials": 0, "site_trials": 0}
    assert publish() is not None
    assert publish() is None


def test_areas_are_published_by_name(lists):
    TrialArea.objects.create(key="skin", name_sv="Hud", name_en="Skin", position=9)
    publish()
    assert read_trials()["areas"] == [{"code": "skin", "name": {"sv": "Hud", "en": "Skin"}}]

"""Trials at hospitals as their leads state them: joined by any number, refused with a sentence, once in a race."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection

from registry.access import Operator
from registry.dates import today
from registry.entry.trials.confirmations import HOLDS, confirm_trials, read_due, read_unconfirmed
from registry.entry.trials.joining import StatedTrial
from registry.entry.trials.rules import read_identifiers
from registry.entry.trials.site_trials import (
    SiteStatus,
    correct_status,
    read_site_trials,
    remove_status,
    state_site_trial,
    state_status,
)
from registry.errors import NotFound, NotPermitted, TrialsRefused
from registry.models import SiteTrial, SiteTrialStatus, Trial, TrialConfirmation
from tests import factories

EU, EUDRACT, NCT = "2024-512345-10-00", "2020-123456-12", "NCT99000009"
OPEN = SiteStatus("recruiting", date(2020, 1, 1))


@pytest.fixture
def lead(lists):
    return factories.user("lead", lists.centres["UPP"], role="lead")


def state(lists, *identifiers, centre="UPP", status=OPEN, by=None, **fields):
    return state_site_trial(
        centre=lists.centres[centre], trial=StatedTrial(identifiers or [NCT], **fields), status=status,
        by=by or Operator(),
    )  # fmt: skip


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


# Joining.


@pytest.mark.django_db
def test_a_trial_named_by_another_of_its_numbers_is_the_same(lists, lead):
    first = state(lists, EUDRACT, NCT, by=lead, name="Prövning")
    again = state(lists, EU, NCT, centre="STO", phase="II", sponsor="academic")
    assert (first.new_trial, again.new_trial, again.new_site_trial) == (True, False, True)
    trial = Trial.objects.get(pk=first.site_trial.trial_id)
    assert trial.identifiers == [EUDRACT, NCT, EU]
    assert (trial.name, trial.phase, trial.sponsor) == ("Prövning", "II", "academic")
    assert [row.acted_by for row in trial.history_rows.order_by("pgh_id")] == ["lead", "operator", "operator"]


@pytest.mark.django_db
def test_what_is_known_of_a_trial_stays_and_is_told(lists):
    state(lists, NCT, name="En", phase="II", sponsor="academic")
    again = state(lists, NCT, name="Two", phase="III", sponsor="academic", atmp_class="sctmp")
    assert [(one.field, one.code, one.warning) for one in again.warnings] == [("phase", "trial_differs", True)]
    assert (trial := Trial.objects.get(identifier=NCT)).phase == "II"
    assert (trial.name, trial.atmp_class) == ("En", "sctmp")


@pytest.mark.django_db
def test_the_sponsor_of_a_trial_with_infusions_is_the_administrators_to_settle(lists):
    other = Trial.objects.create(identifier=NCT, name="X", sponsor="unknown", phase="unknown")
    lists.trials[NCT] = other
    factories.record(lists, factories.nth_number(3), category="CUP", trial=NCT)
    told = state(lists, NCT, sponsor="academic", phase="II")
    assert [(one.field, one.code) for one in told.warnings] == [("sponsor", "trial_differs")]
    other.refresh_from_db()
    assert (other.sponsor, other.phase) == ("unknown", "II")


@pytest.mark.django_db
def test_numbers_of_two_trials_are_refused(lists):
    state(lists, NCT)
    state(lists, EU)
    with pytest.raises(TrialsRefused) as refused:
        state(lists, EU, NCT, centre="STO")
    assert codes(refused) == ["trial_identifier_taken"]
    assert f"{EU}, {NCT}" in str(refused.value)
    assert SiteTrial.objects.count() == 2


@pytest.mark.parametrize(("text", "found"), [
    ("nct99000009", [NCT]), (f" {EU} / {NCT}", [EU, NCT]), (f"{EUDRACT},{EU};{EUDRACT}", [EUDRACT, EU]),
    ("2024–512345–10–00", [EU]), ("", []), ("NCT9900000", []), (f"{NCT} X", []), ("NCT99000009\u200b", [NCT]),
])  # fmt: skip
def test_numbers_are_read_as_registers_write_them(text, found):
    read, problems = read_identifiers(text)
    assert read == found
    assert bool(problems) == (not found)


# Statuses.


@pytest.mark.django_db
def test_the_same_again_changes_nothing(lists):
    one, again = state(lists), state(lists)
    assert (again.new_trial, again.new_site_trial, again.new_status) == (False, False, False)
    assert again.site_trial == one.site_trial
    assert SiteTrialStatus.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "code"), [
    (SiteStatus("recruiting", today() + timedelta(days=1)), "date_in_future"),
    (SiteStatus("recruiting", date(1989, 12, 31)), "date_too_early"),
    (SiteStatus("recruiting", date(2020, 5, 2), "month"), "date_invalid"),
    (SiteStatus("recruiting", date(2020, 1, 1), "year"), "status_stated"),
    (SiteStatus("recruiting", date(2022, 1, 1)), "reopened_unexplained"),
    (SiteStatus("recruiting", date(2022, 1, 1), "day", "19700101-9806"), "identifier_in_text"),
])  # fmt: skip
def test_a_wrong_status_is_refused(lists, status, code):
    stored = state(lists)
    state_status(site_trial=stored.site_trial.pk, status=SiteStatus("closed", date(2021, 1, 1)), by=Operator())
    with pytest.raises(TrialsRefused) as refused:
        state_status(site_trial=stored.site_trial.pk, status=status, by=Operator())
    assert codes(refused) == [code]
    with pytest.raises(TrialsRefused) as refused:
        state(lists, status=status)
    assert codes(refused) == [code]
    assert SiteTrialStatus.objects.count() == 2


@pytest.mark.django_db
def test_a_closed_trial_recruits_again_with_an_explanation_which_stays_needed(lists, lead):
    row = state(lists, by=lead).site_trial
    closed = state_status(site_trial=row.pk, status=SiteStatus("closed", date(2021, 1, 1)), by=lead)
    again = SiteStatus("recruiting", date(2022, 1, 1), "year", "New arm")
    opened = state_status(site_trial=row.pk, status=again, by=lead)
    with pytest.raises(TrialsRefused) as refused:
        correct_status(pk=opened.pk, status=again._replace(explanation=""), by=lead)
    assert codes(refused) == ["reopened_unexplained"]
    remove_status(pk=closed.pk, by=lead)
    correct_status(pk=opened.pk, status=again._replace(explanation="", status="follow_up"), by=lead)
    assert [(one.status, str(one.since)) for one in row.statuses.all()] == [
        ("recruiting", "2020-01-01"), ("follow_up", "2022-01-01"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_with_its_last_status_a_trial_leaves_the_list_and_stays_a_trial(lists, lead):
    row = state(lists, by=lead).site_trial
    remove_status(pk=row.statuses.get().pk, by=lead)
    assert not SiteTrial.objects.exists()
    assert Trial.objects.filter(identifier=NCT).exists()
    with pytest.raises(NotFound):
        state_status(site_trial=row.pk, status=OPEN, by=lead)


@pytest.mark.django_db
def test_a_trial_that_has_been_ongoing_for_long_is_doubted(lists):
    told = state(lists, status=SiteStatus("recruiting", date(2005, 1, 1)))
    assert [one.code for one in told.warnings] == ["ongoing_long"]
    row = told.site_trial.pk
    state_status(site_trial=row, status=SiteStatus("closed", date(2010, 1, 1)), by=Operator())
    assert state(lists, status=SiteStatus("closed", date(2010, 1, 1))).warnings == []


@pytest.mark.django_db
def test_a_lead_states_the_trials_of_the_own_centre_alone(lists, lead):
    row = state(lists, centre="STO").site_trial
    status = row.statuses.get()
    for refused in (
        lambda: state(lists, centre="STO", by=lead),
        lambda: state_status(site_trial=row.pk, status=SiteStatus("closed", date(2021, 1, 1)), by=lead),
        lambda: correct_status(pk=status.pk, status=OPEN, by=lead),
        lambda: remove_status(pk=status.pk, by=lead),
        lambda: confirm_trials(centre=lists.centres["STO"], by=lead),
        lambda: state(lists, by=factories.user("reporter", lists.centres["UPP"])),
    ):
        with pytest.raises(NotPermitted):
            refused()
    assert SiteTrialStatus.objects.count() == 1
    assert list(read_site_trials(by=lead)) == []
    state(lists, by=lead)
    assert [one.centre.code for one in read_site_trials(by=lead)] == ["UPP"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["trial", "status"])
def test_of_several_who_state_the_same_at_once_all_are_told_and_it_is_there_once(what):
    lists = factories.store_lists()
    row = state(lists).site_trial if what == "status" else None
    together, results = threading.Barrier(4), []

    def act(place: int) -> None:
        together.wait(10)
        try:
            if row:
                state_status(site_trial=row.pk, status=SiteStatus("closed", date(2021, 1, 1)), by=Operator())
                results.append("stored")
            else:
                numbers = [NCT, EU] if place % 2 else [EU, NCT]
                results.append("stored" if state(lists, *numbers).new_status else "there")
        except TrialsRefused as refused:
            results.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=[place]) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == (["status_stated"] * 3 + ["stored"] if row else ["stored", *["there"] * 3])
    assert SiteTrial.objects.count() == 1
    assert Trial.objects.filter(other_identifiers__len__gt=0).count() == (0 if row else 1)


# Confirming.


@pytest.mark.django_db
def test_a_centre_is_reminded_after_183_days_and_only_where_it_takes_part(lists, lead):
    steward = factories.user("steward", national_role="steward")
    assert (read_due(by=lead), read_unconfirmed(by=steward)) == ([], [])
    state(lists, by=lead)
    assert [(one.centre.code, one.confirmed) for one in read_due(by=lead)] == [("UPP", None)]
    confirm_trials(centre=lists.centres["UPP"], by=lead)
    assert read_due(by=lead) == []
    TrialConfirmation.objects.update(stated_on=today() - HOLDS)
    assert read_due(by=lead) == []
    TrialConfirmation.objects.update(stated_on=today() - HOLDS - timedelta(days=1))
    assert [one.centre.code for one in read_due(by=lead)] == ["UPP"]
    assert [one.centre.code for one in read_unconfirmed(by=steward)] == ["UPP"]
    assert read_due(by=factories.user("elsewhere", lists.centres["STO"], role="lead")) == []


@pytest.mark.django_db
def test_a_centre_without_trials_may_confirm_that(lists, lead):
    stated = confirm_trials(centre=lists.centres["UPP"], by=lead)
    assert (stated.stated_by, stated.stated_on) == ("lead", today())
    assert read_due(by=lead) == []

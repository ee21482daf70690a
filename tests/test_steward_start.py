"""The steward's start page: each kind of line appears, leads to its page, and leaves when it is done."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from registry.choices import Outcome
from registry.entry.coverage import due_through, state_coverage
from registry.entry.infusions.record import correct_infusion
from registry.entry.patients.kept_apart import keep_apart
from registry.entry.questions.questions import answer, ask, ask_steward, close
from registry.entry.questions.settling import Settlement, read_rows, settle_course
from registry.models import AccessLog, Infusion, Lookup, Question, Run
from registry.publishing.new_release import release_snapshot
from registry.publishing.publish import publish
from registry.publishing.release_due import last_whole_quarter
from tests import factories
from tests.desk import BY, COORDINATION, WOMAN, number, sign_in, text
from tests.test_start_page import EMPTY, HOME, leads, part

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(steward):
    return sign_in(steward)


@pytest.fixture
def attested(lists):
    """Every active centre has attested what is due."""
    for centre in lists.centres.values():
        if centre.status == "active":
            state_coverage(centre=centre, complete_through=due_through(timezone.localdate()), by=BY)


def test_an_empty_desk_says_so(client, attested):
    assert EMPTY in text(client.get(HOME))


def test_nothing_of_it_is_on_a_clinics_page(lists, nurse):
    factories.record(lists, COORDINATION)
    factories.record(lists, WOMAN, infused_on="2020-05-06", centre="STO")
    page = sign_in(nurse).get(HOME)
    assert page.context["desk"] == {}
    assert "Possible duplicate" not in text(page) and "behind" not in text(page)


def test_threads_of_both_ways(lists, client, nurse, steward):
    infusion = factories.record(lists)
    mine = ask(infusion_id=infusion.pk, text="Is the day right?", by=steward)
    theirs = ask_steward(centre=lists.centres["UPP"], text="May we?", by=nurse)
    waiting, awaited = part(client, "threads"), part(client, "awaited")
    assert "UPP: May we?" in waiting and "the clinic asks" in waiting and "Is the day" not in waiting
    assert "UPP: 1 question without an answer" in awaited
    assert "May we?" in leads(client, waiting) and "Is the day right?" in leads(client, awaited)
    answer(question_id=theirs.pk, text="You may", by=steward)
    answer(question_id=mine.pk, text="Yes", by=nurse)
    waiting = part(client, "threads")
    assert "Is the day right?" in waiting and "the clinic has replied" in waiting and "May we?" not in waiting
    assert part(client, "awaited") == ""
    assert AccessLog.objects.filter(actor="steward", action="read", patient=number(infusion.patient)).exists()
    close(question_id=mine.pk, by=steward)
    assert part(client, "threads") == ""


def test_doubtful_rows_by_rule(lists, client, nurse, steward):
    rows = [factories.record(lists, factories.nth_number(place), infused_on="2020-05-03") for place in range(2)]
    line = part(client, "doubted")
    assert "The date was a weekend day: is it right?</a> <span" in line and '<span class="count">2</span>' in line
    page = leads(client, line)
    assert page.count('id="question-') == 2 and "Only what one rule asks." in page
    first, second = Question.objects.filter(rule__contains="week").order_by("pk")
    answer(question_id=first.pk, text="Yes", by=nurse)
    assert "1 answered, yours to close" in part(client, "doubted")
    close(question_id=first.pk, by=steward)
    row = next(row for row in rows if row.pk == second.infusion_id)
    correct_infusion(infusion_id=row.pk, changes={"infused_on": date(2020, 5, 4)}, by=BY, reason="typo")
    assert part(client, "doubted") == ""


def test_double_persons_until_they_are_decided(lists, client, steward):
    one = factories.record(lists, COORDINATION).patient
    other = factories.record(lists, WOMAN, infused_on="2020-05-06").patient
    line = part(client, "doubles")
    assert "1 pair to compare" in line
    assert str(number(one)) in leads(client, line)
    keep_apart(one=one, other=other, by=steward, reason="Sisters.")
    assert part(client, "doubles") == ""


def test_a_course_to_settle_until_it_is_settled_and_each_centre_is_told_of_its_own_row(lists, client, steward):
    """Two centres' records disagree about which infusion was the first."""
    late = factories.record(lists, WOMAN, infused_on="2021-05-05")
    early = factories.record(lists, WOMAN, infused_on="2022-05-04", centre="STO", kind="reinfusion")
    Infusion.objects.filter(pk=early.pk).update(infused_on=date(2020, 5, 4))  # as two registries brought it
    line = part(client, "unsettled")
    assert f"Person {number(late.patient)}" in line
    leads(client, line)
    answers = {str(late.pk): "reinfusion", str(early.pk): "first"}
    shown = Settlement(read_rows(late.patient, by=steward), answers).fingerprint()
    settle_course(patient=late.patient, answers=answers, by=steward, reason="the charts", shown=shown)
    assert part(client, "unsettled") == ""
    assert dict(Infusion.objects.values_list("pk", "kind")) == {late.pk: "reinfusion", early.pk: "first"}
    for code, own, theirs in (("UPP", "now a reinfusion", "now the first"), ("STO", "now the first", "now a re")):
        told = text(sign_in(factories.user(f"of-{code}", lists.centres[code])).get(HOME))
        assert own in told and theirs not in told, code


def test_centres_behind_their_attestation(lists, client):
    lead = factories.user("lead", lists.centres["UPP"], role="lead")
    line = part(client, "behind")
    assert "never attested" in line and "ORE" not in line and "LIN" not in line
    page = leads(client, line)
    assert "<td>lead</td>" in page
    state_coverage(centre=lists.centres["UPP"], complete_through=due_through(timezone.localdate()), by=lead)
    assert "UPP" not in part(client, "behind") and "STO" in part(client, "behind")


def test_runs_and_proofs_until_the_next_one_succeeds(client):
    now = timezone.now()
    times = {"queued_at": now, "started_at": now, "heartbeat_at": now, "finished_at": now}
    Run.objects.create(task="registry.verify_snapshot", outcome=Outcome.PROOF_FAILED, **times)
    line = part(client, "runs")
    assert "Verify" in line and "The recount did not agree" in line
    assert "The recount did not agree" in leads(client, line)
    Run.objects.create(task="registry.verify_snapshot", outcome=Outcome.DONE, **times)
    assert part(client, "runs") == ""
    Run.objects.create(task="registry.prune_facts", queued_at=now - timedelta(hours=1))
    line = part(client, "runs")
    assert "Prune" in line and "stuck" in line
    assert "stuck" in leads(client, line)


def test_look_ups_near_their_budget(client, nurse, settings):
    for _place in range(settings.LOOKUPS_PER_HOUR // 2 - 1):
        Lookup.objects.create(user=nurse)
    assert part(client, "askers") == ""
    Lookup.objects.create(user=nurse)
    line = part(client, "askers")
    assert "nurse, UPP" in line and f"at most {settings.LOOKUPS_PER_HOUR // 2} in an hour" in line
    assert "Near the limit" in leads(client, line)
    Lookup.objects.all().delete()
    assert part(client, "askers") == ""


class TestRelease:
    """A release is due when every active centre has attested a quarter that no release holds."""

    @pytest.mark.parametrize(
        ("days", "until", "quarter"),
        [
            (["2026-09-30", "2026-10-31"], None, "2026-09-30"), (["2026-09-29", "2026-10-31"], None, "2026-06-30"),
            (["2026-12-31"], None, "2026-12-31"), (["2026-01-01"], None, "2025-12-31"),
            (["2026-12-31"], "2026-09-29", "2026-06-30"), (["2026-09-30", None], None, None), ([], None, None),
        ],
    )  # fmt: skip
    def test_the_last_whole_quarter(self, days, until, quarter):
        centres = [{"status": "active", "complete_through": day} for day in days]
        centres.append({"status": "upcoming", "complete_through": None})
        found = last_whole_quarter(centres, until=until and date.fromisoformat(until))
        assert found == (quarter and date.fromisoformat(quarter))

    def test_it_is_asked_for_until_it_is_made(self, lists, client, steward, attested):
        factories.record(lists)
        assert part(client, "release-due") == ""  # nothing is published
        publish()
        quarter = last_whole_quarter(
            [{"status": "active", "complete_through": due_through(timezone.localdate()).isoformat()}]
        )
        line = part(client, "release-due")
        assert f"Every centre has attested through {quarter}" in line
        assert 'name="title_sv"' in leads(client, line)
        release_snapshot(name="one", title_sv="En", title_en="One", as_of=date(2020, 12, 31), by=steward)
        assert part(client, "release-due") == line  # it does not hold the quarter
        release_snapshot(name="two", title_sv="Två", title_en="Two", by=steward)
        assert part(client, "release-due") == ""

    def test_none_is_due_where_none_may_be_made(self, lists, client, attested, settings):
        factories.record(lists)
        publish()
        settings.DISCLOSURE = "threshold:5"
        assert part(client, "release-due") == ""

"""The start page as a worklist: each kind of line appears, leads to its page, and leaves when it is done."""

import re
from datetime import date, datetime, timedelta

import pytest
from axes.models import AccessLog as SignIn
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry.access import Operator
from registry.choices import ImportState
from registry.entry.accounts.sign_ins import visit_before
from registry.entry.coverage import due_through, read_due, state_coverage
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.questions.questions import answer, ask, ask_steward
from registry.models import AccessLog, Coverage, ImportJob, Infusion, Question
from registry.publishing.publish import publish
from tests import factories
from tests.desk import sign_in, text

HOME, SEEN = "/en/clinic/", "/en/clinic/changes-seen"
EMPTY = "Nothing is waiting for you."


@pytest.fixture
def steward(lists):
    return factories.user("steward", national_role="steward")


@pytest.fixture
def client(nurse) -> Client:
    return sign_in(nurse)


@pytest.fixture
def colleague(lists):
    return factories.user("colleague", lists.centres["UPP"])


def part(client: Client, name: str, home: str = HOME) -> str:
    """A part of the worklist; "" if it is not there."""
    found = re.search(rf'<section id="{name}">.*?</section>', text(client.get(home)), re.DOTALL)
    return found[0] if found else ""


def leads(client: Client, line: str) -> str:
    """The page behind the first link of a part, which holds the anchor that the link names."""
    address, _, anchor = re.search(r'href="([^"]+)"', line)[1].partition("#")
    page = client.get(address)
    assert page.status_code == 200, address
    assert not anchor or f'id="{anchor}"' in text(page), anchor
    return text(page)


def correct(infusion: Infusion, by, **changes) -> None:
    version = Infusion.objects.with_version().get(pk=infusion.pk).version
    correct_infusion(infusion_id=infusion.pk, changes=changes, by=by, reason="wrong", version=version)


def come_back(nurse) -> Client:
    """Sign in, the day after the last time."""
    sign_in(nurse)
    SignIn.objects.update(attempt_time=F("attempt_time") - timedelta(days=1))
    return sign_in(nurse)


@pytest.mark.parametrize(("home", "sentence"), [(HOME, EMPTY), ("/clinic/", "Inget väntar på dig.")])
def test_an_empty_worklist_says_so(client, home, sentence):
    assert sentence in text(client.get(home))


def test_a_question_of_the_steward_leads_to_its_thread_and_leaves_when_answered(lists, client, nurse, steward):
    infusion = factories.record(lists)
    question = ask(infusion_id=infusion.pk, text="Is the day right?", by=steward)
    line = part(client, "asked")
    assert "Is the day right?" in line and "the registry's steward asks" in line
    assert "Is the day right?" in leads(client, line)
    assert EMPTY not in text(client.get(HOME))
    answer(question_id=question.pk, text="Yes", by=nurse)
    assert part(client, "asked") == ""


def test_a_reply_of_the_steward_is_told_from_a_question(lists, client, nurse, steward):
    question = ask_steward(centre=lists.centres["UPP"], text="May we?", by=nurse)
    assert part(client, "asked") == ""
    answer(question_id=question.pk, text="You may", by=steward)
    line = part(client, "asked")
    assert "May we?" in line and "the registry's steward has replied" in line
    assert "You may" in leads(client, line)


def test_rows_that_a_rule_doubts_are_listed_by_its_sentence_and_leave_when_corrected(lists, client):
    for place in range(2):
        infusion = factories.record(lists, factories.nth_number(place), infused_on="2020-05-03")  # a Sunday
    other = factories.record(lists, factories.nth_number(5), infused_on="2009-05-05")
    line = part(client, "doubts")
    assert line.count("The date was a weekend day: is it right?") == 1
    assert line.count("href=") == Question.objects.count() >= 3
    assert f"Person {other.patient.registry_number}, 2009-05-05" in line
    leads(client, line)
    by_rule = dict(client.get(HOME).context["doubts"])
    assert {question.infusion_id for question in by_rule["The date was a weekend day: is it right?"]} == set(
        Infusion.objects.filter(infused_on="2020-05-03").values_list("pk", flat=True)
    )
    correct(infusion, Operator(), infused_on=date(2020, 5, 4))
    assert str(infusion.patient.registry_number) not in part(client, "doubts")


class TestAttestation:
    """The lead's monthly statement."""

    @pytest.mark.parametrize(
        ("day", "through"),
        [
            ("2026-11-14", "2026-09-30"), ("2026-11-15", "2026-10-31"), ("2026-11-30", "2026-10-31"),
            ("2026-01-14", "2025-11-30"), ("2026-01-15", "2025-12-31"), ("2024-03-15", "2024-02-29"),
        ],
    )  # fmt: skip
    def test_the_month_before_is_due_from_the_fifteenth(self, day, through):
        assert due_through(date.fromisoformat(day)) == date.fromisoformat(through)

    def test_it_is_asked_of_the_lead_alone_until_it_is_attested(self, lists, client):
        lead = factories.user("lead", lists.centres["UPP"], role="lead")
        page, through = sign_in(lead), due_through(timezone.localdate())
        line = part(page, "due")
        assert f"UPP: attest that the registry is complete through {through}" in line and "never attested" in line
        assert "FAL" not in line and "UME" not in line
        assert part(client, "due") == ""
        assert 'name="complete_through"' in leads(page, line)
        state_coverage(centre=lists.centres["UPP"], complete_through=through - timedelta(days=1), by=lead)
        assert f"so far through {through - timedelta(days=1)}" in part(page, "due")
        state_coverage(centre=lists.centres["UPP"], complete_through=through, by=lead)
        assert part(page, "due") == ""

    def test_the_latest_statement_holds_and_only_active_centres_are_waited_for(self, lists):
        through = due_through(timezone.localdate())
        for back in (0, 40):
            Coverage.objects.create(
                centre=lists.centres["UPP"], complete_through=through - timedelta(days=back), stated_by="lead"
            )
        attested = {due.centre.code: due.attested for due in read_due(by=Operator())}
        last = through - timedelta(days=40)
        assert attested == {"FAL": None, "STO": None, "UME": None, "UPP": last}


class TestFiles:
    """The user's own uploads."""

    def make(self, nurse, state: ImportState, **fields) -> ImportJob:
        ended = None if state in {"queued", "running"} else timezone.now()
        return ImportJob.objects.create(uploaded_by=nurse, state=state, finished_at=ended, **fields)

    @pytest.mark.parametrize(
        ("state", "said"),
        [("queued", "Waiting"), ("running", "Working"), ("checked", "Checked, nothing stored"),
         ("refused", "Refused, nothing stored"), ("failed", "Failed, nothing stored")],
    )  # fmt: skip
    def test_one_that_is_at_work_or_waits_for_its_owner_is_listed(self, client, nurse, state, said):
        job = self.make(nurse, ImportState(state), stored=2)
        line = part(client, "jobs")
        assert said in line and str(job.pk) in line
        leads(client, line)

    def test_one_that_is_stored_or_has_nothing_to_store_is_not(self, client, nurse):
        self.make(nurse, ImportState.STORED, stored=2, dry_run=False)
        self.make(nurse, ImportState.CHECKED, unchanged=2)
        assert part(client, "jobs") == ""

    def test_a_refused_one_leaves_with_the_next_upload_and_any_after_a_day(self, client, nurse):
        refused = self.make(nurse, ImportState.REFUSED, refused=1)
        waiting = self.make(nurse, ImportState.CHECKED, stored=1)
        line = part(client, "jobs")
        assert str(waiting.pk) in line and str(refused.pk) not in line
        ImportJob.objects.update(uploaded_at=timezone.now() - timedelta(hours=25))
        assert part(client, "jobs") == ""

    def test_another_persons_is_not_shown(self, client, colleague):
        self.make(colleague, ImportState.RUNNING)
        assert part(client, "jobs") == ""


def test_a_draft_leads_to_its_form(client):
    client.post("/en/clinic/infusions/new", {"centre": "UPP", "product": "Kymriah", "do": "draft"})
    line = part(client, "drafts")
    assert "UPP, Kymriah" in line
    leads(client, line)


class TestChanges:
    """What others have changed at the centre since the last visit."""

    @pytest.fixture
    def back(self, nurse) -> Client:
        """The nurse, who was here before."""
        return come_back(nurse)

    def test_what_others_did_is_told_with_who_and_what(self, lists, nurse, back, colleague):
        entered, corrected, withdrawn = (
            factories.record(lists, factories.nth_number(place), by=by)
            for place, by in enumerate((colleague, nurse, nurse))
        )
        correct(corrected, colleague, batch="B9")
        withdraw_infusion(infusion_id=withdrawn.pk, by=colleague, reason="twice")
        lines = part(back, "changes").split("<li>")[1:]
        assert len(lines) == 3
        for line, infusion, done in zip(
            lines, (withdrawn, corrected, entered), ("withdrawn", "corrected", "registered"), strict=True
        ):
            assert f"#infusion-{infusion.pk}" in line
            assert re.search(rf'muted">{done} \d{{4}}-\d\d-\d\d \d\d:\d\d by colleague<', line)
            assert "colleague" in leads(back, line)

    def test_ones_own_and_another_centres_changes_are_not(self, lists, nurse, back, colleague):
        factories.record(lists, factories.nth_number(1), by=nurse)
        factories.record(lists, factories.nth_number(2), centre="STO")
        assert part(back, "changes") == ""

    def test_at_the_first_visit_nothing_is_told(self, lists, client, colleague):
        factories.record(lists, by=colleague)
        assert part(client, "changes") == ""

    def test_the_last_visit_is_the_latest_sign_in_of_an_earlier_day(self, nurse):
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        assert visit_before(nurse) is None
        for hours in (-30, -9, -5, 0, 1):
            sign_in(nurse)
            SignIn.objects.filter(pk=SignIn.objects.latest("pk").pk).update(
                attempt_time=midnight + timedelta(hours=hours)
            )
        assert visit_before(nurse) == midnight - timedelta(hours=5)

    def test_who_signs_in_again_the_same_day_sees_them_still(self, lists, nurse, back, colleague):
        factories.record(lists, by=colleague)
        assert part(back, "changes") != "" and part(sign_in(nurse), "changes") != ""

    def test_they_leave_when_seen_and_do_not_come_back_with_the_next_sign_in(self, lists, nurse, back, colleague):
        factories.record(lists, factories.nth_number(1), by=colleague)
        until = re.search(r'name="until" value="([^"]+)"', part(back, "changes"))[1]
        assert back.post(SEEN, {"until": until})["Location"] == HOME
        nurse.refresh_from_db()
        assert nurse.changes_seen_at.isoformat() == until
        assert part(back, "changes") == part(come_back(nurse), "changes") == ""

    def test_what_comes_after_the_page_was_made_is_not_marked_as_seen(self, lists, nurse, back, colleague):
        factories.record(lists, by=colleague)
        until = datetime.fromisoformat(re.search(r'name="until" value="([^"]+)"', part(back, "changes"))[1])
        back.post(SEEN, {"until": (until - timedelta(microseconds=1)).isoformat()})
        assert part(back, "changes") != ""

    def test_a_long_list_is_cut_and_says_so(self, lists, back, colleague):
        for place in range(11):
            factories.record(lists, factories.nth_number(place), by=colleague)
        page = part(back, "changes")
        assert page.count("<li>") == 10 and "Only the latest are shown here." in page

    @pytest.mark.parametrize("until", ["", "never", "2026-13-40T00:00:00+00:00", "2026-11-01T00:00:00"])
    def test_a_moment_that_is_none_marks_nothing(self, nurse, back, until):
        assert back.post(SEEN, {"until": until}).status_code == 302
        nurse.refresh_from_db()
        assert nurse.changes_seen_at is None

    def test_nothing_that_is_to_come_is_marked_as_seen(self, nurse, back):
        back.post(SEEN, {"until": "2999-01-01T00:00:00+00:00"})
        nurse.refresh_from_db()
        assert nurse.changes_seen_at <= timezone.now()

    def test_a_row_that_has_gone_to_another_centre_tells_nothing(self, lists, back, colleague):
        infusion = factories.record(lists, by=colleague)
        Infusion.objects.filter(pk=infusion.pk).update(centre=lists.centres["STO"])
        assert part(back, "changes") == ""


def test_nothing_of_another_centre_is_shown(lists, steward):
    """Everything that may stand on the page, all of it Stockholm's."""
    nurse = factories.user("nurse", lists.centres["UPP"], role="lead")
    other = factories.user("other", lists.centres["STO"], role="lead")
    infusion = factories.record(lists, factories.nth_number(3), centre="STO", infused_on="2009-05-03", by=other)
    ask(infusion_id=infusion.pk, text="Is it right?", by=steward)
    sign_in(other).post("/en/clinic/infusions/new", {"centre": "STO", "product": "Kymriah", "do": "draft"})
    ImportJob.objects.create(uploaded_by=other, centre=lists.centres["STO"])
    through = due_through(timezone.localdate())
    Coverage.objects.create(centre=lists.centres["UPP"], complete_through=through, stated_by="nurse")
    page = text(come_back(nurse).get(HOME))
    assert EMPTY in page
    main = page.partition("<main")[2]
    assert "STO" not in main and str(infusion.patient.registry_number) not in main


def test_each_infusion_that_is_shown_is_logged_once(lists, client, steward):
    infusion = factories.record(lists, infused_on="2020-05-03")
    ask(infusion_id=infusion.pk, text="Is it right?", by=steward)
    before = AccessLog.objects.filter(actor="nurse", infusion=infusion.pk, action="read").count()
    client.get(HOME)
    assert AccessLog.objects.filter(actor="nurse", infusion=infusion.pk, action="read").count() == before + 1


class TestNumbers:
    """The centre's own years beside the nation's."""

    def test_both_are_drawn_from_what_is_published(self, lists, client):
        factories.record_several(lists)
        assert "chart small" not in text(client.get(HOME))
        publish()
        page = text(client.get(HOME))
        assert page.count('class="chart small"') == 2
        own, nation = re.findall(r'aria-label="New patients by year([^"]+)"', page)
        assert "2020" in own and "2022" not in own
        assert "2022" in nation

    def test_no_more_is_told_than_on_the_public_page(self, lists, client, settings):
        factories.record_several(lists)
        settings.DISCLOSURE = "threshold:5"
        publish()
        page = text(client.get(HOME))
        assert client.get(HOME).context["centres"][0]["years"] == ""
        assert re.findall(r'aria-label="New patients by year[^"]*: \d', page) == []

    def test_a_new_snapshot_is_drawn_anew(self, lists, client):
        factories.record(lists)
        publish()
        client.get(HOME)
        factories.record(lists, factories.nth_number(7), infused_on="2021-05-05")
        publish()
        assert "2021" in client.get(HOME).context["nation"]


def test_the_page_asks_the_database_a_known_number_of_times_however_much_waits(
    lists, nurse, colleague, steward, purpose_known
):
    client, counts = come_back(nurse), []
    for place in (0, 1):
        for n in range(3):
            infusion = factories.record(
                lists, factories.nth_number(10 * place + n), infused_on="2020-05-03", by=colleague
            )
            ask(infusion_id=infusion.pk, text=f"Is it right ({n})?", by=steward)
            client.post("/en/clinic/infusions/new", {"centre": "UPP", "batch": str(n), "do": "draft"})
            ImportJob.objects.create(uploaded_by=nurse)
        publish()
        client.get(HOME)  # reads the snapshot once
        with CaptureQueriesContext(connection) as asked:
            page = client.get(HOME)
        assert all(page.context[kind] for kind in ("asked", "doubts", "jobs", "drafts", "changes", "nation"))
        counts.append(len(asked))
    assert counts == [QUERIES, QUERIES], "\n".join(query["sql"][:150] for query in asked)


QUERIES = 20

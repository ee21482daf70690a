"""E-mail about what is new: a real mail server gets what waits for each user, once, and nothing of a person."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery import current_app
from django.db import connection
from django.utils import timezone

from registry.access import Operator
from registry.choices import ImportState, NewsMail
from registry.entry.coverage import state_coverage
from registry.entry.news import is_due, send_news
from registry.entry.questions.questions import answer, ask, ask_steward, write
from registry.models import ImportJob, User
from registry.publishing.new_release import release_snapshot
from registry.publishing.publish import publish
from registry.tasks import mail_news
from tests import factories
from tests.desk import sign_in, text
from tests.mail_server import mail_server

pytestmark = pytest.mark.django_db
SITE = "https://swecar.example"
PAGE = "/en/clinic/mail"
LATER = timedelta(minutes=2)


@pytest.fixture
def mailbox(settings):
    settings.DEMONSTRATION = False
    settings.SITE_URL = SITE
    with mail_server(settings) as mailbox:
        yield mailbox


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 10, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def people(lists):
    """Somebody of each kind, mailed as it happens."""
    upp, sto = lists.centres["UPP"], lists.centres["STO"]
    found = {
        "nurse": factories.user("nurse", upp, email="nurse@region.example"),
        "lead": factories.user("lead", upp, sto, role="lead", email="lead@region.example"),
        "away": factories.user("away", sto, email="away@region.example"),
        "steward": factories.user("steward", national_role="steward", email="steward@registry.example"),
    }
    User.objects.update(news_mail=NewsMail.SOON)
    return found


def bodies(mailbox) -> dict[str, str]:
    """What has arrived since the last time, by the name before the @."""
    taken = mailbox.take()
    found = {mail["To"].split("@")[0]: mail.get_content().replace("\r\n", "\n") for mail in taken}
    assert len(found) == len(taken), "two mails to one person"
    return found


def pass_time(clock, span: timedelta = LATER) -> None:
    clock.shift(span)


def caught_up(clock) -> None:
    """Nobody has anything new."""
    pass_time(clock)
    User.objects.update(news_until=timezone.now() - timedelta(minutes=1))
    pass_time(clock, timedelta(minutes=10))


def test_a_question_reaches_those_of_its_centre_and_its_answer_the_steward(clock, mailbox, lists, people):
    infusion = factories.record(lists)
    caught_up(clock)
    question = ask(infusion_id=infusion.pk, text="Is the batch right?", by=people["steward"])
    pass_time(clock)
    assert mail_news() is None
    found = bodies(mailbox)
    assert set(found) == {"nurse", "lead"}
    for body in found.values():
        assert "UPP: 1 ny fråga.\nhttps://swecar.example/clinic/questions/" in body
        assert "UPP: 1 new question.\nhttps://swecar.example/en/clinic/questions/" in body
        assert "https://swecar.example/en/clinic/mail" in body
    mail_news()
    assert bodies(mailbox) == {}
    pass_time(clock, timedelta(minutes=15))
    mail_news()
    assert bodies(mailbox) == {}, "told again"
    answer(question_id=question.pk, text="Yes", by=people["nurse"])
    pass_time(clock)
    mail_news()
    [(name, body)] = bodies(mailbox).items()
    assert name == "steward"
    assert "UPP: a new reply in 1 question." in body and "UPP: nytt svar i 1 fråga." in body
    pass_time(clock, timedelta(minutes=15))
    write(question_id=question.pk, text="Thank you", by=people["steward"])
    pass_time(clock)
    mail_news()
    assert set(bodies(mailbox)) == {"nurse", "lead"}


def test_what_is_answered_in_time_is_not_told(clock, mailbox, lists, people):
    caught_up(clock)
    question = ask_steward(centre=lists.centres["UPP"], text="May we?", by=people["nurse"])
    answer(question_id=question.pk, text="You may", by=people["steward"])
    for place in range(2):
        ask_steward(centre=lists.centres["STO"], text=f"How? {place}", by=people["away"])
    pass_time(clock)
    mail_news()
    found = bodies(mailbox)
    assert set(found) == {"nurse", "lead", "steward"}
    assert "STO: 2 new questions." in found["steward"] and "UPP" not in found["steward"]
    assert "STO" not in found["nurse"] and "STO" not in found["lead"]


def test_files_attestations_and_releases(clock, mailbox, lists, people):
    factories.record(lists, factories.nth_number(1))
    publish()
    caught_up(clock)
    clock.move_to(datetime(2026, 11, 14, 22, 30, tzinfo=UTC))  # half past eleven in the evening in Sweden
    User.objects.update(news_until=timezone.now())
    for state in (ImportState.STORED, ImportState.REFUSED, ImportState.QUEUED):
        ended = state != ImportState.QUEUED
        ImportJob.objects.create(
            uploaded_by=people["away"], state=state, dry_run=False,
            finished_at=timezone.now() + timedelta(seconds=1) if ended else None,
        )  # fmt: skip
    pass_time(clock, timedelta(minutes=20))
    mail_news()
    [(name, body)] = bodies(mailbox).items()
    assert name == "away"
    assert "2 files of yours have been checked or stored.\nhttps://swecar.example/en/clinic/imports/" in body
    state_coverage(centre=lists.centres["STO"], complete_through=clock_day(2026, 10, 31), by=people["lead"])
    pass_time(clock, timedelta(minutes=20))  # the fifteenth has begun
    mail_news()
    [(name, body)] = bodies(mailbox).items()
    assert name == "lead"
    assert "UPP: the attestation through 2026-10-31 is due." in body and "STO" not in body
    assert "UPP: intyget till och med 2026-10-31 ska lämnas." in body
    publish()
    release_snapshot(name="hosten-2026", title_sv="Hösten 2026", title_en="Autumn 2026", by=Operator())
    pass_time(clock, timedelta(minutes=20))
    mail_news()
    found = bodies(mailbox)
    assert set(found) == {"nurse", "lead", "away", "steward"}
    assert "https://swecar.example/en/releases/hosten-2026/" in found["nurse"]
    assert "https://swecar.example/utgavor/hosten-2026/" in found["nurse"]


def clock_day(*parts: int):
    return datetime(*parts, tzinfo=UTC).date()


def test_a_mail_tells_nothing_of_a_person_and_asks_another_host_for_nothing(clock, mailbox, lists, people):
    number = factories.nth_number(3)
    infusion = factories.record(lists, number, batch="BATCH-77", infused_on="2026-10-02")
    caught_up(clock)
    ask(infusion_id=infusion.pk, text="Kymriah, or CD19?", by=people["steward"])
    pass_time(clock)
    mail_news()
    secrets = {
        number, number[2:], str(infusion.pk), str(infusion.patient.registry_number), "BATCH-77", "Kymriah", "CD19",
        "2026-10-02", "C91", "SOC",
    }  # fmt: skip
    for body in bodies(mailbox).values():
        assert not [secret for secret in secrets if secret in body]
        assert {address.split("/")[2] for address in re.findall(r"\S+://\S+", body)} == {"swecar.example"}


def test_whoever_wants_none_has_no_address_or_is_closed_gets_none(clock, mailbox, lists, people):
    caught_up(clock)
    User.objects.filter(username="nurse").update(news_mail=NewsMail.NEVER)
    User.objects.filter(username="lead").update(email="")
    User.objects.filter(username="away").update(is_active=False)
    for place, code in enumerate(("UPP", "STO")):
        infusion = factories.record(lists, factories.nth_number(place), centre=code)
        ask(infusion_id=infusion.pk, text="Why?", by=people["steward"])
    pass_time(clock)
    mail_news()
    assert bodies(mailbox) == {}


def test_a_demonstration_mails_nobody(clock, mailbox, lists, people, settings):
    caught_up(clock)
    settings.DEMONSTRATION = True
    ask(infusion_id=factories.record(lists).pk, text="Why?", by=people["steward"])
    pass_time(clock)
    assert send_news() == 0
    assert bodies(mailbox) == {}


def test_a_server_that_takes_nothing_gets_it_when_it_does(clock, mailbox, lists, people, caplog):
    caught_up(clock)
    before = dict(User.objects.values_list("username", "news_until"))
    ask(infusion_id=factories.record(lists).pk, text="Why?", by=people["steward"])
    pass_time(clock)
    mailbox.is_full = True
    mail_news()
    assert bodies(mailbox) == {}
    assert dict(User.objects.values_list("username", "news_until")) == before
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "A mail could not be sent: SMTPDataError"
    ], "one attempt, which names nobody"
    mailbox.is_full = False
    pass_time(clock)
    mail_news()
    assert set(bodies(mailbox)) == {"nurse", "lead"}


@pytest.mark.parametrize(
    ("until", "now", "due"),
    [
        (None, "2026-11-10 04:00", True),
        ("2026-11-09 05:59", "2026-11-10 05:59", False),  # seven o'clock is six in UTC
        ("2026-11-09 05:59", "2026-11-10 06:00", True),
        ("2026-11-10 05:59", "2026-11-10 06:01", False),
        ("2026-11-10 05:59", "2026-11-11 05:59", False),
        ("2026-11-10 05:59", "2026-11-11 06:00", True),
        ("2026-07-10 05:00", "2026-07-11 04:59", False),  # in summer five
        ("2026-07-10 05:00", "2026-07-11 05:00", True),
        ("2026-11-01 05:59", "2026-11-10 23:00", True),
    ],
)
def test_a_daily_mail_comes_at_seven(until, now, due):
    moment = until and datetime.fromisoformat(until).replace(tzinfo=UTC)
    user = User(news_mail=NewsMail.DAILY, news_until=moment)
    assert is_due(user, datetime.fromisoformat(now).replace(tzinfo=UTC)) == due


def test_a_daily_mail_is_one_for_all_of_the_day(clock, mailbox, lists, people):
    User.objects.update(news_mail=NewsMail.DAILY)
    clock.move_to(datetime(2026, 11, 10, 6, 0, 30, tzinfo=UTC))
    mail_news()
    assert bodies(mailbox) == {}
    for place in range(3):
        pass_time(clock, timedelta(hours=5))
        ask(infusion_id=factories.record(lists, factories.nth_number(place)).pk, text="Why?", by=people["steward"])
        mail_news()
    assert bodies(mailbox) == {}
    clock.move_to(datetime(2026, 11, 11, 6, 0, 30, tzinfo=UTC))
    mail_news()
    mail_news()
    found = bodies(mailbox)
    assert set(found) == {"nurse", "lead"}
    assert "UPP: 3 new questions." in found["nurse"]


def test_the_first_mail_looks_back_a_day(clock, mailbox, lists, people):
    ask(infusion_id=factories.record(lists).pk, text="Why?", by=people["steward"])
    pass_time(clock, timedelta(days=1, minutes=2))
    mail_news()
    assert bodies(mailbox) == {}


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once(clock, mailbox, committed_lists, settings):
    nurse = factories.user("nurse", committed_lists.centres["UPP"], email="nurse@region.example")
    steward = factories.user("steward", national_role="steward")
    infusion = factories.record(committed_lists)
    User.objects.update(news_mail=NewsMail.SOON)
    caught_up(clock)
    ask(infusion_id=infusion.pk, text="Why?", by=steward)
    pass_time(clock)
    ready, sent = threading.Barrier(4), []

    def work() -> None:
        ready.wait(timeout=30)
        sent.append(send_news())
        connection.close()

    threads = [threading.Thread(target=work) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == [0, 0, 0, 1]
    assert set(bodies(mailbox)) == {nurse.username}


def test_the_page_shows_the_choice_and_stores_it(lists):
    nurse = factories.user("nurse", lists.centres["UPP"], email="nurse@region.example")
    client = sign_in(nurse)
    page = text(client.get(PAGE))
    assert "It goes to nurse@region.example." in page
    assert re.findall(r'value="(\w+)"[^>]*checked', page) == ["daily"]
    wrong = client.post(PAGE, {"news_mail": "hourly"})
    assert wrong.status_code == 200 and User.objects.get(pk=nurse.pk).news_mail == NewsMail.DAILY
    assert client.post(PAGE, {"news_mail": "never"}).status_code == 302
    assert User.objects.get(pk=nurse.pk).news_mail == NewsMail.NEVER
    assert re.findall(r'value="(\w+)"[^>]*checked', text(client.get("/clinic/mail"))) == ["never"]
    User.objects.update(email="")
    assert "no e-mail is sent" in text(client.get(PAGE))


def test_an_invitation_and_a_new_password_reach_the_server(mailbox, lists):
    lead = factories.user("lead", lists.centres["UPP"], role="lead", email="lead@region.example")
    invited = {"email": "ny@region.example", "centre": "UPP", "role": "reporter"}
    sign_in(lead).post("/en/clinic/people/", invited)
    found = bodies(mailbox)
    assert re.search(r"http\S+/accounts/invitation/\S+", found["ny"])
    sign_in(lead).post("/en/accounts/password/reset/", {"email": "lead@region.example"})
    assert set(bodies(mailbox)) == {"lead"}


def test_the_job_is_sent_each_minute():
    entry = current_app.conf.beat_schedule["news"]
    assert (entry["task"], entry["schedule"]) == (mail_news.name, 60)

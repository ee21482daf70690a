"""Accounts that nobody uses close after a year, a month after their owner has been told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client

from registry.choices import Scope
from registry.entry.accounts import dormant
from registry.entry.accounts.dormant import close_dormant
from registry.entry.accounts.tokens import create_token
from registry.models import Token, User
from registry.tasks import prune_facts
from tests import factories
from tests.signing_in import sign_in, text

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """Let days go by."""

    class Clock:
        now = NOW

    monkeypatch.setattr(dormant, "now", lambda: Clock.now)
    return Clock


def account(name: str, *, used_days_ago: int | None, joined_days_ago: int = 2000, role: str = "") -> User:
    user = factories.user(name, national_role=role)
    User.objects.filter(pk=user.pk).update(
        email=f"{name}@example.org",
        date_joined=NOW - timedelta(days=joined_days_ago),
        last_login=None if used_days_ago is None else NOW - timedelta(days=used_days_ago),
    )
    return User.objects.get(pk=user.pk)


def told() -> set[str]:
    sent = {address for message in mail.outbox for address in message.to}
    mail.outbox.clear()
    return sent


def active() -> set[str]:
    return set(User.objects.filter(is_active=True).values_list("username", flat=True))


@pytest.fixture
def accounts(db):
    account("used", used_days_ago=10)
    account("nearly", used_days_ago=334)
    account("told", used_days_ago=335)
    account("never", used_days_ago=None)
    account("new", used_days_ago=None, joined_days_ago=3)
    account("admin", used_days_ago=5, role="administrator")
    return User.objects.all()


def test_the_owner_is_told_a_month_before_and_once(accounts, clock, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert close_dormant() == 0
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert "Logga in" in message.body
        assert "Sign in" in message.body
        assert "2026-07-01" in message.body
    assert told() == {"told@example.org", "never@example.org"}
    with django_capture_on_commit_callbacks(execute=True):
        close_dormant()
    assert told() == set()
    clock.now += timedelta(days=1)
    with django_capture_on_commit_callbacks(execute=True):
        close_dormant()
    assert told() == {"nearly@example.org"}


def test_a_month_later_the_account_is_closed_and_its_owner_told(
    accounts, clock, django_capture_on_commit_callbacks
):
    close_dormant()
    clock.now += timedelta(days=29)
    close_dormant()
    assert {"told", "never"} <= active()
    clock.now += timedelta(days=1)
    with django_capture_on_commit_callbacks(execute=True):
        assert close_dormant() == 2
    assert told() == {"told@example.org", "never@example.org"}
    assert active() == {"used", "nearly", "new", "admin"}
    row = User.pgh_event_model.objects.filter(pgh_obj__username="told").latest("pgh_id")
    assert (row.acted_by, row.reason, row.is_active) == ("operator", "not used for a year", False)


def test_whoever_signs_in_meanwhile_stays_and_is_told_again_a_year_later(accounts, clock):
    close_dormant()
    clock.now += timedelta(days=20)
    User.objects.filter(username="told").update(last_login=clock.now)
    clock.now += timedelta(days=20)
    close_dormant()
    assert "told" in active()
    assert User.objects.get(username="told").dormant_told_on is None
    clock.now += timedelta(days=340)
    close_dormant()
    assert "told" in active()
    assert User.objects.get(username="told").dormant_told_on == clock.now.date()


def test_a_program_that_uses_the_owners_token_is_use(accounts, clock):
    user = User.objects.get(username="told")
    create_token(owner=user, name="n", scope=Scope.READ, days=30, by=user)
    Token.objects.update(last_used_at=NOW - timedelta(days=3))
    close_dormant()
    assert User.objects.get(username="told").dormant_told_on is None


def test_an_account_that_is_opened_again_has_a_month(accounts, clock):
    close_dormant()
    clock.now += timedelta(days=30)
    close_dormant()
    User.objects.filter(username="told").update(is_active=True)
    close_dormant()
    clock.now += timedelta(days=29)
    close_dormant()
    assert "told" in active()
    clock.now += timedelta(days=1)
    close_dormant()
    assert "told" not in active()


def test_the_last_administrator_stays(accounts, clock):
    User.objects.filter(username="admin").update(last_login=NOW - timedelta(days=900))
    account("second", used_days_ago=800, role="administrator")
    close_dormant()
    clock.now += timedelta(days=30)
    close_dormant()
    assert {"admin", "second"} & active() == {"second"}


def test_the_year_is_a_setting(accounts, clock, settings):
    settings.DORMANT_DAYS = 1000
    account("longer", used_days_ago=980)
    close_dormant()
    found = User.objects.exclude(dormant_told_on=None).values_list("username", flat=True)
    assert set(found) == {"longer", "never"}


def test_a_closed_account_signs_in_no_more(accounts, clock, lists):
    close_dormant()
    clock.now += timedelta(days=30)
    close_dormant()
    client = Client()
    answer = sign_in(client, "told")
    assert client.get("/en/clinic/").status_code == 302
    assert "not a secret" not in text(answer)


def test_it_is_one_of_the_nightly_jobs(db, monkeypatch):
    done = []
    monkeypatch.setattr("registry.tasks.close_dormant", lambda: done.append(True))
    prune_facts()
    assert done == [True]

"""What was made under an earlier SECRET_KEY: carried over by SECRET_KEY_FALLBACKS, or refused in a sentence."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from registry.database_roles.roles import forget_keys, keep_keys
from registry.entry.accounts import reset_links
from registry.entry.patients.rekeying import rekey
from registry.models import IdempotencyKey, Infusion, Lookup, User
from registry.sealing import digest_request
from tests import factories
from tests.calling import Program, refused
from tests.desk import address
from tests.desk import sign_in as at_desk
from tests.signing_in import code_of, set_up_app, sign_in, text
from tests.test_identity import put_in_front
from tests.test_lookups import ask_form
from tests.test_sent_twice import NEW, TWICE, hidden_of

KEY = {"idempotency_key": "3b6f0e4e"}
ANOTHER = "another key of more than fifty characters, made up for this test"
BOTH = pytest.mark.parametrize("keeps", [True, False], ids=["fallback", "none"])


@pytest.fixture
def uppsala(lists) -> Program:
    return Program(factories.user("upp", lists.centres["UPP"]))


@pytest.fixture
def change_key(settings, request):
    """Replace SECRET_KEY, and tell the database of it; keeps: the old one stays in SECRET_KEY_FALLBACKS."""
    old = settings.SECRET_KEY

    def change(*, keeps: bool = True) -> None:
        settings.SECRET_KEY_FALLBACKS = [old] if keeps else []
        settings.SECRET_KEY = ANOTHER
        list(keep_keys())
        if not keeps:
            list(forget_keys())

    yield change
    if "committed_lists" in request.fixturenames:  # else it is rolled back
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = old, []
        list(keep_keys())
        list(forget_keys())


# Requests that are sent twice


@BOTH
def test_a_request_sent_again_is_a_replay(uppsala, keeps, change_key):
    first = uppsala.enter(KEY)
    change_key(keeps=keeps)
    again = uppsala.enter(KEY)
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert again.json() == first.json()
    assert Infusion.objects.count() == 1


def test_another_request_with_its_key_is_refused_as_long_as_the_old_key_is_known(uppsala, change_key):
    uppsala.enter(KEY)
    change_key()
    refused(uppsala.enter(KEY, batch="C"), 422, "idempotency_key_reused")
    assert Infusion.objects.count() == 1


def test_a_process_that_has_the_old_key_alone_still_knows_a_request_of_one_with_the_new(
    uppsala, settings, change_key
):
    """While the processes are started anew, one after the other."""
    old = settings.SECRET_KEY
    change_key()
    uppsala.enter(KEY)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = old, []
    assert uppsala.enter(KEY)["Idempotency-Replayed"] == "true"


def test_one_that_the_release_before_has_stored_is_compared_under_all_keys(uppsala, change_key):
    uppsala.enter(KEY)
    IdempotencyKey.objects.update(secret_mark=None)
    change_key()
    assert uppsala.enter(KEY)["Idempotency-Replayed"] == "true"
    refused(uppsala.enter(KEY, batch="C"), 422, "idempotency_key_reused")


def test_a_request_sent_again_while_the_identity_key_is_replaced_is_a_replay(uppsala, settings):
    put_in_front(settings, "2024")
    first = uppsala.enter(KEY)
    put_in_front(settings, "2025", "2024")
    during = uppsala.enter(KEY)
    rekey()
    after = uppsala.enter(KEY)
    assert [one["Idempotency-Replayed"] for one in (during, after)] == ["true", "true"]
    assert first.json() == during.json() == after.json()


def test_the_stored_digest_needs_a_key_that_is_not_in_the_database(settings):
    [(mark, digest)] = digest_request("request", b"19700615-9803").items()
    settings.SECRET_KEY = ANOTHER
    [(other_mark, other)] = digest_request("request", b"19700615-9803").items()
    assert mark != other_mark and digest != other


def test_a_form_sent_again_leads_where_the_first_led(lists, change_key):
    client, page = at_desk(factories.user("nurse", lists.centres["UPP"])), address("record")
    sent = hidden_of(text(client.get(page)), page) | NEW | {"do": "submit"}
    first = client.post(page, sent)
    change_key()
    again = client.post(page, sent)
    assert (again.status_code, again.url) == (302, first.url)
    assert Infusion.objects.count() == 1
    assert TWICE in text(client.get(again.url))


# Sessions, links, second factors, look-ups


@BOTH
def test_a_session_goes_on_or_leads_to_the_sign_in(lists, keeps, change_key):
    client = at_desk(factories.user("nurse", lists.centres["UPP"]))
    change_key(keeps=keeps)
    answer = client.get(address("record"))
    assert answer.status_code == (200 if keeps else 302)
    assert keeps or "/accounts/login/" in answer.url


@BOTH
def test_a_link_to_a_new_password_goes_on_or_says_that_it_no_longer_does(lists, monkeypatch, keeps, change_key):
    factories.user("nurse", lists.centres["UPP"])
    User.objects.update(email="nurse@example.org")
    monkeypatch.setattr(reset_links, "WAITS", timedelta(0))
    Client().post("/en/accounts/password/reset/", {"email": "nurse@example.org"})
    (link,) = re.findall(r"https?://\S+", mail.outbox[0].body)
    change_key(keeps=keeps)
    page = text(Client().get(link, follow=True))
    assert ("password1" in page) is keeps
    assert keeps or "no longer" in page or "invalid" in page


@BOTH
def test_a_second_factor_goes_on_or_its_owner_is_told_what_to_do(committed_lists, settings, keeps, change_key):
    settings.SECOND_FACTOR = "required"
    factories.user("nurse", committed_lists.centres["UPP"])
    owner = Client()
    sign_in(owner)
    secret = set_up_app(owner)
    assert Authenticator.objects.exists()
    change_key(keeps=keeps)
    client = Client()
    sign_in(client)
    answer = client.post("/en/accounts/2fa/authenticate/", {"code": code_of(secret, steps=1)})
    assert answer.status_code == (302 if keeps else 200)
    assert keeps or "your second factor no longer opens: ask an administrator to remove it" in text(answer)


def test_a_person_who_was_looked_up_is_not_counted_again(lists, settings, change_key):
    settings.LOOKUPS_PER_HOUR = 5
    nurse = factories.user("nurse", lists.centres["UPP"])
    number = factories.nth_number(1)
    ask_form(nurse, number)
    change_key()
    ask_form(nurse, number)
    assert Lookup.objects.count() == 1

"""Sign-ins that the person can see, and one password that is tried over many names."""

from datetime import timedelta

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from registry.entry.accounts.sign_ins import prune_sign_ins
from registry.pages.accounts import lockout
from swecar.counts import read_counts
from tests import factories
from tests.signing_in import sign_in, text

PAGE = "/en/clinic/sign-ins"


def browser(address: str = "192.0.2.1") -> Client:
    return Client(REMOTE_ADDR=address)


def test_the_person_sees_what_was_signed_in_and_what_was_refused(nurse, lists):
    factories.user("colleague", lists.centres["UPP"])
    sign_in(browser("203.0.113.9"), "nurse", password="wrong")
    sign_in(browser("198.51.100.2"), "colleague", password="wrong")
    sign_in(browser("198.51.100.3"), "colleague")
    client = browser()
    sign_in(client, "NURSE")
    page = text(client.get(PAGE))
    assert page.count("<tr>") == 3  # with the head
    assert "203.0.113.9" in page
    assert "192.0.2.1" in page
    assert "refused" in page
    assert "198.51.100" not in page


def test_who_comes_in_is_told_of_what_was_refused_since(nurse):
    first = browser()
    sign_in(first)
    assert "refused" not in text(first.get("/en/clinic/"))
    for _attempt in range(3):
        sign_in(browser("203.0.113.9"), password="wrong")
    second = browser()
    sign_in(second)
    page = text(second.get("/en/clinic/"))
    assert "3 attempts to sign in with your name were refused" in page
    assert PAGE in page
    third = browser()
    sign_in(third)
    assert "were refused" not in text(third.get("/en/clinic/"))


def test_an_address_that_is_new_is_marked(nurse):
    for address in ("192.0.2.1", "192.0.2.1", "203.0.113.9"):
        client = browser(address)
        sign_in(client)
    page = text(client.get(PAGE))
    assert page.count("new address") == 1
    row = next(line for line in page.split("<tr>") if "new address" in line)
    assert "203.0.113.9" in row


def test_one_password_over_many_names_is_slowed_by_address(nurse, lists):
    for place in range(lockout.NAMES_OF_AN_ADDRESS):
        factories.user(f"user{place}", lists.centres["UPP"])
    cache.clear()
    counted = read_counts().get(("sign_ins", "sprayed"), 0)
    statuses = []
    for place in range(lockout.NAMES_OF_AN_ADDRESS + 2):
        name = f"user{place}" if place % 2 else f"nobody{place}"  # there are such names, and there are not
        statuses.append(sign_in(browser("203.0.113.9"), name, password="Sommar2026!").status_code)
    assert statuses == [200] * lockout.NAMES_OF_AN_ADDRESS + [429] * 2
    slowed = sign_in(browser("203.0.113.9"))  # with the right password too
    assert slowed.status_code == 429
    assert int(slowed["Retry-After"]) > 0
    assert sign_in(browser("192.0.2.1")).status_code == 302  # nobody else is shut out
    assert read_counts().get(("sign_ins", "sprayed"), 0) == counted + 3


def test_one_name_with_several_wrong_passwords_is_not_taken_for_many(nurse):
    for _attempt in range(4):
        sign_in(browser(), password="wrong")
    assert sign_in(browser()).status_code == 302


def test_what_is_a_year_old_is_deleted(nurse):
    sign_in(browser("203.0.113.9"), password="wrong")
    client = browser()
    sign_in(client)
    assert prune_sign_ins() == 0
    for model in (AccessLog, AccessFailureLog):
        model.objects.update(attempt_time=timezone.now() - timedelta(days=366))
    assert prune_sign_ins() == 2
    assert "203.0.113.9" not in text(client.get(PAGE))


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_who_is_signed_in_sees_a_page(db, method):
    assert getattr(Client(), method)(PAGE).status_code in {302, 401}

"""The first administrator: by a link that the command prints, and a password that nobody else sees."""

import logging
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from registry.access import Permission, centres_where
from registry.entry.accounts.invitations import invite_administrator, revoke_invitation
from registry.errors import NotFound, NotPermitted
from registry.models import Invitation, Membership, StatedPurpose, User
from tests import factories
from tests.signing_in import text

EMAIL, OTHER = "anna.berg@region.example", "bo.ek@region.example"
SITE = "https://registret.example"
ACCEPT = "/accounts/invitation/"
NEWCOMER = {
    "username": "anna.berg",
    "first_name": "Anna",
    "last_name": "Berg",
    "password": "björk-gren-7",
    "again": "björk-gren-7",
}


@pytest.fixture(autouse=True)
def site(settings):
    settings.ALLOWED_HOSTS = ["registret.example", "testserver"]
    settings.INSECURE_HTTP = False


@pytest.fixture
def invite(db, manage):
    """Run the command; the link's path."""

    def run(email: str = EMAIL) -> str:
        code, out, err = manage("invite_administrator", email)
        assert code == 0, err
        [path] = re.findall(rf"^{SITE}(/accounts/invitation/[\w-]{{40,}}/)\n$", out)
        return path

    return run


def opens(path: str) -> bool:
    return Client().get(path).status_code == 302


def accept(path: str, **fields) -> Client:
    browser = Client()
    assert browser.get(path).status_code == 302
    assert "Administratör" in text(browser.get(ACCEPT))
    answer = browser.post(ACCEPT, NEWCOMER | fields)
    assert answer.status_code == 302, text(answer)
    return browser


def test_whoever_opens_the_link_makes_an_account_that_administers(invite, settings):
    settings.SECOND_FACTOR = "required"
    accept(invite())
    user = User.objects.get()
    assert (user.username, user.email, user.national_role) == ("anna.berg", EMAIL, "administrator")
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert user.check_password(NEWCOMER["password"])
    assert 10**9 in centres_where(user, Permission.ERASE_PATIENTS)
    browser = Client()
    form = {"login": "anna.berg", "password": NEWCOMER["password"]}
    assert browser.post("/accounts/login/", form).status_code == 302
    # No further than to the page that sets up a second factor.
    assert browser.get("/admin/registry/user/").headers["Location"] == "/accounts/2fa/"
    settings.SECOND_FACTOR = "optional"
    assert browser.get("/admin/registry/user/").status_code == 200
    assert browser.get("/admin/registry/centre/add/").status_code == 200


def test_the_link_works_once(invite):
    path = invite()
    accept(path)
    assert not opens(path)


def test_another_run_ends_the_earlier_link_and_no_other(invite):
    first, other = invite(), invite(OTHER)
    again = invite(EMAIL.upper())
    assert [opens(path) for path in (first, other, again)] == [False, True, True]
    accept(again)
    assert [opens(path) for path in (first, other, again)] == [False, True, False]


def test_for_an_administrator_nothing_is_done(invite, manage):
    accept(invite())
    accept(invite(OTHER), username="bo.ek")
    for email in (EMAIL, EMAIL.upper()):
        code, out, _err = manage("invite_administrator", email)
        assert code == 0
        assert "http" not in out
        assert "anna.berg" in out
    assert Invitation.objects.count() == 2


@pytest.mark.parametrize("change", [{"is_active": False}, {"national_role": "steward"}])
def test_one_who_administers_no_more_gets_a_link(invite, change):
    accept(invite())
    User.objects.update(**change)
    assert opens(invite())


def test_an_expired_link_is_made_anew(invite):
    path = invite()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not opens(path)
    assert opens(invite())


def test_an_account_that_is_there_gets_the_role_and_keeps_its_others(invite, lists):
    user = factories.user("bo", lists.centres["UPP"], national_role="steward")
    browser = Client()
    browser.force_login(user)
    browser.get(invite())
    assert "Administratör" in text(browser.get(ACCEPT))
    assert browser.post(ACCEPT).status_code == 302
    user.refresh_from_db()
    assert (user.national_role, user.is_staff) == ("administrator", True)
    assert Membership.objects.get().role == "reporter"
    last = User.pgh_event_model.objects.order_by("pgh_id").last()
    assert (last.pgh_label, last.acted_by, last.national_role) == ("update", "bo", "administrator")


def test_nothing_of_the_link_is_stored_logged_or_sent(invite, caplog):
    caplog.set_level(logging.DEBUG)
    token = invite().split("/")[-2]
    assert token not in caplog.text
    assert mail.outbox == []
    stored = [str(value) for row in Invitation.objects.values() for value in row.values()]
    assert not any(token in value for value in stored)
    row = Invitation.pgh_event_model.objects.get()
    assert (row.acted_by, row.email) == ("operator", EMAIL)
    assert list(StatedPurpose.objects.values_list("kind", flat=True)) == ["registry"]


@pytest.mark.parametrize(
    "email", ["", "anna", "anna@", "a@x.example,b@x.example", f"{factories.number()}@region.example"]
)
def test_what_is_no_address_is_refused_in_a_sentence(db, manage, email):
    code, out, err = manage("invite_administrator", email)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert factories.number() not in err
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    "site",
    ["registret.example", "http://registret.example", "https://elsewhere.example", "https://registret.example/x",
     "ftp://registret.example", "https://[registret", "https://", "https://anna@registret.example"],
)  # fmt: skip
def test_a_site_that_is_not_this_one_is_refused(db, manage, site):
    code, out, _err = manage("invite_administrator", EMAIL, "--site", site)
    assert (code, out) == (2, "")
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("hosts", "insecure", "given", "link"),
    [
        (["registret.example", "testserver"], False, None, "https://registret.example"),
        (["localhost", "127.0.0.1"], True, "http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        (
            [".registret.example"],
            False,
            "https://www.registret.example:8443",
            "https://www.registret.example:8443",
        ),
        (["localhost", "127.0.0.1"], True, None, None),
        ([".registret.example"], False, None, None),
        (["*"], False, None, None),
        ([], False, None, None),
    ],
)
def test_where_the_site_is(db, manage, settings, hosts, insecure, given, link):
    settings.ALLOWED_HOSTS, settings.INSECURE_HTTP = hosts, insecure
    code, out, err = manage("invite_administrator", EMAIL, *(["--site", given] if given else []))
    if link:
        assert code == 0, err
        assert out.startswith(f"{link}/accounts/invitation/")
    else:
        assert (code, out) == (2, "")
        assert "--site" in err


def test_no_one_below_an_administrator_invites_one_or_ends_the_invitation(invite, lists):
    invite()
    [invitation] = Invitation.objects.all()
    lead = factories.user("lead", *lists.centres.values(), role="lead")
    steward = factories.user("steward", national_role="steward")
    for user in (lead, steward):
        with pytest.raises(NotPermitted):
            invite_administrator(email=OTHER, by=user)
        with pytest.raises(NotFound):
            revoke_invitation(invitation_id=invitation.pk, by=user)
    browser = Client()
    browser.force_login(lead)
    assert EMAIL not in text(browser.get("/en/clinic/people/"))

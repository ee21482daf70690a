"""Inviting people to a centre, taking an invitation, and ending a role."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from registry.choices import Scope
from registry.entry.accounts.invitations import (
    accept_as_member,
    accept_as_newcomer,
    invite_person,
    revoke_invitation,
)
from registry.entry.accounts.tokens import create_token
from registry.errors import InvitationUnusable, NotFound, NotPermitted, RegistryError
from registry.models import Invitation, Membership, User
from tests import factories
from tests.signing_in import sign_in, text

PEOPLE = "/en/clinic/people/"
TAKE = "/en/accounts/invitation/"
INVITED = {"email": "ny@example.org", "centre": "UPP", "role": "reporter"}
NEWCOMER = {
    "username": "anna.berg",
    "first_name": "Anna",
    "last_name": "Berg",
    "password": "björk-gren-7",
    "again": "björk-gren-7",
}
QUERIES = {"people": 12, "end": 9}
UNUSABLE = "This invitation cannot be used"


@pytest.fixture
def lead(lists):
    return factories.user("lead", lists.centres["UPP"], role="lead")


@pytest.fixture
def office(lead):
    """The lead's browser."""
    return signed_in(lead)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def link_of(response) -> str:
    (link,) = set(re.findall(r"http://testserver(/en/accounts/invitation/[\w-]+/)", text(response)))
    return link


def last(model) -> tuple[str, str, str]:
    row = model.pgh_event_model.objects.order_by("pgh_id").last()
    return row.pgh_label, row.acted_by, row.reason


# From the invitation to the first sign-in


def test_a_newcomer_gets_an_account_with_the_role_and_signs_in(office):
    shown = office.post(PEOPLE, INVITED)
    link = link_of(shown)
    assert (mail.outbox[0].to, link in mail.outbox[0].body) == (["ny@example.org"], True)
    assert last(Invitation)[:2] == ("insert", "lead")
    browser = Client()
    opened = browser.get(link)
    assert (opened.status_code, opened.headers["Location"]) == (302, TAKE)
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    page = text(browser.get(TAKE))
    assert "Sjukhuset UPP" in page
    assert "Registers and corrects the centre" in page
    assert browser.post(TAKE, NEWCOMER).headers["Location"] == "/en/accounts/login/"
    newcomer = User.objects.get(username="anna.berg")
    assert newcomer.email == "ny@example.org"
    assert newcomer.memberships.values_list("centre__code", "role").get() == ("UPP", "reporter")
    assert last(Membership) == ("insert", "anna.berg", "Invitation accepted")
    assert sign_in(browser, "anna.berg", "björk-gren-7").headers["Location"] == "/en/clinic/"
    assert "anna.berg" in text(office.get(PEOPLE))
    assert "There is none." in text(office.get(PEOPLE))


def test_whoever_is_signed_in_only_says_yes(office, lists):
    link = link_of(office.post(PEOPLE, INVITED | {"role": "lead"}))
    user = factories.user("there", lists.centres["STO"])
    browser = Client()
    browser.get(link)
    sign_in(browser, "there", next_page=TAKE)
    assert "You are signed in as there." in text(browser.get(TAKE))
    assert browser.post(TAKE).headers["Location"] == "/en/clinic/"
    assert dict(user.memberships.values_list("centre__code", "role")) == {"UPP": "lead", "STO": "reporter"}


@pytest.mark.parametrize(
    ("has", "offered", "then"),
    [("reporter", "lead", "lead"), ("lead", "reporter", "lead"), ("lead", "lead", "lead")],
)
def test_an_invitation_raises_a_role_and_lowers_none(lead, lists, has, offered, then):
    user = factories.user("there", lists.centres["UPP"], role=has)
    invitation, _token = invite_person(email="a@example.org", centre=lists.centres["UPP"], role=offered, by=lead)
    assert accept_as_member(invitation_id=invitation.pk, by=user).role == then
    assert Membership.objects.get(user=user).role == then
    invitation.refresh_from_db()
    assert invitation.accepted_by == user


def test_the_token_is_kept_nowhere(office):
    link = link_of(office.post(PEOPLE, INVITED))
    token = link.split("/")[-2]
    assert len(token) >= 43  # 32 bytes
    kept = Invitation.objects.get()
    assert token not in "".join(str(value) for value in vars(kept).values())
    assert len(bytes(kept.token_digest)) == 32
    browser = Client()
    browser.get(link)
    assert token not in str(dict(browser.session))
    assert token not in text(office.get(PEOPLE))


# Once, for a while, and alike however it fails


def test_a_link_that_is_wrong_used_old_revoked_or_replaced_is_answered_alike(office, lead, lists):
    def fresh(email) -> str:
        return link_of(office.post(PEOPLE, INVITED | {"email": email}))

    used, old, revoked, replaced = (fresh(f"{name}@example.org") for name in ("a", "b", "c", "d"))
    fresh("d@example.org")
    accept_as_member(invitation_id=Invitation.objects.get(email="a@example.org").pk, by=factories.user("u"))
    Invitation.objects.filter(email="b@example.org").update(expires_at=timezone.now() - timedelta(seconds=1))
    revoke_invitation(invitation_id=Invitation.objects.get(email="c@example.org").pk, by=lead)
    wrong = used[:-5] + "xxxx/"
    answers = [Client().get(link) for link in (wrong, used, old, revoked, replaced)]
    assert {answer.status_code for answer in answers} == {404}
    bodies = {
        text(answer).replace(link.removeprefix("/en"), "")
        for answer, link in zip(answers, (wrong, used, old, revoked, replaced), strict=True)
    }
    assert len(bodies) == 1
    assert UNUSABLE in bodies.pop()


def test_an_invitation_lasts_seven_days(office):
    office.post(PEOPLE, INVITED)
    left = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_two_with_the_same_link_open_make_one_account(office):
    link = link_of(office.post(PEOPLE, INVITED))
    first, second = Client(), Client()
    for browser in (first, second):
        browser.get(link)
        assert browser.get(TAKE).status_code == 200
    assert first.post(TAKE, NEWCOMER).status_code == 302
    answer = second.post(TAKE, NEWCOMER | {"username": "second"})
    assert (answer.status_code, UNUSABLE in text(answer)) == (404, True)
    assert not User.objects.filter(username="second").exists()


def test_one_link_taken_by_many_at_once_makes_one_account(committed_lists):
    lead = factories.user("lead", committed_lists.centres["UPP"], role="lead")
    one, _token = invite_person(
        email="a@example.org", centre=committed_lists.centres["UPP"], role="reporter", by=lead
    )
    assert sorted(at_once([(one.pk, f"user{place}") for place in range(4)])) == [
        "InvitationUnusable", "InvitationUnusable", "InvitationUnusable", "taken",
    ]  # fmt: skip
    assert User.objects.count() == 2


def test_one_name_taken_by_many_at_once_is_one_account(committed_lists):
    centre = committed_lists.centres["UPP"]
    lead = factories.user("lead", centre, role="lead")
    invited = [
        invite_person(email=f"{place}@example.org", centre=centre, role="reporter", by=lead)[0].pk
        for place in range(4)
    ]
    outcomes = at_once([(key, "anna") for key in invited])
    assert sorted(outcomes) == ["UsernameTaken", "UsernameTaken", "UsernameTaken", "taken"]
    assert User.objects.filter(username="anna").count() == 1


def at_once(takings: list[tuple[int, str]]) -> list[str]:
    """Take invitations in threads of their own, under these names; how each ended."""
    gate = threading.Barrier(len(takings))

    def take(taking) -> str:
        key, username = taking
        names = {"first_name": "A", "last_name": "B", "password": "björk-gren-7"}
        try:
            gate.wait(timeout=30)
            accept_as_newcomer(invitation_id=key, username=username, **names)
        except RegistryError as refused:
            return type(refused).__name__
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(len(takings)) as threads:
        return list(threads.map(take, takings))


def test_without_a_link_there_is_nothing_to_take(db):
    for answer in (Client().get(TAKE), Client().post(TAKE, NEWCOMER)):
        assert (answer.status_code, UNUSABLE in text(answer)) == (404, True)
    assert not User.objects.exists()


# What is typed wrong


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"username": ""}, "This field is required."),
        ({"username": "lead"}, "already"),
        ({"username": "LEAD"}, "There is already an account with this user name."),
        ({"username": "siths-SE1"}, "There is already an account with this user name."),
        ({"username": "x" * 151}, "at most 150 characters"),
        ({"username": "<script>"}, "Enter a valid username."),
        ({"username": factories.number()}, "This looks like an identity number."),
        ({"first_name": ""}, "This field is required."),
        ({"first_name": factories.number()}, "This looks like an identity number."),
        ({"last_name": "y" * 151}, "at most 150 characters"),
        ({"password": ""}, "This field is required."),
        ({"password": "12345678", "again": "12345678"}, "too common"),
        ({"password": "anna.berg", "again": "anna.berg"}, "too similar"),
        ({"again": "something else"}, "The two passwords are not the same."),
        ({"password": "x" * 129, "again": "x" * 129}, "at most 128 characters"),
    ],
)
def test_a_wrong_field_of_the_account_is_a_sentence_and_loses_nothing(office, typed, sentence):
    link = link_of(office.post(PEOPLE, INVITED))
    browser = Client()
    browser.get(link)
    before = User.objects.count()
    answer = browser.post(TAKE, NEWCOMER | typed)
    shown = text(answer)
    (field,) = {name for name in typed if name != "again" or len(typed) == 1}
    assert answer.status_code == 200
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert 'aria-invalid="true"' in shown
    assert (User.objects.count(), Invitation.objects.get().accepted_at) == (before, None)
    for name in {"username", "first_name", "last_name"} - set(typed):
        assert f'value="{NEWCOMER[name]}"' in shown
    assert "björk-gren-7" not in shown
    assert "<script>" not in shown.replace("<script src", "")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"email": ""}, "This field is required."),
        ({"email": "no address"}, "Enter a valid email address."),
        ({"email": "a" * 250 + "@example.org"}, "at most 254 characters"),
        ({"email": f"{factories.number()}@example.org"}, "This looks like an identity number."),
        ({"email": "<script>@example.org"}, "Enter a valid email address."),
        ({"centre": "STO"}, "Choose one of the centres in the list."),
        ({"centre": "XXX"}, "Choose one of the centres in the list."),
        ({"centre": ""}, "This field is required."),
        ({"role": "steward"}, "Choose one from the list."),
        ({"role": ""}, "This field is required."),
    ],
)
def test_a_wrong_field_of_the_invitation_is_a_sentence_and_invites_nobody(office, typed, sentence):
    answer = office.post(PEOPLE, INVITED | typed)
    (field,) = typed
    assert answer.status_code == 200
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert 'aria-invalid="true"' in text(answer)
    assert (Invitation.objects.count(), mail.outbox) == (0, [])
    if field != "email":
        assert 'value="ny@example.org"' in text(answer)


def test_a_mail_server_that_is_down_is_said_and_the_link_is_there(office, monkeypatch):
    def no_server(*arguments, **named):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", no_server)
    shown = office.post(PEOPLE, INVITED)
    assert "The e-mail could not be sent." in text(shown)
    assert Client().get(link_of(shown)).status_code == 302


# Whose people


def test_a_lead_invites_to_the_own_centre_alone(lead, lists):
    with pytest.raises(NotPermitted):
        invite_person(email="a@example.org", centre=lists.centres["STO"], role="reporter", by=lead)
    for name, extra in {
        "reporter": {},
        "steward": {"national_role": "steward"},
        "auditor": {"national_role": "auditor"},
    }.items():
        centres = [lists.centres["UPP"]] if name == "reporter" else []
        someone = factories.user(name, *centres, **extra)
        with pytest.raises(NotPermitted):
            invite_person(email="a@example.org", centre=lists.centres["UPP"], role="reporter", by=someone)
    administrator = factories.user("admin", national_role="administrator")
    invite_person(email="a@example.org", centre=lists.centres["STO"], role="lead", by=administrator)


def test_another_centres_people_and_made_up_ones_are_the_same_to_the_eye(office, lists):
    elsewhere = factories.user("elsewhere", lists.centres["STO"]).memberships.get()
    administrator = factories.user("admin", national_role="administrator")
    invitation, _token = invite_person(
        email="x@example.org", centre=lists.centres["STO"], role="reporter", by=administrator
    )
    own = User.objects.get(username="lead").memberships.get()
    shown = text(office.get(PEOPLE))
    assert "elsewhere" not in shown
    assert "x@example.org" not in shown
    addresses = {
        f"{PEOPLE}{{}}/end": (elsewhere.pk, 10**9, 10**30, own.pk),
        f"{PEOPLE}invitations/{{}}/revoke": (invitation.pk, 10**9, 10**30),
    }
    for address, keys in addresses.items():
        answers = [office.post(address.format(key), {"why": "other_tasks"}) for key in keys]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
    assert Membership.objects.filter(pk__in=[elsewhere.pk, own.pk]).count() == 2
    invitation.refresh_from_db()
    assert invitation.revoked_at is None


def test_a_revoked_invitation_is_gone_and_is_not_revoked_twice(office, lead):
    link = link_of(office.post(PEOPLE, INVITED))
    invitation = Invitation.objects.get()
    answer = office.post(f"{PEOPLE}invitations/{invitation.pk}/revoke", follow=True)
    assert "The invitation to ny@example.org is revoked." in text(answer)
    assert Client().get(link).status_code == 404
    assert last(Invitation)[:2] == ("update", "lead")
    with pytest.raises(NotFound):
        revoke_invitation(invitation_id=invitation.pk, by=lead)
    with pytest.raises(InvitationUnusable):
        accept_as_member(invitation_id=invitation.pk, by=lead)


def test_a_role_ends_with_a_reason_in_the_history_and_at_once(office, lists):
    reporter = factories.user("reporter", lists.centres["UPP"])
    browser = signed_in(reporter)
    factories.record_several(lists)
    assert "Kymriah" in text(browser.get("/en/clinic/infusions/"))
    address = f"{PEOPLE}{reporter.memberships.get().pk}/end"
    for typed, sentence in (
        ({}, "This field is required."),
        ({"why": "other"}, "Say why"),
        ({"why": "other", "words": factories.number()}, "This looks like an identity number."),
        ({"why": "made up"}, "Choose one from the list."),
        ({"why": "other", "words": "x" * 401}, "at most 400 characters"),
    ):
        answer = office.post(address, typed)
        assert (answer.status_code, sentence in text(answer)) == (200, True)
    assert reporter.memberships.exists()
    assert office.post(address, {"why": "left"}).status_code == 302
    assert last(Membership) == ("delete", "lead", "Has left the centre")
    assert browser.get("/en/clinic/infusions/").status_code == 404
    assert User.objects.filter(username="reporter", is_active=True).exists()


def test_the_pages_ask_no_more_of_the_database_when_more_people_are_there(
    office, lists, django_assert_num_queries, purpose_known
):
    reporter = factories.user("reporter", lists.centres["UPP"])
    create_token(owner=reporter, name="n", scope=Scope.READ, days=30, by=reporter)
    office.get(PEOPLE)
    for more in (0, 8):
        for place in range(more):
            user = factories.user(f"user{place}", lists.centres["UPP"])
            create_token(owner=user, name="n", scope=Scope.READ, days=30, by=user)
            invite_person(
                email=f"{place}@example.org", centre=lists.centres["UPP"], role="reporter",
                by=User.objects.get(username="lead"),
            )  # fmt: skip
        with django_assert_num_queries(QUERIES["people"]):
            office.get(PEOPLE)
        with django_assert_num_queries(QUERIES["end"]):
            office.get(f"{PEOPLE}{reporter.memberships.get().pk}/end")


def test_in_swedish_too(office):
    assert 'lang="sv"' in text(office.get("/clinic/people/"))
    link = link_of(office.post(PEOPLE, INVITED)).removeprefix("/en")
    browser = Client()
    assert browser.get(link).headers["Location"] == "/accounts/invitation/"
    assert "Inbjudan" in text(browser.get("/accounts/invitation/"))


def test_a_browser_may_fill_in_who_someone_is(office):
    page = text(Client().get(link_of(office.post(PEOPLE, INVITED)), follow=True))
    filled = re.findall(r'<input[^>]* autocomplete="([^"]+)"', page)
    assert filled == ["username", "given-name", "family-name", "new-password", "new-password"]

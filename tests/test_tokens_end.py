"""A token ends with what it rests on: its owner's password, second factor, roles and account."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from registry.access import Operator
from registry.choices import CentreRole, NationalRole, Scope
from registry.entry.accounts.invitations import accept_as_member, end_membership, invite_person
from registry.entry.accounts.others import remove_second_factor
from registry.entry.accounts.siths import admit_commissioned
from registry.entry.accounts.tokens import create_token
from registry.models import Centre, Membership, Token, User
from tests import factories
from tests.signing_in import PASSWORD, set_up_app, sign_in

NEW = "björk-gren-7"
OLD_HASHER = "django.contrib.auth.hashers.PBKDF2PasswordHasher"


@pytest.fixture
def owner(committed_lists) -> User:
    """A lead of Uppsala, a reporter of Stockholm; committed, since a new factor counts from its own commit."""
    user = factories.user("nurse", committed_lists.centres["UPP"], committed_lists.centres["STO"])
    Membership.objects.filter(user=user, centre__code="UPP").update(role=CentreRole.LEAD)
    Centre.objects.filter(code="STO").update(hsa_id="SE2321000016-STO")
    return User.objects.get(pk=user.pk)


@pytest.fixture
def office(committed_lists) -> User:
    user = factories.user("office", national_role="administrator")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return user


@pytest.fixture(autouse=True)
def tokens(owner, office) -> None:
    """Two of the owner's, one of somebody else's."""
    for user, name in ((owner, "journal"), (owner, "other"), (office, "office")):
        create_token(owner=user, name=name, scope=Scope.READ, days=30, by=user)


def alive() -> set[str]:
    return set(Token.objects.filter(revoked_at=None).values_list("name", flat=True))


def change_password(owner, office):
    client = Client()
    sign_in(client)
    typed = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/en/accounts/password/change/", typed).status_code == 302


def reset_password(owner, office):
    client = Client()
    client.force_login(office)
    typed = {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "", "reason": "x"}
    address = reverse("admin:auth_user_password_change", args=[owner.pk])
    assert client.post(address, typed).status_code == 302


def set_password_on_the_server(owner, office):
    user = User.objects.get(pk=owner.pk)
    user.set_password(NEW)
    user.save()


def close_account(owner, office):
    User.objects.filter(pk=owner.pk).update(is_active=False)


def leave_a_centre(owner, office):
    membership = Membership.objects.get(user=owner, centre__code="STO")
    end_membership(membership_id=membership.pk, by=office, reason="has left")


def lead_no_longer(owner, office):
    Membership.objects.filter(user=owner, centre__code="UPP").update(role=CentreRole.REPORTER)


def move_by_commission(owner, office):
    admit_commissioned(user=owner, hsa_id="SE2321000016-STO")


def remove_own_factor(owner, office):
    client = Client()
    sign_in(client)
    set_up_app(client)
    assert client.post("/en/accounts/2fa/totp/deactivate/").status_code == 302


def lose_factor(owner, office):
    client = Client()
    sign_in(client)
    set_up_app(client)
    remove_second_factor(user=owner, by=office, reason="lost the phone")


ENDS = (
    change_password, reset_password, set_password_on_the_server, close_account, leave_a_centre, lead_no_longer,
    move_by_commission, remove_own_factor, lose_factor,
)  # fmt: skip


@pytest.mark.parametrize("happens", ENDS, ids=lambda one: one.__name__)
def test_the_tokens_of_one_owner_end_with(owner, office, happens):
    happens(owner, office)
    assert alive() == {"office"}


def test_a_lost_national_role_ends_them_too(owner, office):
    User.objects.filter(pk=office.pk).update(national_role=NationalRole.AUDITOR)
    assert alive() == {"journal", "other"}
    User.objects.filter(pk=owner.pk).update(national_role=NationalRole.STEWARD)  # gained
    assert alive() == {"journal", "other"}
    User.objects.filter(pk=owner.pk).update(national_role="")
    assert alive() == set()


def test_an_account_that_is_opened_again_has_no_token(owner, office):
    User.objects.filter(pk=owner.pk).update(is_active=False)
    User.objects.filter(pk=owner.pk).update(is_active=True)
    assert alive() == {"office"}


def sign_in_with_an_old_hash(owner, office):
    old = make_password(PASSWORD, hasher="pbkdf2_sha256")
    User.objects.filter(pk=owner.pk).update(password=old)
    before = User.objects.get(pk=owner.pk).password
    assert sign_in(Client()).status_code == 302
    assert User.objects.get(pk=owner.pk).password != before, "the hash was to be renewed"


def gain_a_role(owner, office):
    centre = Centre.objects.get(code="UME")
    invitation, _token = invite_person(email="n@example.org", centre=centre, role=CentreRole.LEAD, by=Operator())
    accept_as_member(invitation_id=invitation.pk, by=owner)
    Membership.objects.filter(user=owner, centre__code="STO").update(role=CentreRole.LEAD)


def change_name(owner, office):
    owner.first_name = "Anna"
    owner.save()


def sign_in_and_out(owner, office):
    client = Client()
    sign_in(client)
    client.post("/en/accounts/logout/")


def set_up_a_factor_and_new_codes(owner, office):
    client = Client()
    sign_in(client)
    set_up_app(client)
    assert client.post("/en/accounts/2fa/recovery-codes/generate/").status_code == 302
    assert Authenticator.objects.filter(user=owner).count() == 2


def clear_sessions(owner, office):
    call_command("clearsessions")


STAYS = (
    sign_in_with_an_old_hash, gain_a_role, change_name, sign_in_and_out, set_up_a_factor_and_new_codes,
    clear_sessions,
)  # fmt: skip


@pytest.mark.parametrize("happens", STAYS, ids=lambda one: one.__name__)
def test_nobodys_tokens_end_with(owner, office, settings, happens):
    settings.PASSWORD_HASHERS = [*settings.PASSWORD_HASHERS, OLD_HASHER]
    happens(owner, office)
    assert alive() == {"journal", "other", "office"}


def test_one_of_two_factors_may_go(owner, office):
    client = Client()
    sign_in(client)
    set_up_app(client)
    Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={})
    Authenticator.objects.get(user=owner, type=Authenticator.Type.TOTP).delete()
    assert alive() == {"journal", "other", "office"}
    Authenticator.objects.get(user=owner, type=Authenticator.Type.WEBAUTHN).delete()
    assert alive() == {"office"}


def test_what_ended_it_stands_in_the_history(owner, office):
    leave_a_centre(owner, office)
    rows = Token.pgh_event_model.objects.exclude(revoked_at=None)
    assert {(row.name, row.acted_by, row.reason) for row in rows} == {
        ("journal", "office", "has left"), ("other", "office", "has left"),
    }  # fmt: skip


def test_an_end_that_was_there_stays_as_it_was(owner, office):
    close_account(owner, office)
    ended = dict(Token.objects.values_list("name", "revoked_at"))
    leave_a_centre(owner, office)
    assert dict(Token.objects.values_list("name", "revoked_at")) == ended

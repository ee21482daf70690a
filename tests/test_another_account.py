"""An administrator does not become somebody: reasons, history, mail, and passwords that are not enough."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry.admin.users import RegistryUserAdmin
from registry.entry.accounts import reset_links
from registry.models import Membership, User
from tests import factories
from tests.signing_in import PASSWORD, code_of, set_up_app, sign_in, text

START, CHANGE = "/en/clinic/", "/en/accounts/password/change/"
OTHERS, OWN = "björk-gren-7", "rönn-bär-8"
WHY = "Locked out, known by voice"
BY_MAIL = "Ask for a new password by e-mail"


@pytest.fixture
def nurse(settings, committed_lists) -> User:
    """Of Uppsala and Stockholm, with an address; a second factor is required. Committed, as factors are."""
    settings.SECOND_FACTOR = "required"
    return factories.user(
        "nurse", committed_lists.centres["UPP"], committed_lists.centres["STO"], email="nurse@example.org"
    )


@pytest.fixture
def office(nurse, settings) -> Client:
    """An administrator's browser."""
    admin = factories.user("admin", national_role="administrator")
    User.objects.filter(pk=admin.pk).update(is_staff=True, email="admin@example.org")
    client = Client(headers={"accept-language": "en"})
    sign_in(client, "admin")
    set_up_app(client)
    mail.outbox.clear()
    return client


def set_password(office: Client, user: User, **typed):
    given = {
        "password1": OTHERS,
        "password2": OTHERS,
        "usable_password": "true",
        "set-password": "",
        "reason": WHY,
    }
    return office.post(reverse("admin:auth_user_password_change", args=[user.pk]), given | typed)


def remove_factor(office: Client, user: User):
    return office.post(f"/admin/registry/user/{user.pk}/second-factor/", {"reason": WHY})


def give_factor(user: User) -> str:
    client = Client()
    sign_in(client)
    secret = set_up_app(client)
    mail.outbox.clear()
    return secret


def told() -> dict[str, str]:
    """The bodies of what was sent, by address."""
    return {address: message.body for message in mail.outbox for address in message.to}


def last_row(user: User):
    return User.pgh_event_model.objects.filter(pgh_obj=user).latest("pgh_id")


def reset_by_mail(password: str = OWN) -> None:
    mail.outbox.clear()
    client = Client()
    client.post("/en/accounts/password/reset/", {"email": "nurse@example.org"})
    (link,) = re.findall(r"https?://\S+", mail.outbox[0].body)
    page = client.get(link, follow=True)
    typed = {"password1": password, "password2": password}
    assert client.post(page.request["PATH_INFO"], typed).status_code == 302


# Passwords.


def test_anothers_password_is_set_with_a_reason_alone(office, nurse):
    for reason, sentence in (("", "This field is required."), (factories.number(), "identity number")):
        assert sentence in text(set_password(office, nurse, reason=reason))
    nurse.refresh_from_db()
    assert nurse.check_password(PASSWORD)
    assert mail.outbox == []
    assert set_password(office, nurse).status_code == 302
    nurse.refresh_from_db()
    assert nurse.check_password(OTHERS)
    row = last_row(nurse)
    assert (row.acted_by, row.reason, row.password_is_anothers) == ("admin", WHY, True)
    assert set(told()) == {"nurse@example.org"}
    for words in ("admin har ändrat ditt konto", "admin has changed your account", WHY):
        assert words in told()["nurse@example.org"]
    assert OTHERS not in told()["nurse@example.org"]


def test_of_two_administrators_at_once_each_is_named_for_what_they_did(office, nurse, monkeypatch):
    other = factories.user("other", national_role="administrator")
    User.objects.filter(pk=other.pk).update(is_staff=True)
    second = Client()
    sign_in(second, "other")
    set_up_app(second)
    mail.outbox.clear()
    usual, opened = RegistryUserAdmin.get_object, []

    def find_while_another_opens_the_page(self, *asked, **more):
        if not opened:
            opened.append("now")
            opened.append(second.get(reverse("admin:auth_user_password_change", args=[nurse.pk])).status_code)
        return usual(self, *asked, **more)

    monkeypatch.setattr(RegistryUserAdmin, "get_object", find_while_another_opens_the_page)
    assert set_password(office, nurse).status_code == 302
    assert opened == ["now", 200]
    assert last_row(nurse).acted_by == "admin"
    assert "admin has changed your account" in told()["nurse@example.org"]


def test_it_has_to_be_changed_at_the_next_sign_in(office, nurse):
    secret = give_factor(nurse)
    set_password(office, nurse)
    client = Client()
    sign_in(client, password=OTHERS)
    client.post("/en/accounts/2fa/authenticate/", {"code": code_of(secret, steps=1)})
    for address in (START, "/en/clinic/infusions/new", "/admin/", "/en/accounts/2fa/"):
        assert client.get(address).headers["Location"] in {CHANGE, CHANGE.removeprefix("/en")}, address
    assert client.get("/api/v1/me").status_code == 401
    assert client.get(CHANGE).status_code == 200
    same = client.post(CHANGE, {"oldpassword": OTHERS, "password1": OTHERS, "password2": OTHERS})
    assert "Choose a different one from the one that was set for you." in text(same)
    answer = client.post(CHANGE, {"oldpassword": OTHERS, "password1": OWN, "password2": OWN})
    assert answer.status_code == 302
    assert client.get(START).status_code == 200
    assert last_row(nurse).password_is_anothers is False


@pytest.mark.parametrize("steps", [
    (set_password, remove_factor), (remove_factor, set_password), (set_password,),
    (remove_factor, set_password, set_password),
], ids=lambda steps: ", ".join(step.__name__ for step in steps))  # fmt: skip
@pytest.mark.parametrize("required", ["required", "optional"])
def test_without_the_factor_it_is_not_enough(office, nurse, settings, steps, required):
    give_factor(nurse)
    for step in steps:
        assert step(office, nurse).status_code == 302
    settings.SECOND_FACTOR = required
    client = Client()
    answer = sign_in(client, password=OTHERS)
    if steps == (set_password,):
        assert "/2fa/authenticate/" in answer.headers["Location"]
        return
    assert BY_MAIL in text(
        client.get(answer.headers["Location"], follow=True) if answer.status_code == 302 else answer
    )
    for address in (START, "/en/accounts/2fa/totp/activate/", CHANGE):
        assert client.get(address).status_code == 302
    assert client.post(CHANGE, {"oldpassword": OTHERS, "password1": OWN, "password2": OWN}).status_code != 200
    nurse.refresh_from_db()
    assert nurse.check_password(OTHERS)
    # The way on.
    settings.SECOND_FACTOR = "required"
    reset_by_mail()
    again = Client()
    sign_in(again, password=OWN)
    assert again.get(START).headers["Location"] == "/en/accounts/2fa/"
    assert again.get("/en/accounts/2fa/totp/activate/", follow=True).status_code == 200


def test_who_never_had_a_factor_is_nobody_for_the_administrator_either(office, nurse):
    set_password(office, nurse)
    client = Client()
    sign_in(client, password=OTHERS)
    for address in (START, "/en/accounts/2fa/", CHANGE):
        assert client.get(address).status_code == 302
    reset_by_mail()
    sign_in(client, password=OWN)
    assert client.get(START).headers["Location"] == "/en/accounts/2fa/"


def test_in_the_demonstration_a_first_password_has_only_to_be_changed(office, nurse, settings):
    settings.SECOND_FACTOR = "optional"
    set_password(office, nurse)
    client = Client()
    sign_in(client, password=OTHERS)
    assert client.get(START).headers["Location"].startswith(CHANGE)


def test_a_removed_factor_alone_leaves_the_own_password(office, nurse):
    give_factor(nurse)
    remove_factor(office, nurse)
    assert WHY in told()["nurse@example.org"]
    assert "second factor" in told()["nurse@example.org"]
    client = Client()
    sign_in(client)
    assert client.get(START).headers["Location"] == "/en/accounts/2fa/"
    set_up_app(client)
    assert client.get(START).status_code == 200
    assert Authenticator.objects.filter(user=nurse).exists()


def test_ones_own_password_is_changed_on_ones_own_page(office, nurse):
    admin = User.objects.get(username="admin")
    answer = office.get(reverse("admin:auth_user_password_change", args=[admin.pk]))
    assert answer.headers["Location"].endswith("/accounts/password/change/")
    assert set_password(office, admin).status_code == 302
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


def test_a_new_account_from_the_office_has_anothers_password(office, nurse):
    typed = {"username": "new", "usable_password": "true", "password1": OTHERS, "password2": OTHERS}
    assert office.post("/admin/registry/user/add/", typed).status_code == 302
    assert User.objects.get(username="new").password_is_anothers


def test_a_password_of_ones_own_is_nobody_elses(nurse):
    client = Client()
    sign_in(client)
    set_up_app(client)
    client.post(CHANGE, {"oldpassword": PASSWORD, "password1": OWN, "password2": OWN})
    nurse.refresh_from_db()
    assert nurse.check_password(OWN)
    assert not nurse.password_is_anothers


# Roles and addresses.


def form_of(office: Client, user: User) -> dict[str, str]:
    page = office.get(f"/admin/registry/user/{user.pk}/change/")
    form, sets = page.context["adminform"].form, page.context["inline_admin_formsets"]
    found = {}
    for one in (form, *(part for inline in sets for part in (inline.formset.management_form, *inline.formset))):
        for bound in one:
            value = bound.value()
            if value is True:
                found[bound.html_name] = "on"
            elif value not in {None, False}:
                found[bound.html_name] = str(value)
    for name in ("last_login", "date_joined"):
        found.pop(name, None)
    return found | {"reason": WHY}


@pytest.mark.parametrize("typed, words", [
    ({"national_role": "steward"}, "national role"), ({"is_active": ""}, "permission to sign in"),
    ({"is_staff": "on"}, "administration"), ({"email": "other@example.org"}, "e-mail address"),
    ({"memberships-0-role": "lead"}, "role at a centre"), ({"memberships-0-DELETE": "on"}, "role at a centre"),
], ids=str)  # fmt: skip
def test_what_is_changed_of_an_account_is_told_to_its_owner(office, nurse, typed, words):
    url = f"/admin/registry/user/{nurse.pk}/change/"
    sent = form_of(office, nurse) | typed
    if typed == {"is_active": ""}:
        sent.pop("is_active")
    assert "This field is required." in text(office.post(url, sent | {"reason": ""}))
    assert mail.outbox == []
    assert office.post(url, sent).status_code == 302
    expected = {"nurse@example.org", *([typed["email"]] if "email" in typed else ())}
    assert set(told()) == expected
    for body in told().values():
        assert words in body
        assert WHY in body
        assert "admin" in body
    assert "other@example.org" not in told()["nurse@example.org"]
    changed = Membership.pgh_event_model if "role at a centre" in words else User.pgh_event_model
    row = changed.objects.latest("pgh_id")
    assert (row.acted_by, row.reason) == ("admin", WHY)


def test_a_change_of_the_name_is_told_to_nobody(office, nurse):
    url = f"/admin/registry/user/{nurse.pk}/change/"
    assert office.post(url, form_of(office, nurse) | {"first_name": "Anna"}).status_code == 302
    nurse.refresh_from_db()
    assert nurse.first_name == "Anna"
    assert mail.outbox == []


def test_a_role_that_a_lead_ends_is_told_too(nurse, committed_lists, settings):
    settings.SECOND_FACTOR = "optional"
    lead = factories.user("lead", committed_lists.centres["UPP"], role="lead")
    client = Client()
    client.force_login(lead)
    membership = Membership.objects.get(user=nurse, centre__code="UPP")
    answer = client.post(f"/en/clinic/people/{membership.pk}/end", {"why": "left", "reason": ""})
    assert answer.status_code == 302
    assert "role at a centre" in told()["nurse@example.org"]
    assert "lead has changed your account" in told()["nurse@example.org"]


def test_a_mail_that_cannot_be_sent_stops_nothing_and_is_logged(office, nurse, monkeypatch, caplog):
    def no_server(*arguments, **named):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", no_server)
    assert set_password(office, nurse).status_code == 302
    nurse.refresh_from_db()
    assert nurse.check_password(OTHERS)
    assert "could not be sent" in caplog.text
    assert "nurse@example.org" not in caplog.text


def test_an_account_without_an_address_is_told_nothing(office, nurse):
    User.objects.filter(pk=nurse.pk).update(email="")
    assert set_password(office, nurse).status_code == 302
    assert mail.outbox == []


# The link by e-mail.


def ask_for_link(address: str) -> list[str]:
    """The addresses of the links that were sent for it."""
    mail.outbox.clear()
    answer = Client().post("/en/accounts/password/reset/", {"email": address})
    assert answer.headers["Location"] == "/en/accounts/password/reset/done/"
    return [link for message in mail.outbox for link in re.findall(r"https?://\S+/reset/key/\S+", message.body)]


def change_address(office: Client, user: User, address: str) -> None:
    url = f"/admin/registry/user/{user.pk}/change/"
    assert office.post(url, form_of(office, user) | {"email": address}).status_code == 302


def test_whoever_changes_the_address_has_no_link_for_three_days(office, nurse, monkeypatch):
    give_factor(nurse)
    assert len(ask_for_link("nurse@example.org")) == 1
    change_address(office, nurse, "admins-friend@example.org")
    remove_factor(office, nurse)
    changed = timezone.now()
    for wait in (timedelta(0), timedelta(days=2, hours=23)):
        monkeypatch.setattr(reset_links, "now", lambda wait=wait: changed + wait)
        assert ask_for_link("admins-friend@example.org") == []
        (body,) = told().values()
        until = timezone.localtime(changed + timedelta(days=3))
        assert f"{until:%Y-%m-%d %H:%M}" in body
        for words in ("mejladress", "e-mail address", "Ask again then"):
            assert words in body
        assert ask_for_link("nurse@example.org") == []
        assert mail.outbox == []  # as for an address of nobody
    # Neither a change of something else nor the same address in other letters begins the days anew.
    change_address(office, nurse, "Admins-Friend@example.org")
    monkeypatch.setattr(reset_links, "now", lambda: changed + timedelta(days=3, minutes=1))
    assert len(ask_for_link("admins-friend@example.org")) == 1


def test_an_address_that_is_changed_back_and_forth_waits_again(office, nurse):
    give_factor(nurse)
    change_address(office, nurse, "other@example.org")
    change_address(office, nurse, "nurse@example.org")
    assert ask_for_link("nurse@example.org") == []


def test_an_account_that_nobody_has_used_is_nobodys_to_become(office, nurse, committed_lists):
    new = factories.user("new", committed_lists.centres["UPP"], email="first@example.org")
    change_address(office, new, "right@example.org")
    assert len(ask_for_link("right@example.org")) == 1


def test_the_command_that_sets_anothers_password_says_where_that_is_done(nurse, capsys):
    with pytest.raises(CommandError, match="invite_administrator"):
        call_command("changepassword", "nurse")
    nurse.refresh_from_db()
    assert nurse.check_password(PASSWORD)

"""Sign-in: no open door, a second factor, lock-out, and what the pages tell a browser to load."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from registry.entry.accounts import reset_links
from registry.models import User
from registry.pages.accounts.adapter import FactorAdapter
from tests import factories
from tests.signing_in import PASSWORD, code_of, set_up_app, sign_in, text

START = "/en/clinic/"
PUBLIC_PAGES = ("account_login", "account_reset_password", "account_reset_password_done", "account_inactive")
OWN_PAGES = (
    "account_change_password", "account_reauthenticate", "account_logout", "mfa_index", "mfa_deactivate_totp",
    "mfa_reauthenticate", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_add_webauthn",
    "mfa_list_webauthn",
)  # fmt: skip


@pytest.fixture
def strict(settings, committed_lists):
    """The nurse where a second factor is required; commits are real, since a new factor counts from its own."""
    settings.SECOND_FACTOR = "required"
    return factories.user("nurse", committed_lists.centres["UPP"])


def addresses(name: str) -> dict[str, str]:
    with translation.override("sv"):
        bare = reverse(name)
    return {"sv": bare, "en": f"/en{bare}"}


# No other door


@pytest.mark.parametrize("address", ["signup/", "email/", "social/signup/", "social/", "oidc/siths/login/"])
def test_there_is_no_sign_up_and_no_other_door(db, address):
    for method in ("get", "post"):
        assert getattr(Client(), method)(f"/accounts/{address}").status_code == 404


@pytest.mark.parametrize("language", ["", "/en"])
def test_the_bare_address_leads_to_sign_in(db, client, language):
    assert client.get(f"{language}/accounts/").headers["Location"] == f"{language}/accounts/login/"


@pytest.mark.parametrize("name", PUBLIC_PAGES + OWN_PAGES)
def test_every_page_is_in_our_frame_and_in_both_languages(nurse, name):
    client = Client()
    if name in OWN_PAGES:
        sign_in(client)
        set_up_app(client)
    for language, address in addresses(name).items():
        response = client.get(address)
        assert response.status_code == 200
        shown = text(response)
        assert f'<html lang="{language}">' in shown
        assert 'class="skip"' in shown
        assert shown.count("<h1") == 1


def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_that_stands_in_it(nurse):
    client = Client()
    sign_in(client)
    pages = ["/admin/login/", *(addresses(name)["en"] for name in OWN_PAGES), START]
    for address in pages:
        response = client.get(address)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        if response.status_code == 200:
            shown = text(response)
            inline = re.findall(r"<script(?![^>]*(?:src=|application/json))", shown)
            assert (inline, re.findall(r"\son\w+=|\sstyle=|<style", shown)) == ([], [])


# The session


def test_a_session_ends_with_the_browser_or_the_shift_and_with_signing_out(nurse):
    client = Client()
    answer = sign_in(client)
    cookie = answer.cookies["sessionid"]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")
    kept = Session.objects.get(session_key=cookie.value)
    assert kept.expire_date - timezone.now() <= timedelta(hours=12)
    assert client.get(START).status_code == 200
    assert client.post("/en/accounts/logout/").status_code == 302
    assert client.get(START).status_code == 302
    old = Client()
    old.cookies["sessionid"] = cookie.value
    assert old.get(START).status_code == 302


def test_whoever_is_sent_to_sign_in_comes_back_and_never_elsewhere(nurse):
    assert sign_in(Client(), next_page="/en/clinic/infusions/").headers["Location"] == "/en/clinic/infusions/"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert sign_in(Client(), next_page=elsewhere).headers["Location"].startswith("/")
        assert not sign_in(Client(), next_page=elsewhere).headers["Location"].startswith("//")


def test_a_closed_account_does_not_sign_in(nurse):
    User.objects.filter(pk=nurse.pk).update(is_active=False)
    client = Client()
    sign_in(client)
    assert client.get(START).status_code == 302


def test_with_the_cache_down_people_sign_in_with_both_factors_and_are_still_locked_out(strict, cache_down):
    client = Client()
    sign_in(client)
    secret = set_up_app(client)
    cache_down()
    again = Client()
    sign_in(again)
    answer = again.post("/en/accounts/2fa/authenticate/", {"code": code_of(secret, steps=1)})
    assert answer.headers["Location"] == START
    assert again.get(START).status_code == 200
    assert Client().post("/en/accounts/password/reset/", {"email": "nurse@example.org"}).status_code == 302
    assert [sign_in(Client(), password="wrong").status_code for _attempt in range(5)][-1] == 429


# Lock-out


def test_a_wrong_password_is_not_told_as_something_to_be_stored(nurse, lists):
    answer = text(sign_in(Client(), password="wrong"))
    assert "<h2>You are not signed in</h2>" in answer and "Not stored" not in answer


def test_five_failures_close_the_name_also_to_the_right_password(nurse, lists):
    factories.user("other", lists.centres["UPP"])
    answers = [sign_in(Client(), password="wrong") for _attempt in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    locked = sign_in(Client())
    assert locked.status_code == 429
    assert locked.headers["Retry-After"] == "900"
    assert "closed for 15 minutes" in text(locked)
    assert sign_in(Client(), name="other").status_code == 302
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(Client()).status_code == 302


def test_a_name_is_counted_alike_however_it_is_written(nurse):
    for name in ("nurse", "Nurse", "NURSE", " nurse", "nurSe"):
        answer = sign_in(Client(), name=name, password="wrong")
    assert answer.status_code == 429


def test_a_name_that_is_none_is_locked_alike(nurse):
    def attempts(name):
        return [text(sign_in(Client(), name=name, password="wrong")) for _attempt in range(6)]

    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    theirs, nobodys = ([token.sub("", page) for page in attempts(name)] for name in ("nurse", "xurse"))
    assert [page.replace("xurse", "nurse") for page in nobodys] == theirs


@pytest.mark.parametrize("typed", [
    factories.number(), factories.number().replace("-", ""), "19700615-980", "700615 9804",
    "reserve:22950606-FH20", "22950606FH20", "local:anna.andersson", "Anna Andersson", "my secret password",
])  # fmt: skip
def test_what_is_nobodys_name_is_not_kept(nurse, typed):
    """Nor is what a request says of itself: the page that one was on the way to, the program, what it takes."""
    client = Client(headers={"user-agent": typed, "accept": typed})
    for _attempt in range(2):
        client.post(
            f"/en/accounts/login/?next=/en/clinic/?q={typed}&{typed}=1", {"login": typed, "password": typed}
        )
    sign_in(client)
    kept = AccessAttempt.objects.exclude(username="nurse").get()
    assert kept.failures_since_start == 2
    tables = [*AccessAttempt.objects.values(), *AccessLog.objects.values(), *AccessFailureLog.objects.values()]
    assert len(tables) == 4  # of two names, and of two attempts
    told = " ".join(str(value) for row in tables for value in row.values()).casefold()
    assert typed.casefold() not in told and quote(typed).casefold() not in told


def test_names_that_are_nobodys_are_counted_each_by_itself(nurse):
    for name in ("one", "other", "ONE", " one "):
        sign_in(Client(), name=name, password="wrong")
    assert sorted(AccessAttempt.objects.values_list("failures_since_start", flat=True)) == [1, 3]


def test_signing_in_to_the_admin_goes_the_same_way(nurse):
    answer = Client().get("/admin/", follow=True)
    assert answer.resolver_match.url_name == "account_login"
    assert Client().post("/admin/login/", {"username": "nurse", "password": PASSWORD}).status_code == 302
    client = Client()
    client.post("/admin/login/", {"username": "nurse", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


# The second factor


def test_a_password_alone_opens_nothing(strict):
    User.objects.filter(pk=strict.pk).update(is_staff=True, national_role="administrator")
    client = Client(headers={"accept-language": "en"})
    sign_in(client)
    for address in (START, "/en/clinic/infusions/", "/admin/", "/admin/registry/infusion/"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/en/accounts/2fa/")
        assert client.post(address).status_code == 302
    set_up_app(client)
    assert client.get(START).status_code == 200
    assert client.get("/admin/").status_code == 200


def test_a_password_alone_is_no_session_to_the_interface(strict):
    client = Client()
    sign_in(client)
    assert client.get("/api/v1/me").status_code == 401
    set_up_app(client)
    assert client.get("/api/v1/me").status_code == 200


def test_a_session_from_before_the_factor_stays_outside(strict):
    thief, owner = Client(), Client()
    sign_in(thief)
    sign_in(owner)
    set_up_app(owner)
    assert owner.get(START).status_code == 200
    answer = thief.post("/en/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.headers["Location"].startswith("/en/accounts/login/")
    thief.post("/en/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=strict, type="totp").exists()
    assert thief.get(START).status_code == 302


def test_the_next_sign_in_asks_for_the_code_and_takes_it_once(strict):
    owner = Client()
    sign_in(owner)
    secret = set_up_app(owner)
    client = Client()
    answer = sign_in(client, next_page="/en/clinic/infusions/")
    assert answer.headers["Location"] == "/en/accounts/2fa/authenticate/"
    assert client.get(START).status_code == 302
    code = code_of(secret, steps=1)  # the code of now has been used to set the app up
    answer = client.post("/en/accounts/2fa/authenticate/", {"code": code})
    assert answer.headers["Location"] == "/en/clinic/infusions/"
    assert client.get(START).status_code == 200
    again = Client()
    sign_in(again)
    assert "Incorrect code" in text(again.post("/en/accounts/2fa/authenticate/", {"code": code}))


def test_a_recovery_code_opens_once(strict):
    owner = Client()
    sign_in(owner)
    set_up_app(owner)
    shown = text(owner.get("/en/accounts/2fa/recovery-codes/"))
    code = re.findall(r"\b\d{8}\b", shown)[0]
    for expected in (302, 200):
        client = Client()
        sign_in(client)
        answer = client.post("/en/accounts/2fa/authenticate/", {"code": code})
        assert answer.status_code == expected


def test_codes_cannot_be_tried_without_end(strict):
    owner = Client()
    sign_in(owner)
    secret = set_up_app(owner)
    client = Client()
    sign_in(client)
    for _attempt in range(5):
        client.post("/en/accounts/2fa/authenticate/", {"code": "000000"})
    answer = client.post("/en/accounts/2fa/authenticate/", {"code": code_of(secret, steps=1)})
    assert answer.status_code == 200
    assert "Too many failed login attempts" in text(answer)


def test_what_makes_the_codes_is_sealed_in_the_database(nurse, settings):
    owner = Client()
    sign_in(owner)
    secret = set_up_app(owner)
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in kept
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of more than fifty characters, made up for this test"
    assert FactorAdapter().decrypt(kept) == secret


# Passwords


def test_a_new_password_comes_by_mail_and_needs_the_second_factor_still(nurse, monkeypatch):
    User.objects.filter(pk=nurse.pk).update(email="nurse@example.org")
    monkeypatch.setattr(reset_links, "WAITS", timedelta(0))
    owner = Client()
    sign_in(owner)
    secret = set_up_app(owner)
    mail.outbox.clear()
    client = Client()
    client.post("/en/accounts/password/reset/", {"email": "nurse@example.org"})
    (link,) = re.findall(r"https?://\S+", mail.outbox[0].body)
    page = client.get(link, follow=True)
    new = {"password1": "björk-gren-7", "password2": "björk-gren-7"}
    assert client.post(page.request["PATH_INFO"], new).status_code == 302
    assert sign_in(Client()).status_code == 200  # the old one
    again = Client()
    assert sign_in(again, password="björk-gren-7").headers["Location"] == "/en/accounts/2fa/authenticate/"
    answer = again.post("/en/accounts/2fa/authenticate/", {"code": code_of(secret, steps=1)})
    assert answer.status_code == 302


def test_asking_for_a_password_does_not_tell_who_has_an_account(nurse, monkeypatch):
    User.objects.filter(pk=nurse.pk).update(email="nurse@example.org")

    def no_server(*arguments, **named):
        raise ConnectionRefusedError

    for send in (None, no_server):
        if send:
            monkeypatch.setattr("django.core.mail.EmailMessage.send", send)
        answers = {
            (answer.status_code, answer.headers["Location"])
            for email in ("nurse@example.org", "nobody@example.org")
            if (answer := Client().post("/en/accounts/password/reset/", {"email": email}))
        }
        assert answers == {(302, "/en/accounts/password/reset/done/")}
    assert len(mail.outbox) == 1


# A lost factor


def test_an_administrator_removes_a_lost_factor_with_a_reason_in_the_history(strict):
    owner = Client()
    sign_in(owner)
    set_up_app(owner)
    admin = factories.user("admin", national_role="administrator")
    User.objects.filter(pk=admin.pk).update(is_staff=True)
    office = Client(headers={"accept-language": "en"})
    sign_in(office, "admin")
    set_up_app(office)
    address = f"/admin/registry/user/{strict.pk}/second-factor/"
    assert address in text(office.get(f"/admin/registry/user/{strict.pk}/change/"))
    for typed, sentence in (({}, "This field is required."), ({"reason": factories.number()}, "identity number")):
        assert sentence in text(office.post(address, typed))
    assert Authenticator.objects.filter(user=strict).count() == 2
    assert office.post(address, {"reason": "Lost the phone, known by voice"}).status_code == 302
    assert not Authenticator.objects.filter(user=strict).exists()
    assert "Lost the phone, known by voice" in text(office.get(f"/admin/registry/user/{strict.pk}/history/"))
    row = User.pgh_event_model.objects.filter(pgh_obj=strict).latest("pgh_id")
    assert (row.acted_by, row.reason) == ("admin", "Lost the phone, known by voice")
    again = Client()
    sign_in(again)
    assert again.get(START).headers["Location"] == "/en/accounts/2fa/"


def test_nobody_else_removes_a_factor(strict, settings):
    settings.SECOND_FACTOR = "optional"
    owner = Client()
    sign_in(owner)
    set_up_app(owner)
    for name, role in (("steward", "steward"), ("superuser", "")):
        user = factories.user(name, national_role=role)
        User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=not role)
        browser = Client()
        browser.force_login(user)
        answer = browser.post(f"/admin/registry/user/{strict.pk}/second-factor/", {"reason": "x"})
        assert answer.status_code == 403
    assert Authenticator.objects.filter(user=strict).count() == 2


# Where there is a proxy, and what an operator does


def test_behind_the_proxy_one_who_asks_too_often_shuts_nobody_else_out(nurse, settings):
    settings.PROXIES = 1
    attacker = {"x-forwarded-for": "10.9.9.9, 203.0.113.7"}
    answers = [sign_in(Client(headers=attacker), name=f"n{place}", password="wrong") for place in range(31)]
    assert answers[-1].status_code == 429
    assert "Too many attempts" in text(answers[-1])
    for _attempt in range(6):
        sign_in(Client(headers={"x-forwarded-for": "203.0.113.8"}), password="wrong")
    assert sign_in(Client(headers={"x-forwarded-for": "203.0.113.9"})).status_code == 302


def test_an_operator_opens_a_name_at_once(nurse, manage):
    for _attempt in range(6):
        locked = sign_in(Client(), password="wrong")
    assert locked.status_code == 429
    assert manage("axes_reset_username", "nurse")[0] == 0
    assert sign_in(Client()).status_code == 302

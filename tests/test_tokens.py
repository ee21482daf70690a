"""Tokens: made in the page and by command, shown once, kept as digests, revoked by their owners."""

import hashlib
import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from registry.access import Operator
from registry.choices import Scope
from registry.entry.accounts.tokens import TokenInvalid, create_token, revoke_token, use_token
from registry.errors import IdentifierInText, NotFound, NotPermitted
from registry.models import Token
from tests import factories

NUMBER = factories.number()
PAGE = "/en/clinic/tokens/"
FORM = {"name": "Journal", "scope": "write", "days": "90"}
SHOWN = re.compile(r"<code>(swecar_[\w-]{43})</code>")


@pytest.fixture
def client(nurse) -> Client:
    client = Client()
    client.force_login(nurse)
    return client


def make(owner, **fields) -> tuple[Token, str]:
    return create_token(**({"owner": owner, "name": "n", "scope": Scope.READ, "days": 30, "by": owner} | fields))


def text(response) -> str:
    return response.content.decode()


def test_a_token_is_shown_once_and_works_at_once(client, nurse):
    page = client.post(PAGE, FORM)
    shown = SHOWN.search(text(page))[1]
    token = Token.objects.get()
    assert (token.owner, token.name, token.scope) == (nurse, "Journal", "write")
    assert abs(token.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    assert page["Cache-Control"].count("no-store") == 1
    answer = Client().get("/api/v1/me", headers={"authorization": f"Token {shown}"})
    assert answer.json()["username"] == "nurse"
    assert shown not in text(client.get(PAGE))


def test_the_registry_keeps_a_digest_and_nothing_else(client):
    shown = SHOWN.search(text(client.post(PAGE, FORM)))[1]
    assert bytes(Token.objects.get().digest) == hashlib.sha256(shown.encode()).digest()
    with connection.cursor() as cursor:
        for table in ("registry_token", "registry_tokenhistory", "django_session"):
            cursor.execute(f"SELECT coalesce(string_agg(kept::text, ' '), '') FROM {table} AS kept")
            assert shown.removeprefix("swecar_") not in cursor.fetchone()[0]


def test_a_revoked_token_opens_nothing_any_more(client, nurse):
    token, shown = make(nurse)
    assert use_token(shown) == token
    answer = client.post(f"{PAGE}{token.pk}/revoke", follow=True)
    assert "The token n is revoked." in text(answer)
    with pytest.raises(TokenInvalid):
        use_token(shown)
    first = Token.objects.get().revoked_at
    client.post(f"{PAGE}{token.pk}/revoke")
    assert Token.objects.get().revoked_at == first


def test_anothers_token_and_a_made_up_one_are_one_and_the_same(client, lists):
    colleague = factories.user("colleague", lists.centres["UPP"])
    token, shown = make(colleague, name="Colleagues")
    answers = [client.post(f"{PAGE}{key}/revoke") for key in (token.pk, 2**40)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert "Colleagues" not in text(client.get(PAGE))
    assert use_token(shown) == token


@pytest.mark.parametrize("wrong, sentence", [
    ({"name": ""}, "This field is required."), ({"name": " "}, "This field is required."),
    ({"name": "x" * 61}, "at most 60 characters"), ({"name": "a\x00"}, "Null characters are not allowed."),
    ({"name": f"of {NUMBER}"}, "This looks like an identity number."), ({"scope": ""}, "This field is required."),
    ({"scope": "<script>"}, "Choose one from the list."), ({"days": ""}, "This field is required."),
    ({"days": "36500"}, "Choose one from the list."), ({"days": "<script>"}, "Choose one from the list."),
], ids=str)  # fmt: skip
def test_a_wrong_field_gets_a_sentence_and_makes_nothing(client, wrong, sentence):
    page = text(client.post(PAGE, FORM | wrong))
    (field,) = wrong
    assert re.search(rf'id="id_{field}_error">[^<]*{sentence}', page), page
    assert page.count(sentence) == 2  # in the summary too
    assert "<script>" not in page.replace("<script ", "")
    assert NUMBER not in page
    assert field == "name" or 'value="Journal"' in page
    assert not Token.objects.exists()


def test_whoever_is_not_signed_in_sees_no_page(db):
    assert Client().get(PAGE).status_code == 302
    assert Client().post(PAGE, FORM).status_code == 401
    assert not Token.objects.exists()


def test_the_number_of_queries_of_the_page_does_not_grow(client, nurse, django_assert_num_queries, purpose_known):
    make(nurse)
    with django_assert_num_queries(8):
        client.get(PAGE)
    for _once in range(5):
        make(nurse)
    with django_assert_num_queries(8):
        client.get(PAGE)


def test_only_an_operator_or_administrator_makes_anothers_token(lists, nurse):
    colleague = factories.user("colleague", lists.centres["UPP"], role="lead")
    with pytest.raises(NotPermitted):
        make(nurse, by=colleague)
    for by in (Operator(), factories.user("admin", national_role="administrator")):
        token, _shown = make(nurse, by=by)
        assert Token.pgh_event_model.objects.get(pgh_obj_id=token.pk).acted_by == by.username


def test_what_makes_no_token(nurse):
    for days in (0, 366):
        with pytest.raises(ValueError, match="1 to 365"):
            make(nurse, days=days)
    with pytest.raises(IdentifierInText):
        make(nurse, name=NUMBER)
    with pytest.raises(NotFound):
        revoke_token(token_id=1, by=nurse)
    with pytest.raises(IntegrityError), transaction.atomic():
        Token.objects.create(owner=nurse, scope="all", digest=b"2", expires_at=timezone.now() + timedelta(days=1))
    assert not Token.objects.exists()


def test_two_tokens_are_never_the_same(nurse):
    assert len({make(nurse)[1] for _once in range(20)}) == 20


# create_token


@pytest.mark.parametrize("options, days", [((), 90), (("--days", 7), 7)])
def test_the_command_prints_a_token_and_nothing_else(nurse, manage, options, days):
    code, out, err = manage("create_token", "nurse", "--scope", "read", *options)
    assert (code, err) == (0, "")
    token = use_token(out.strip())
    assert (token.owner, token.scope) == (nurse, "read")
    assert abs(token.expires_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)
    assert Token.pgh_event_model.objects.first().acted_by == "operator"


@pytest.mark.parametrize("arguments, code", [
    (("nobody", "--scope", "read"), 1), (("closed", "--scope", "read"), 1), (("nurse",), 2),
    (("nurse", "--scope", "all"), 2), (("nurse", "--scope", "read", "--days", "0"), 2),
    (("nurse", "--scope", "read", "--days", "366"), 2), (("nurse", "--scope", "read", "--days", "x"), 2), ((), 2),
    (("nurse", "--scope", "read", "--surprise"), 2),
], ids=str)  # fmt: skip
def test_the_command_says_why_it_makes_none(nurse, manage, arguments, code):
    closed = factories.user("closed")
    closed.is_active = False
    closed.save()
    found, out, err = manage("create_token", *arguments)
    assert (found, out) == (code, "")
    assert err
    assert code == 2 or err == "CommandError: There is no such user, or the user may not sign in.\n"
    assert not Token.objects.exists()


# In a browser


@pytest.mark.browser
@pytest.mark.parametrize("language, name", [("sv", "Skapa nyckeln"), ("en", "Create the token")])
def test_a_token_is_made_by_keyboard_at_390_pixels_without_javascript(
    committed_lists, live_server, chromium, language, name
):
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    signed_in = Client()
    signed_in.force_login(nurse)
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    cookie = {"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    with override(language):
        page.goto(live_server.url + reverse("clinic:tokens"))
    page.locator("#id_name").focus()
    page.keyboard.type("Journalen")
    page.locator(f'button:text-is("{name}")').focus()
    page.keyboard.press("Enter")
    assert re.match(r"swecar_", page.locator("code").inner_text())
    width = page.locator("main").evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390
    context.close()


@pytest.mark.browser
def test_axe_finds_nothing_on_the_page(committed_lists, live_server, chromium):
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    token, _shown = make(nurse)
    make(nurse)
    revoke_token(token_id=token.pk, by=nurse)
    signed_in = Client()
    signed_in.force_login(nurse)
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    cookie = {"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(live_server.url + PAGE)
    assert Axe().run(page).response["violations"] == []
    page.locator("main form.stack button").click()
    page.locator("#errors").wait_for()
    assert Axe().run(page).response["violations"] == []
    page.fill("#id_name", "Journalen")
    page.locator("main form.stack button").click()
    page.locator("code").wait_for()
    assert Axe().run(page).response["violations"] == []
    context.close()

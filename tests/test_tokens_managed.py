"""Tokens that are bound to networks and days, and that leads and administrators see and end."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from registry.access import Operator
from registry.choices import Scope
from registry.entry.accounts.tokens import TokenInvalid, create_token, read_networks, use_token
from registry.models import Token
from tests import factories

PEOPLE, MINE = "/en/clinic/people/", "/en/clinic/tokens/"
FORM = {"name": "Journal", "scope": "write", "days": "90", "networks": ""}


def make(owner, name="n", **fields) -> tuple[Token, str]:
    given = {"name": name, "scope": Scope.WRITE, "days": 30, "by": Operator()}
    return create_token(owner=owner, **(given | fields))


def ask(text: str, **headers) -> int:
    return Client(**headers).get("/api/v1/me", headers={"authorization": f"Token {text}"}).status_code


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


# Networks.


@pytest.mark.parametrize("networks, inside, outside", [
    ("10.1.0.0/16", ("10.1.0.0", "10.1.255.255"), ("10.2.0.0", "10.0.255.255", "::ffff:10.2.0.1", "")),
    ("192.0.2.7, 10.1.2.3/16", ("192.0.2.7", "10.1.9.9"), ("192.0.2.8", "2001:db8::1")),
    ("2001:db8::/32", ("2001:db8::1", "2001:db8:ffff::"), ("2001:db9::1", "10.1.0.1")),
    ("", ("10.2.0.0", "2001:db8::1", ""), ()),
])  # fmt: skip
def test_a_token_is_taken_from_its_networks_alone(nurse, networks, inside, outside):
    token, shown = make(nurse, networks=networks)
    for address in inside:
        assert use_token(shown, address=address) == token
    for address in outside:
        with pytest.raises(TokenInvalid):
            use_token(shown, address=address)


def test_outside_them_it_is_like_one_that_is_made_up(nurse, settings):
    _token, shown = make(nurse, networks="192.0.2.0/24")
    assert ask(shown, REMOTE_ADDR="192.0.2.9") == 200
    answers = [
        Client(REMOTE_ADDR="198.51.100.1").get("/api/v1/me", headers={"authorization": f"Token {one}"})
        for one in (shown, "swecar_" + "x" * 43)
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].content == answers[1].content
    # A header that a proxy is to set means nothing where there is none.
    assert ask(shown, REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR="192.0.2.9") == 401
    settings.PROXIES = 1
    assert ask(shown, REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR="203.0.113.1, 192.0.2.9") == 200
    assert ask(shown, REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR="192.0.2.9, 203.0.113.1") == 401


def test_a_refused_use_is_not_noted(nurse):
    token, shown = make(nurse, networks="192.0.2.0/24")
    ask(shown, REMOTE_ADDR="198.51.100.1")
    token.refresh_from_db()
    assert (token.last_used_at, token.last_used_from) == (None, None)
    ask(shown, REMOTE_ADDR="192.0.2.9")
    token.refresh_from_db()
    assert token.last_used_at
    assert token.last_used_from == "192.0.2.9"


def test_networks_are_stored_as_they_are_meant():
    assert (
        read_networks(" 10.1.2.3/16,192.0.2.7  2001:DB8::1/32 10.1.0.0/16")
        == "10.1.0.0/16 192.0.2.7/32 2001:db8::/32"
    )
    for wrong in (
        "10.1.0.0/33",
        "10.1",
        "upp.example",
        "10.1.0.0/16;192.0.2.7",
        " ".join(f"10.0.0.{n}" for n in range(21)),
    ):
        with pytest.raises(ValueError):
            read_networks(wrong)


# Days.


def test_a_token_that_writes_lasts_90_days_at_most(nurse, settings):
    make(nurse, days=90)
    make(nurse, days=365, scope=Scope.READ)
    with pytest.raises(ValueError, match="1 to 90"):
        make(nurse, days=91)
    settings.TOKEN_DAYS = 7
    with pytest.raises(ValueError, match="1 to 7"):
        make(nurse, days=8)
    settings.TOKEN_DAYS = 4000
    with pytest.raises(ValueError, match="1 to 365"):
        make(nurse, days=366)


@pytest.mark.parametrize("wrong, field, sentence", [
    ({"days": "180"}, "days", "A token that may write is valid for 90 days at most."),
    ({"networks": "upp.example"}, "networks", "Write at most 20 addresses or networks"),
    ({"networks": "1" * 1001}, "networks", "at most 1000 characters"),
])  # fmt: skip
def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(nurse, wrong, field, sentence):
    client = signed_in(nurse)
    page = text(client.post(MINE, FORM | wrong))
    assert re.search(rf'id="id_{field}_error">[^<]*{sentence}', page)
    assert 'value="Journal"' in page
    assert not Token.objects.exists()
    assert "has been created" in text(client.post(MINE, FORM | {"days": "180", "scope": "read"}))
    assert "has been created" in text(client.post(MINE, FORM | {"networks": "10.1.2.3/16 192.0.2.7"}))
    assert "10.1.0.0/16 192.0.2.7/32" in text(client.get(MINE))


def test_the_command_refuses_alike(nurse, capsys):
    for words, said in ((["--days", "91"], "1 to 90"), (["--networks", "upp.example"], "upp.example")):
        with pytest.raises(CommandError, match=said) as refused:
            call_command("create_token", "nurse", "--scope", "write", *words)
        assert refused.value.returncode == 2
    call_command("create_token", "nurse", "--scope", "write", "--networks", "10.1.0.0/16")
    assert Token.objects.get().networks == "10.1.0.0/16"
    call_command("create_token", "nurse", "--scope", "read", "--days", "365")


# Seen and ended by others.


@pytest.fixture
def everyone(lists, nurse):
    """Tokens of people in two centres and of nobody's centre, one of them ended."""
    stockholm = factories.user("stockholm", lists.centres["STO"])
    both = factories.user("both", lists.centres["UPP"], lists.centres["STO"])
    steward = factories.user("steward", national_role="steward")
    for owner, name in ((nurse, "of-nurse"), (stockholm, "of-sto"), (both, "of-both"), (steward, "of-steward")):
        make(owner, name, networks="192.0.2.0/24" if owner == nurse else "")
    make(nurse, "ended")
    Token.objects.filter(name="ended").update(revoked_at="2026-01-01T00:00Z")
    _token, shown = make(nurse, "of-use")
    ask(shown, REMOTE_ADDR="192.0.2.9")
    return {token.name: token for token in Token.objects.all()}


def seen(client) -> set[str]:
    page = client.get(PEOPLE)
    assert page.status_code == 200
    return set(re.findall(r"<td>(of-\w+|ended)</td>", text(page)))


def test_a_lead_sees_those_of_the_own_centre_and_an_administrator_all(lists, everyone):
    lead = signed_in(factories.user("lead", lists.centres["UPP"], role="lead"))
    assert seen(lead) == {"of-nurse", "of-both", "of-use"}
    page = text(lead.get(PEOPLE))
    assert "192.0.2.9" in page
    assert "192.0.2.0/24" in page
    assert "read and write" in page
    admin = signed_in(factories.user("admin", national_role="administrator"))
    assert seen(admin) == {"of-nurse", "of-sto", "of-both", "of-steward", "of-use"}
    assert signed_in(everyone["of-nurse"].owner).get(PEOPLE).status_code in {403, 404}


def test_they_end_them_with_their_name_in_the_history(lists, everyone):
    lead = signed_in(factories.user("lead", lists.centres["UPP"], role="lead"))
    answers = [
        lead.post(f"{MINE}{key}/revoke") for key in (everyone["of-sto"].pk, everyone["of-steward"].pk, 2**40)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    answer = lead.post(f"{MINE}{everyone['of-both'].pk}/revoke", follow=True)
    assert answer.redirect_chain == [(PEOPLE, 302)]
    assert "The token of-both is revoked." in text(answer)
    assert seen(lead) == {"of-nurse", "of-use"}
    row = Token.pgh_event_model.objects.filter(name="of-both").latest("pgh_id")
    assert row.acted_by == "lead"
    assert row.revoked_at


def test_a_colleague_ends_none(everyone):
    client = signed_in(everyone["of-both"].owner)
    assert client.post(f"{MINE}{everyone['of-nurse'].pk}/revoke").status_code == 404
    assert Token.objects.get(name="of-nurse").revoked_at is None

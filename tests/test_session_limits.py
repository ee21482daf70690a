"""A session ends when nothing is done for half an hour, and twelve hours after the sign-in; nothing is lost."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from registry.pages.accounts import session_limits
from tests import factories
from tests.signing_in import PASSWORD, sign_in

START, NEW, LEFT = "/en/clinic/", "/en/clinic/infusions/new", "/en/clinic/session"
MINUTE, HOUR = 60, 3600


class Clock:
    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(session_limits, "clock", clock)
    return clock


@pytest.fixture
def client(clock, nurse) -> Client:
    client = Client()
    sign_in(client)
    assert is_signed_in(client)
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(START).status_code == 200


def text(response) -> str:
    return response.content.decode()


def test_after_half_an_hour_without_a_request_one_is_signed_out(client, clock):
    clock.pass_(30 * MINUTE - 1)
    assert is_signed_in(client)
    clock.pass_(30 * MINUTE + 1)
    answer = client.get(f"{START}?page=2")
    assert answer.headers["Location"].startswith("/en/accounts/login/?next=/en/clinic/")
    assert not is_signed_in(client)
    assert "nothing was done for 30 minutes" in text(client.get("/en/accounts/login/"))


def test_whoever_goes_on_stays_until_twelve_hours_after_the_sign_in(client, clock):
    for _half_hour in range(24):
        clock.pass_(29 * MINUTE)
        assert is_signed_in(client)
    clock.pass_(24 * MINUTE - 1)
    assert is_signed_in(client)
    clock.pass_(1)
    assert not is_signed_in(client)
    assert "12 hours after the sign-in" in text(client.get("/en/accounts/login/"))


def test_a_password_that_is_asked_for_again_does_not_move_it(client, clock):
    for _hour in range(23):
        clock.pass_(29 * MINUTE)
        client.post("/en/accounts/reauthenticate/", {"password": PASSWORD})
    assert is_signed_in(client)
    clock.pass_(29 * MINUTE)
    assert is_signed_in(client)
    clock.pass_(29 * MINUTE)
    assert not is_signed_in(client)


def test_a_new_sign_in_begins_anew(client, clock):
    clock.pass_(11 * HOUR)
    assert not is_signed_in(client)
    sign_in(client)
    clock.pass_(29 * MINUTE)
    assert is_signed_in(client)


def test_the_ended_session_is_of_no_use_with_its_old_cookie(client, clock, nurse):
    stolen = client.cookies["sessionid"].value
    clock.pass_(31 * MINUTE)
    assert not is_signed_in(client)
    clock.pass_(-10 * MINUTE)  # even if the clock went back
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert not is_signed_in(thief)
    assert not Session.objects.filter(session_key=stolen).exists()


@pytest.mark.parametrize("name, value, seconds", [
    ("SESSION_IDLE_MINUTES", 5, 5 * MINUTE), ("SESSION_HOURS", 1, HOUR),
])  # fmt: skip
def test_both_are_settings(client, clock, settings, name, value, seconds):
    settings.SESSION_IDLE_MINUTES = 600
    setattr(settings, name, value)
    clock.pass_(seconds)
    assert not is_signed_in(client)


def test_what_is_typed_comes_back_with_the_form(client, clock):
    clock.pass_(31 * MINUTE)
    answer = client.post(NEW, {"batch": "B-å-1", "centre": "UPP"})
    assert answer.status_code == 401
    assert 'name="batch" value="B-å-1"' in text(answer)


def test_the_api_and_the_admin_end_alike(clock, lists):
    factories.user("lead", lists.centres["UPP"], role="lead")
    client = Client()
    sign_in(client, "lead")
    assert client.get("/api/v1/me").status_code == 200
    clock.pass_(31 * MINUTE)
    assert client.get("/api/v1/me").status_code == 401


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(client, clock):
    for _minute in range(29):
        clock.pass_(MINUTE)
        assert client.get(START, headers={"hx-request": "true"}).status_code == 200
    clock.pass_(2 * MINUTE)
    assert not is_signed_in(client)


# The warning.


def test_a_page_can_ask_how_long_it_lasts_without_lengthening_it(client, clock):
    for minutes in (5, 15, 28):
        clock.now = 1_700_000_000.0 + minutes * MINUTE
        answer = client.get(LEFT)
        assert answer.json() == {"seconds": (30 - minutes) * MINUTE}
        assert "no-store" in answer["Cache-Control"]
    clock.now = 1_700_000_000.0 + 31 * MINUTE
    assert client.get(LEFT).status_code == 401


def test_who_presses_the_button_stays(client, clock):
    clock.pass_(29 * MINUTE)
    assert client.post(LEFT).json() == {"seconds": 30 * MINUTE}
    clock.pass_(29 * MINUTE)
    assert is_signed_in(client)


def test_near_the_twelve_hours_the_page_is_told_of_these(client, clock):
    for _turn in range(25):
        clock.pass_(28 * MINUTE)
        assert is_signed_in(client)
    assert client.post(LEFT).json() == {"seconds": 12 * HOUR - 25 * 28 * MINUTE}


def test_the_pages_say_when_to_warn(client):
    page = text(client.get(START))
    assert 'data-seconds="1740"' in page
    assert "hidden" in page.split('id="session-warning"')[1].split(">")[0]


def test_use_is_noted_once_a_minute(client, clock, django_assert_num_queries):
    clock.pass_(MINUTE + 1)
    is_signed_in(client)
    seen = Session.objects.get().get_decoded()[session_limits.SEEN]
    assert seen == clock.now
    clock.pass_(MINUTE - 1)
    is_signed_in(client)
    assert Session.objects.get().get_decoded()[session_limits.SEEN] == seen

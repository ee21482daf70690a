"""A release tells of each file while it is made; it is created at the end, once, or not at all, and says which."""

import os
import signal
from collections.abc import Callable
from http.client import HTTPConnection, IncompleteRead
from urllib.parse import urlencode

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections

from registry.formats import MAP_FORMATS
from registry.models import Release, ReleasedInfusion, ReleaseFile
from registry.publishing import new_release, release_files
from registry.publishing.publish import publish
from swecar.local.ports import find_free_port
from tests import factories
from tests.browsing import LANGUAGES, WIDTH_OF, follow, look
from tests.browsing import sign_in as sign_in_there
from tests.desk import address, sign_in, text
from tests.test_role_processes import healthy, start
from tests.working import kill, wait_for

FIELDS = {"name": "autumn", "title_sv": "Hösten", "title_en": "Autumn"}
IS_CREATED = "The release autumn has been created."
committed = pytest.mark.django_db(transaction=True)
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(request, monkeypatch, steward):
    """The steward, where the current snapshot holds an infusion; quick files only."""
    quick = {name: MAP_FORMATS[name] for name in ("json", "csv")}
    monkeypatch.setattr(release_files, "MAP_FORMATS", quick)
    factories.record(request.getfixturevalue("lists"))
    publish()
    return sign_in(steward)


def nothing_is_stored() -> bool:
    return not any(model.objects.exists() for model in (Release, ReleaseFile, ReleasedInfusion))


def test_each_file_is_told_as_it_is_made_and_the_release_at_the_end(client):
    parts = map(bytes.decode, client.post(address("releases"), FIELDS))
    begin = next(parts)
    assert "nothing is created, and you can send the form again" in begin and IS_CREATED not in begin
    for place, file in enumerate(("sv.json", "sv.csv", "en.json", "en.csv"), start=1):
        assert f"<li>{place} of 4: swecar-autumn-{file} (" in next(parts)
        assert nothing_is_stored()
    rest = "".join(parts)
    assert IS_CREATED in rest and "/en/releases/autumn/" in rest and rest.rstrip().endswith("</html>")
    assert ReleaseFile.objects.count() == 4


def test_it_is_told_in_the_language_of_the_page(client):
    told = b"".join(client.post(address("releases").removeprefix("/en"), FIELDS)).decode()
    assert "1 av 4" in told and "Utgåvan autumn är skapad." in told


def test_a_second_press_makes_no_second_release(client):
    first, second = (iter(client.post(address("releases"), FIELDS)) for _press in range(2))
    assert IS_CREATED in b"".join(first).decode()
    told = b"".join(second).decode()
    assert "The release is not created" in told and "There is already a release with this name" in told
    assert Release.objects.count() == 1
    assert "There is already a release with this name" in text(client.post(address("releases"), FIELDS))


def test_who_goes_away_leaves_nothing(client, monkeypatch):
    monkeypatch.setattr(request_finished, "send", lambda **_of: None)  # closes the test's connection
    response = client.post(address("releases"), FIELDS)
    parts = iter(response)
    assert "1 of 4" in (next(parts) + next(parts)).decode()
    response.close()
    assert b"".join(parts) == b"" and nothing_is_stored()


def test_a_snapshot_published_meanwhile_is_told(client, lists):
    parts = iter(client.post(address("releases"), FIELDS))
    next(parts)
    factories.record(lists, factories.nth_number(7))
    told = b"".join(parts).decode()
    assert "The release is not created" in told and "The records have changed" in told
    assert nothing_is_stored()


@pytest.mark.parametrize("step", ["write_map", "keep_released"])
def test_a_fault_is_told_and_logged_and_leaves_nothing(client, monkeypatch, caplog, step):
    def fail(*_what: object, **_how: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(release_files if step == "write_map" else new_release, step, fail)
    told = b"".join(client.post(address("releases"), FIELDS)).decode()
    assert "Something went wrong" in told and IS_CREATED not in told and told.rstrip().endswith("</html>")
    assert "The release autumn was broken off." in caplog.text
    assert nothing_is_stored()


@committed
def test_a_server_that_dies_on_the_way_leaves_nothing_and_the_page_has_said_so(committed_lists):
    """With a real web server, and every format: a part of the page is there while the rest is made."""
    factories.record(committed_lists)
    publish()
    session = sign_in(factories.user("steward", national_role="steward")).cookies["sessionid"].value
    port = find_free_port()
    process = start("clinic", PORT=str(port))
    try:
        wait_for(lambda: healthy("clinic", PORT=str(port)), "a web server that responds")
        response = send(port, session)
        told = read_until(response, lambda told: "<li>2 of " in told)
        assert "nothing is created, and you can send the form again" in told and IS_CREATED not in told
        os.killpg(process.pid, signal.SIGKILL)
        with pytest.raises((IncompleteRead, ConnectionError)):
            told += response.read().decode()
        assert IS_CREATED not in told
        process.wait(timeout=60)
    finally:
        kill(process)
    close_old_connections()
    assert nothing_is_stored()


@pytest.mark.browser
@pytest.mark.parametrize("language", WIDTH_OF)
def test_the_page_is_whole_without_scripts_and_breaks_no_rule(
    live_server, committed_lists, open_browser, monkeypatch, language
):
    quick = {name: MAP_FORMATS[name] for name in ("json", "csv")}
    monkeypatch.setattr(release_files, "MAP_FORMATS", quick)
    factories.record(committed_lists)
    publish()
    factories.user("steward", national_role="steward")
    page = open_browser(
        viewport={"width": WIDTH_OF[language], "height": 844}, java_script_enabled=language == "en"
    )
    sign_in_there(page, live_server.url, "steward")
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/desk/releases/")
    for name, value in FIELDS.items():
        page.fill(f"[name={name}]", value)
    follow(page, "form.stack button:not([name])")
    assert page.locator("main li").count() == 4 and page.locator(".notice.good").count() == 1
    look(page, "release-made", language)
    follow(page, ".notice.good a")
    assert FIELDS[f"title_{language}"] in page.inner_text("h1")


def send(port: int, session: str):
    """The response to the form, as a browser without JavaScript sends it."""
    token = "t" * 32
    line = HTTPConnection("127.0.0.1", port, timeout=120)
    line.request(
        "POST",
        address("releases"),
        body=urlencode(FIELDS | {"csrfmiddlewaretoken": token}),
        headers={
            "Cookie": f"sessionid={session}; csrftoken={token}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    response = line.getresponse()
    assert (response.status, response.headers["X-Accel-Buffering"]) == (200, "no")
    return response


def read_until(response, is_there: Callable[[str], bool]) -> str:
    told = ""
    while not is_there(told):
        part = response.read1()
        assert part, told
        told += part.decode()
    return told

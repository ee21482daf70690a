"""A snapshot that another one replaces between a query and its facts: whoever reads is shown the newer one."""

from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client

from registry.errors import FactsNotKept
from registry.models import Patient, Publication
from registry.pages.public import about
from registry.pages.public.layout import PLACES
from registry.published import counting
from registry.published.current_snapshot import retry_if_replaced
from registry.publishing import facts_check
from registry.publishing.publish import publish
from registry.publishing.runs import run_publication
from registry.publishing.verification import verify
from tests import factories
from tests.database_roles import OWNER, acting_for
from tests.desk import address, sign_in

FIGURE = Path(__file__).parent.parent / "registry" / "published" / "data" / "swecarnet-2025-09-08.json"
PEOPLE = [(980, "UPP", "2021-05-05"), (981, "STO", "2022-05-05"), (982, "UPP", "2023-05-05")]


@pytest.fixture
def overtaken(committed_lists, monkeypatch, request):
    """The next statement on the facts finds them dropped, since a new snapshot was published just before it; the
    next three, where the parameter says so.
    """
    for birth_number, centre, day in PEOPLE:
        factories.record(
            committed_lists, factories.number(birth_number=birth_number), centre=centre, infused_on=day
        )
    publish()
    times = getattr(request, "param", 1)
    left, publishing = ["a publication"] * times, list[bool]()
    reading = facts_check.reading_facts

    def publish_anew() -> None:
        newcomer = factories.number(birth_number=983 + len(left))
        factories.record(committed_lists, newcomer, centre="UPP", infused_on="2022-06-06")
        run_publication()
        connection.close()

    @contextmanager
    def publish_first():
        if left and not publishing:
            left.pop()
            publishing.append(True)  # a publication reads facts too
            thread = Thread(target=publish_anew)
            thread.start()
            thread.join()
            publishing.clear()
        with reading():
            yield

    for module in (counting, facts_check):
        monkeypatch.setattr(module, "reading_facts", publish_first)
    yield
    assert not left, "nothing read the facts"
    assert Publication.objects.get().snapshot.number == 1 + times


@pytest.mark.parametrize(
    ("url", "status", "shown"),
    [
        ("/en/", 200, "4 people have been treated"),
        ("/en/?as_of=2022-12-31", 200, "3 people have been treated"),
        ("/en/?centre=NOPE", 400, "4 people have been treated"),
        ("/en/?as_of=never", 400, "4 people have been treated"),
        (PLACES["freshness"]["en"], 200, "May 2023"),
        (PLACES["reconciliation"]["en"], 200, "Uppsala"),
        ("/api/v1/map?as_of=2022-12-31", 200, '"patients":3'),
        ("/api/v1/counts?by=centre", 200, '"patients":3'),
    ],
)
def test_public_pages_and_responses_are_read_again(overtaken, url, status, shown):
    response = Client().get(url)
    assert response.status_code == status
    assert shown in response.content.decode()


@pytest.mark.parametrize("overtaken", [3], indirect=True)
@pytest.mark.parametrize(
    "url", ["/en/?as_of=2022-12-31", "/api/v1/counts?by=centre", "/api/v1/map?as_of=2022-12-31"]
)
def test_a_replica_that_catches_up_overtakes_a_reader_again_and_again(overtaken, url):
    assert Client().get(url).status_code == 200


def test_what_is_not_kept_is_refused_at_once(committed_lists):
    for birth_number in (980, 981):
        factories.record(committed_lists, factories.number(birth_number=birth_number))
        publish()
    asked = []

    def read():
        asked.append(1)
        raise FactsNotKept

    with pytest.raises(FactsNotKept):
        retry_if_replaced(read)
    assert len(asked) <= 2


@pytest.mark.parametrize("page", ["freshness", "reconciliation"])
def test_no_page_is_stored_under_the_etag_of_another_snapshot(committed_lists, monkeypatch, page):
    """A newer snapshot comes after a process has read which one is current, and before it makes the page."""
    factories.record(committed_lists, factories.number(birth_number=980), centre="UPP", infused_on="2021-05-05")
    publish()
    before = Client().get(PLACES[page]["en"])
    caches["responses"].clear()
    left, read = ["one publication"], about.read_current

    def read_and_publish():
        current = read()
        if left:
            left.pop()
            later = {"centre": "UPP", "infused_on": "2023-05-05"}
            with acting_for(OWNER):
                factories.record(committed_lists, factories.number(birth_number=981), **later)
            publish()
        return current

    monkeypatch.setattr(about, "read_current", read_and_publish)
    overtaken, after = (Client().get(PLACES[page]["en"]) for _once in range(2))
    assert not left
    assert before["ETag"] != after["ETag"]
    assert before.content != after.content
    whole = [(response["ETag"], response.content) for response in (before, after)]
    assert (overtaken["ETag"], overtaken.content) in whole


def test_the_effect_of_a_merge_is_read_again(overtaken):
    one, other = Patient.objects.order_by("registry_number").values_list("registry_number", flat=True)[:2]
    steward = sign_in(factories.user("steward", national_role="steward"))
    response = steward.get(address("merge", number=one, other=other))
    assert response.status_code == 200
    assert [row["measures"] for row in response.context["elsewhere"]]


def test_the_commands_read_again(overtaken, manage):
    code, _out, err = manage("reconcile", str(FIGURE))
    assert code == 4, err


def test_verification_reads_again(overtaken):
    found = verify()
    assert (found.number, found.differences) == (2, [])

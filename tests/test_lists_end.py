"""Lists of people who are signed in have pages, however much there is."""

import re

import pytest

from registry.access import acting_as
from registry.choices import Scope
from registry.entry.accounts.tokens import create_token
from registry.models import Draft, Infusion
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in

VERSIONS = 250


@pytest.fixture
def often_changed(lists, nurse) -> Infusion:
    infusion = factories.record(lists, by=nurse)
    for number in range(VERSIONS - 1):
        with acting_as(nurse, reason=f"typing error {number}"):
            Infusion.objects.filter(pk=infusion.pk).update(batch=f"B-{number}")
    return infusion


def test_the_history_of_a_row_has_pages_of_which_each_leads_on(nurse, often_changed):
    program, found, sizes = Program(nurse), [], []
    path = f"infusions/{often_changed.pk}/history"
    while path:
        body = program.get(path).json()
        found += [change["version"] for change in body["results"]]
        sizes.append(len(body["results"]))
        last, path = body, (body["next"] or "").partition("/api/v1/")[2]
    assert (found, sizes) == (list(range(1, VERSIONS + 1)), [100, 100, VERSIONS - 200])
    back = program.get(last["previous"].partition("/api/v1/")[2]).json()
    assert [change["version"] for change in back["results"]] == list(range(101, 201))
    assert program.get(f"infusions/{often_changed.pk}/history?limit=0").status_code == 400
    assert program.get(f"infusions/{often_changed.pk}/history?cursor=x").json()["code"] == "cursor_invalid"


def test_tokens_and_drafts_have_pages(nurse, lists):
    for number in range(120):
        create_token(owner=nurse, name=f"program-{number:03}", scope=Scope.READ, days=30, by=nurse)
        Draft.objects.create(centre=lists.centres["UPP"], saved_by=nurse, fields={"product": f"draft-{number:03}"})
    client = sign_in(nurse)
    for name, what in (("tokens", "program"), ("start", "draft")):
        pages = [client.get(address(name), {"page": page}).content.decode() for page in (1, 2, 3)]
        shown = [set(re.findall(rf"{what}-\d\d\d", page)) for page in pages]
        assert [len(page) for page in shown] == [50, 50, 20], name
        assert len(set.union(*shown)) == 120

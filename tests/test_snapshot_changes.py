"""What moved between two snapshots: every number that the map shows, and nothing else."""

import copy
from collections.abc import Iterator

import pytest

from registry.published.snapshots import compare_documents
from tests.map_documents import published_document

NO_NUMBER = {"location"}  # where it is drawn


def leaves(part: object, path: tuple = ()) -> Iterator[tuple]:
    """The path of every number in a map document, found by walking it as whoever reads it does."""
    if isinstance(part, dict):
        for name in part.keys() - NO_NUMBER:
            yield from leaves(part[name], (*path, name))
    elif isinstance(part, list):
        for place, one in enumerate(part):
            yield from leaves(one, (*path, place))
    elif isinstance(part, int) and not isinstance(part, bool):
        yield path


def at(document: dict, path: tuple) -> dict:
    for name in path[:-1]:
        document = document[name]
    return document


@pytest.fixture
def shown() -> dict:
    """Of a registry in which a centre's parts do not add up, and a site manufactures."""
    document = published_document()
    centre = document["centres"][1]
    centre["patients_summed"] = centre["patients"] + 1
    assert any(site["manufactured"] for site in document["manufacturing"])
    return document


def test_each_number_of_the_map_that_moves_is_told_with_both_values(shown):
    paths = list(leaves({name: shown[name] for name in ("national", "centres", "manufacturing")}))
    assert len(paths) > 60
    told = set()
    for path in paths:
        moved = copy.deepcopy(shown)
        before = at(shown, path)[path[-1]]
        at(moved, path)[path[-1]] = before + 7
        [change] = compare_documents(shown, moved)
        expected = {path[-1]: {"before": before, "after": before + 7}}
        assert change["measures"].items() >= expected.items(), path
        told.add((change["centre"], change["category"], change["site"], path[-1]))
    assert len(told) == len(paths)


def test_what_has_not_moved_is_not_told(shown):
    assert compare_documents(shown, copy.deepcopy(shown)) == []


def test_a_sum_of_parts_that_is_no_longer_told_equals_the_patients(shown):
    after = copy.deepcopy(shown)
    del after["centres"][1]["patients_summed"]
    patients = shown["centres"][1]["patients"]
    [change] = compare_documents(shown, after)
    assert change["measures"] == {"patients_summed": {"before": patients + 1, "after": patients}}


def test_a_site_that_comes_or_goes_is_told(shown):
    after = copy.deepcopy(shown)
    site = next(site for site in shown["manufacturing"] if site["manufactured"])
    after["manufacturing"].remove(site)
    made = site["manufactured"]
    row = {"centre": None, "category": None, "site": site["site"]}
    assert compare_documents(shown, after) == [row | {"measures": {"manufactured": {"before": made, "after": 0}}}]
    assert compare_documents(after, shown) == [row | {"measures": {"manufactured": {"before": 0, "after": made}}}]

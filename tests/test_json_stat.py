"""JSON-stat 2.0 as its clients read it: an array where every cell has a value, no dimension without a category."""

import json
from math import prod

import pytest
from django.test import Client
from pyjstat import pyjstat

from registry.formats import COUNTS_FORMATS
from registry.publishing.publish import publish
from tests import factories

CELLS = {("UPP", "SOC"): 3, ("UPP", "ICT"): 2, ("STO", "SOC"): 1, ("STO", "ICT"): 4}


@pytest.fixture
def published(lists):
    """Two centres with two categories each, of 2019 and 2020."""
    people = iter(range(100))
    rows = [
        factories.plain_row(person=next(people), centre=centre, category=category)
        for (centre, category), count in CELLS.items()
        for _one in range(count)
    ]
    factories.store_rows(lists, rows)
    return publish()


def read(query: str) -> dict:
    response = Client().get(f"/api/v1/counts.json-stat?{query}")
    assert response.status_code == 200, response.content
    return json.loads(response.content)


def frame_of(dataset: dict) -> dict[tuple, float]:
    """What pyjstat makes of it: the value of each cell."""
    frame = pyjstat.Dataset.read(json.dumps(dataset)).write("dataframe", naming="id")
    names = [name for name in frame.columns if name != "value"]
    return {tuple(row[name] for name in names): row["value"] for _place, row in frame.iterrows()}


def test_a_cube_whose_every_cell_has_a_value_is_an_array(published):
    dataset = read("by=centre,category&measures=patients,infusions&lang=en")
    assert isinstance(dataset["value"], list)
    assert len(dataset["value"]) == prod(dataset["size"]) == 8
    found = frame_of(dataset)
    for (centre, category), count in CELLS.items():
        assert found[centre, category, "patients"] == found[centre, category, "infusions"] == count


def test_a_cube_with_holes_names_its_cells(published, lists):
    factories.record(lists, factories.nth_number(200), centre="LIN", category="SOC")
    publish()
    dataset = read("by=centre,category&measures=patients")
    rows = Client().get("/api/v1/counts?by=centre,category&measures=patients").json()["rows"]
    assert (len(rows), prod(dataset["size"])) == (5, 6)
    assert isinstance(dataset["value"], dict)
    assert sorted(dataset["value"].values()) == sorted(row["patients"] for row in rows)


def test_a_dense_cube_with_a_withheld_number_is_an_array_with_null_and_a_status():
    numbers = {"patients": None, "infusions": None, "suppressed": True}
    rows = [{"centre": "UPP", "patients": 7, "infusions": 7}, {"centre": "STO"} | numbers]
    about = {
        "number": 1, "hash": f"sha256:{1:064x}", "built_at": "2026-01-01T00:00:00Z", "data_through": "2025-12-01",
        "disclosure": "threshold:5", "as_of": None,
    }  # fmt: skip
    counts = {"snapshot": about, "by": ["centre"], "filters": {}, "rows": rows, "total": numbers}
    dataset = json.loads(COUNTS_FORMATS["json-stat"].write(counts, "en"))
    assert (dataset["value"], dataset["status"]) == ([7, 7, None, None], {"2": "s", "3": "s"})


EMPTY = [
    "by=centre&centre=LIN",
    "by=centre,year,sex&as_of=2013-01-01",
    "by=month&category=ACT",
    "as_of=2013-01-01",
    "by=trial&measures=patients,first&as_of=2013-01-01",
    "by=year&year=1999",
]


@pytest.mark.parametrize("query", EMPTY)
def test_where_nothing_is_counted_there_is_a_category_with_the_total(published, query):
    dataset = read(query)
    assert min(dataset["size"]) >= 1
    for name, size in zip(dataset["id"], dataset["size"], strict=True):
        category = dataset["dimension"][name]["category"]
        assert len(category["index"]) == len(category["label"]) == size
    assert dataset["value"] == [0] * prod(dataset["size"])
    assert set(frame_of(dataset).values()) == {0}


@pytest.mark.parametrize("query", ["measures=first", "by=centre&measures=first"])
def test_dates_alone_are_refused_since_a_cube_has_numbers(published, query):
    response = Client().get(f"/api/v1/counts.json-stat?{query}")
    problem = response.json()
    assert (response.status_code, problem["code"], problem["parameter"]) == (400, "unknown_value", "measures")
    assert Client().get(f"/api/v1/counts?{query}").status_code == 200


def test_the_map_before_anything_is_published_of_it_has_zeros(lists):
    publish()
    dataset = json.loads(Client().get("/api/v1/map.json-stat").content)
    assert min(dataset["size"]) >= 1
    assert set(frame_of(dataset).values()) <= {0}

"""Counts agree with an oracle that shares no code with them, on random registries."""

import random
import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import ProofFailed
from registry.measures import MEASURES
from registry.published import counting, map_document
from registry.published.count_query import DIMENSIONS, NONE, CountQuery
from registry.published.count_statement import OF_COURSE, OF_ONLY
from registry.published.queries import read_counts, read_map
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories, oracle

# Few days, so that infusions coincide; periods of every precision begin on some of them.
DAYS = (
    date(2019, 1, 1),
    date(2019, 12, 1),
    date(2020, 1, 1),
    date(2020, 1, 2),
    date(2020, 2, 29),
    date(2020, 3, 1),
    date(2020, 3, 15),
    date(2021, 1, 1),
    date(2021, 6, 15),
    date(2022, 12, 31),
)
BOUNDARIES = (DAYS[0] - timedelta(days=1), *DAYS, DAYS[-1] + timedelta(days=1))
OPEN_CENTRES = tuple(code for code, _county, _region, status in factories.CENTRES if status != "upcoming")
VALUES = {
    "centre": (*OPEN_CENTRES, "ORE"),
    "category": ("SOC", "ACT", "ICT", "CUP"),
    "product": tuple(factories.MODALITY_OF),
    "modality": ("CAR-T", "TCR-T"),
    "indication": ("C91.0", "C83.3", "solid-tumour", NONE),
    "age_group": ("child", "adult"),
    "sex": ("female", "male", "unknown"),
    "manufacturing_site": ("VECURA", "GMPUPP", NONE),
    "trial": (factories.ACADEMIC, "2019-004426-18", factories.INDUSTRY, NONE),
    "region": tuple(dict.fromkeys(factories.REGION_OF.values())),
    "county": tuple(dict.fromkeys(factories.COUNTY_OF.values())),
    "year": (2018, 2019, 2020, 2021, 2022),
    "month": ("unknown", "2019-01", "2019-12", "2020-01", "2020-02", "2021-01", "2022-12"),
}
TRIALS_OF = {
    "SOC": (None,),
    "ACT": (factories.ACADEMIC, "2019-004426-18"),
    "ICT": (factories.INDUSTRY,),
    "CUP": (None, factories.INDUSTRY),
}


def random_rows(chance: random.Random) -> list[dict]:
    """A registry in which few persons have many infusions, in few cells and on few days."""
    return [
        row
        for person in range(chance.randint(1, 8))
        for row in _random_course(chance, person, chance.choice(("female", "male", "unknown")))
    ]


def _random_course(chance: random.Random, person: int, sex: str):
    age = chance.choice((0, 15, 16, 17, 18, 40, 70))
    taken, has_first = set(), False
    # Days of one year for every other person, so that vague dates and known days of their periods meet.
    days, centres = chance.sample(chance.choice((DAYS, DAYS[2:7])), 3), chance.sample(OPEN_CENTRES, 2)
    for _ in range(chance.randint(1, 6)):
        day, sequence, centre = chance.choice(days), chance.randint(1, 2), chance.choice(centres)
        precision = chance.choice(_precisions(day))
        status = chance.choice(("submitted",) * 6 + ("draft", "withdrawn"))
        kinds = ("further_dose", "reinfusion", "reinfusion") + (() if has_first else ("first",) * 3)
        kind = chance.choice(kinds)
        if status == "submitted":
            if (centre, day, precision, sequence) in taken:
                continue
            taken.add((centre, day, precision, sequence))
            has_first = has_first or kind == "first"
        category = chance.choice(VALUES["category"])
        yield factories.plain_row(
            person=person,
            centre=centre,
            category=category,
            trial=chance.choice(TRIALS_OF[category]),
            kind=kind,
            product=chance.choice(VALUES["product"]),
            indication=chance.choice(("C91.0", "C83.3", "solid-tumour", None)),
            manufacturing_site=chance.choice(("VECURA", "GMPUPP", None, None)),
            sex=sex,
            infused_on=day,
            date_precision=precision,
            sequence=sequence,
            age=age + day.year - DAYS[0].year,
            status=status,
        )


def _precisions(day: date) -> tuple[str, ...]:
    fits = {"day": True, "month": day.day == 1, "year": (day.month, day.day) == (1, 1)}
    return tuple(name for name, possible in fits.items() if possible)


def random_query(chance: random.Random) -> CountQuery:
    """Up to four dimensions, up to three filters, any of the dates."""
    filters = {
        name: tuple(chance.sample(VALUES[name], chance.randint(1, 2)))
        for name in chance.sample(DIMENSIONS, chance.choice((0, 0, 1, 1, 2, 3)))
    }
    days = [chance.choice((None, None, *BOUNDARIES)) for _ in range(3)]
    return CountQuery(
        by=tuple(chance.sample(DIMENSIONS, chance.randint(0, 4))),
        measures=oracle.MEASURES,
        filters=filters,
        as_of=days[0],
        since=days[1],
        until=days[2],
    )


def every_dimension_alone(as_of: date | None = None) -> list[CountQuery]:
    """The whole country, and each dimension alone."""
    measured = CountQuery(measures=oracle.MEASURES, as_of=as_of)
    return [measured, *(replace(measured, by=(name,)) for name in DIMENSIONS)]


def assert_counts_agree(rows: list[dict], query: CountQuery) -> None:
    """Every row and the total are the oracle's."""
    counted = read_counts(query)
    arguments = {
        "filters": {
            name: [None if value == NONE else value for value in values] for name, values in query.filters.items()
        },
        "as_of": query.as_of,
        "since": query.since,
        "until": query.until,
    }
    expected = oracle.count(rows, query.by, **arguments)
    found = {tuple(row[name] for name in query.by): _measures_of(row) for row in counted["rows"]}
    assert len(found) == len(counted["rows"]), "a cell stands there twice"
    assert found == expected
    assert _measures_of(counted["total"]) == oracle.total(rows, **arguments)
    assert counted["total"]["patients_summed"] == sum(cell["patients"] for cell in expected.values())


def assert_map_agrees(rows: list[dict], as_of: date | None = None) -> None:
    """Every number of the map document is the oracle's, and every centre is there."""
    document = read_map(language="en", as_of=as_of)
    national = oracle.total(rows, as_of=as_of)
    del national["products"]
    assert document["national"] == national | {"patients_summed": oracle.patients_summed(rows, as_of)}
    centres = oracle.count(rows, ("centre",), as_of=as_of)
    cells = oracle.count(rows, ("centre", "category"), as_of=as_of)
    nothing = oracle.total([])
    assert [centre["code"] for centre in document["centres"]] == [code for code, *_ in factories.CENTRES]
    for centre in document["centres"]:
        code = centre["code"]
        parts = {category: cell for (at, category), cell in cells.items() if at == code}
        _assert_cell(centre, centres.get((code,), nothing))
        summed = sum(cell["patients"] for cell in parts.values())
        assert centre.get("patients_summed", centre["patients"]) == summed
        assert {row["category"] for row in centre["categories"]} == parts.keys()
        assert len(centre["categories"]) == len(parts)
        for row in centre["categories"]:
            _assert_cell(row, parts[row["category"]])
    made = {site["site"]: site["manufactured"] for site in document["manufacturing"]}
    assert made == {code: oracle.manufactured(rows, code, as_of) for code, _centre in factories.SITES}
    assert document["snapshot"]["data_through"] == oracle.data_through(rows)


def _measures_of(row: dict) -> dict:
    return {name: row[name] for name in oracle.MEASURES}


def _assert_cell(printed: dict, expected: dict) -> None:
    names = ("patients", "infusions", "reinfusions", "further_doses", "first")
    assert {name: printed[name] for name in names} == {name: expected[name] for name in names}
    assert printed["infusions"] == printed["patients"] + printed["reinfusions"] + printed["further_doses"]


def traits(rows: list[dict]) -> set[str]:
    """The traits of a registry in which an implementation could go wrong."""
    found = {row["status"] for row in rows} - {"submitted"}
    counted = oracle.counted(rows)
    found |= {f"precision of a {row['date_precision']}" for row in counted}
    for person in {row["person"] for row in counted}:
        course = sorted(
            (row for row in counted if row["person"] == person),
            key=lambda row: row["place"],
        )
        found |= {f"{name}s" for name in ("centre", "category") if len({row[name] for row in course}) > 1}
        found |= {f"later {row['kind']}" for row in course[1:]}
        if len({row["infused_on"] for row in course}) < len(course):
            found.add("two on a day")
        if any(row["date_precision"] != "day" and row["place"][0] != row["infused_on"] for row in course):
            found.add("vague after a known day")
        if len({row["place"][:3] for row in course}) < len(course):
            found.add("one place from two centres")
        ranks = [row["place"][:2] for row in course]
        if any((day, "a") in ranks for day, rank in ranks if rank == "b"):
            found.add("vague first on a known day")
        if course[0]["kind"] == "further_dose":
            found.add("entry is a further dose")
        if course[0]["age"] < 18 <= course[-1]["age"]:
            found.add("child grows up")
    return found


TRAITS = {
    "draft", "withdrawn", "precision of a day", "precision of a month", "precision of a year",
    "centres", "categorys", "later first", "later further_dose", "later reinfusion",
    "vague after a known day", "one place from two centres", "vague first on a known day",
    "two on a day", "entry is a further dose", "child grows up",
}  # fmt: skip


def test_every_count_of_a_random_registry_is_the_oracles(lists):
    seen = Counter()

    @given(chance=st.randoms(use_true_random=False))
    def check(chance):
        rows = random_rows(chance)
        random_queries = [random_query(chance) for _ in range(8)]
        seen.update(traits(rows))
        with factories.rolled_back():
            factories.store_rows(lists, rows)
            publish()
            assert verify().differences == []
            for query in (*every_dimension_alone(chance.choice((None, *DAYS))), *random_queries):
                assert_counts_agree(rows, query)
            for as_of in (None, *BOUNDARIES):
                assert_map_agrees(rows, as_of)

    check()
    rare = {trait: seen[trait] for trait in TRAITS if seen[trait] < 3}
    assert not rare, "the examples are too tame to prove anything"


@pytest.fixture
def corpus(lists):
    """A published registry, always the same, with every trait."""
    rows = [
        {**row, "person": f"{seed} {row['person']}"}
        for seed in range(12)
        for row in random_rows(random.Random(seed))
    ]
    assert traits(rows) >= TRAITS
    factories.store_rows(lists, rows)
    publish()
    return rows


def test_every_pair_of_dimensions_is_counted_as_the_oracle_counts(corpus):
    for one in DIMENSIONS:
        for other in DIMENSIONS:
            if one != other:
                assert_counts_agree(corpus, CountQuery(by=(one, other), measures=oracle.MEASURES))


@pytest.mark.parametrize("name", ["as_of", "since", "until"])
def test_a_date_bounds_what_is_counted_as_the_oracle_bounds_it(corpus, name):
    for day in BOUNDARIES:
        for by in ((), ("centre",), ("age_group", "month")):
            assert_counts_agree(corpus, CountQuery(by=by, measures=oracle.MEASURES, **{name: day}))


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_filter_is_counted_as_the_oracle_counts(corpus, name):
    values = VALUES[name]
    for wanted in (*((value,) for value in values), values[:2], values[-2:]):
        for by in ((), ("centre",), (name, "sex") if name != "sex" else (name,)):
            assert_counts_agree(corpus, CountQuery(by=by, measures=oracle.MEASURES, filters={name: wanted}))


def test_a_table_by_year_adds_up_to_the_cells_of_all_time(corpus):
    for cell in ("centre", "category", "product"):
        whole = {row[cell]: row for row in read_counts(CountQuery(by=(cell,)))["rows"]}
        years = read_counts(CountQuery(by=(cell, "year")))["rows"]
        for value, row in whole.items():
            for name in ("patients", "infusions", "reinfusions", "further_doses"):
                assert row[name] == sum(year[name] for year in years if year[cell] == value)


def test_a_total_is_counted_separately_and_states_the_sum_of_its_parts(corpus):
    total = read_counts(CountQuery(by=("centre", "category")))["total"]
    assert total["patients"] < total["patients_summed"]
    assert total["patients_summed"] == read_map(language="sv")["national"]["patients_summed"]


def test_rows_are_in_the_order_of_their_lists(corpus):
    orders = {name: list(VALUES[name]) for name in ("category", "product", "age_group", "sex", "year")}
    orders["centre"] = [code for code, *_ in factories.CENTRES]
    months = {row["infused_on"].isoformat()[:7] for row in oracle.counted(corpus)}
    orders["month"] = [*sorted(months), "unknown"]
    for name, order in orders.items():
        found = [row[name] for row in read_counts(CountQuery(by=(name,)))["rows"]]
        assert found == [value for value in order if value in found]


# Wrong ways to count, each as a pattern in the statement and what is put in its place.
MUTANTS = {
    "the clinic's `first` is the entry": (r"row_number\(\) OVER course\d+ = 1", "kind = 'first'"),
    "roles of the nation in every cell": ("PARTITION BY person, centre", "PARTITION BY person"),
    "roles of one kind of cell in another": (r"row_number\(\) OVER course1", "row_number() OVER course0"),
    "age today instead of at the entry": (r"entry_age\d+ < 18", "age < 18"),
    "as_of leaves its day out": (r"counts_from <= (%\(\w+as_of)", r"counts_from < \1"),
    "until leaves its day out": (r"counts_from <= (%\(\w+until)", r"counts_from < \1"),
    "as_of looks at the period's first day": (r"counts_from <= (%\(\w+as_of)", r"infused_on <= \1"),
    "until looks at the period's first day": (r"counts_from <= (%\(\w+until)", r"infused_on <= \1"),
    "a period is not looked at": (r"WHERE \w+wanted", ""),
    "a vague date stands at its period's first day": (r"ORDER BY place\)", "ORDER BY infused_on, sequence)"),
    "rank is left out": (
        r"ORDER BY place\)", "ORDER BY counts_from, sequence, infused_on, date_precision, centre)"
    ),
    "a day is a month": ("WHEN 'year' THEN 'unknown' ", "WHEN 'day' THEN 'unknown' "),
    "a period decides roles": ("WHERE TRUE", "WHERE infused_on > '2020-01-01'"),
    "later infusions are reinfusions alone": ("AND NOT is_dose", ""),
    "every stated further dose is one": (r"NOT is_entry\d+ AND is_dose", "is_dose"),
    "every stated reinfusion is one": (r"NOT is_entry\d+ AND NOT is_dose", "NOT is_dose"),
    "persons are not told apart": ("PARTITION BY person", "PARTITION BY sex"),
    "the last is the entry": (r"ORDER BY place\)", "ORDER BY place DESC)"),
    "children are up to 18": ("age < 18", "age <= 18"),
    "products are not distinct": (r"count\(DISTINCT product\)", "count(product)"),
    "every date is exact": ("WHEN 'year' THEN 0 WHEN 'month' THEN 1", "WHEN 'year' THEN 2 WHEN 'month' THEN 2"),
    "a course of several is taken for an only one": (
        re.escape(OF_COURSE).replace(r"\{role\}", r"(\d+)"), OF_ONLY.replace("{role}", r"\1")
    ),
    "the first of all infusions": (r"(min\(first\)) FILTER \(WHERE is_entry\d+\)", r"\1"),
    "a row of what is gathered is one infusion": (r"sum\(n\)", "count(*)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_the_comparison_detects_a_wrong_way_to_count(corpus, monkeypatch, name):
    pattern, put = MUTANTS[name]
    compose, changed = counting.compose, []

    def compose_wrongly(snapshot, queries):
        sql, parameters = compose(snapshot, queries)
        wrong, count = re.subn(pattern, put, sql)
        changed.append(count)
        return wrong, parameters

    monkeypatch.setattr(counting, "compose", compose_wrongly)
    asked = [
        query
        for as_of in (None, *DAYS)
        for query in (
            *every_dimension_alone(as_of),
            CountQuery(by=("centre", "age_group", "year"), measures=oracle.MEASURES, until=DAYS[3]),
            CountQuery(by=("centre",), measures=oracle.MEASURES, until=as_of),
        )
    ]
    agree = all(_agrees(corpus, query) for query in asked)
    assert any(changed), "the statement no longer has the text that the mutant changes"
    assert not agree


def _agrees(rows: list[dict], query: CountQuery) -> bool:
    try:
        assert_counts_agree(rows, query)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("measure", ["patients", "infusions", "reinfusions", "further_doses", "children", "first"])
def test_the_build_detects_a_wrong_measure(lists, monkeypatch, measure):
    factories.store_rows(lists, random_rows(random.Random(3)))
    wrong = replace(MEASURES[measure], sql="max(NULL::integer)" if measure == "first" else "sum(n) + 1")
    monkeypatch.setitem(MEASURES, measure, wrong)
    with pytest.raises(ProofFailed) as failure:
        publish()
    assert measure in {difference.measure for difference in failure.value.differences}


def test_the_build_detects_a_wrong_number_of_manufactured_products(lists, monkeypatch):
    factories.store_rows(lists, random_rows(random.Random(3)))
    right = map_document.count_together

    def without_sites(snapshot, *queries):
        return [*right(snapshot, *queries)[:-1], []]

    monkeypatch.setattr(map_document, "count_together", without_sites)
    with pytest.raises(ProofFailed, match="manufactured"):
        publish()

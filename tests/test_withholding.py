"""What is withheld of small numbers, worked out by hand on blocks drawn for a threshold of five (decision 0012).

UPP's trial patients are too few, and share a block with FAL; the reinfusions of UPP and STO share one.
test_disclosure.py attacks whole registries.
"""

from datetime import date

import pytest

from registry.errors import Withheld
from registry.published import disclosure_blocks
from registry.published.count_query import NONE, CountQuery
from registry.published.disclosure import (
    Blocks,
    askable,
    choose_tables,
    hide,
    publishable,
    read_threshold,
    require_exact,
    withhold_counts,
    withhold_day,
    withhold_map,
    withhold_older,
    within,
    without_numbers,
)
from registry.published.disclosure_blocks import TABLES, Atom, draw_blocks, draw_table, gather_roles
from registry.publishing.publish import publish
from tests import factories

EVERY = tuple(TABLES)


def block(*atoms: tuple, safe: bool = True) -> dict:
    return {"safe": safe, "atoms": [list(atom) for atom in atoms]}


DRAWN = {
    "place": [
        block(("entry", "M", "UPP", "SOC", 38)),
        block(("entry", "M", "UPP", "ICT", 2), ("entry", "M", "FAL", "SOC", 7)),
        block(("entry", "S", "STO", "SOC", 12)),
        block(("dose", "M", "UPP", "SOC", 6)),
        block(("again", "M", "UPP", "SOC", 5), ("again", "S", "STO", "SOC", 3)),
    ],
    "time": [
        block(("entry", 2020, 39)), block(("entry", 2021, 20)), block(("dose", 2020, 6)),
        block(("again", 2021, 8)),
    ],
    "age": [
        block(("entry", "child", 9)), block(("entry", "adult", 50)), block(("dose", "adult", 6)),
        block(("again", "adult", 8)),
    ],
    "sex": [
        block(("entry", "female", 30)), block(("entry", "male", 29)), block(("dose", "male", 6)),
        block(("again", "female", 8)),
    ],
    "product": [
        block((role, "CAR-T", site, "Kymriah", number))
        for site, numbers in (("VECURA", (49, 6, 4)), (None, (10, 0, 4)))
        for role, number in zip(("entry", "dose", "again"), numbers, strict=True)
        if number
    ],
    "indication": [
        block(("entry", "C91.0", 59)), block(("dose", "C91.0", 6)), block(("again", "C91.0", 8)),
    ],
}  # fmt: skip
NATION = {
    "patients": 57, "patients_summed": 59, "infusions": 73, "reinfusions": 10, "further_doses": 6, "children": 9,
    "products": 1, "manufactured": 59, "first": "2014-05-05",
}  # fmt: skip
MEASURES = ("patients", "infusions", "reinfusions", "further_doses")


def blocks(**tables) -> Blocks:
    """The blocks with some tables others."""
    return Blocks(DRAWN | tables, 5)


def at(**values):
    """Atoms of these values; written apart from disclosure.within."""
    return lambda atom: not [name for name, value in values.items() if atom[name] != value]


def cell(*numbers: int, **others) -> dict:
    return dict(zip(MEASURES, numbers, strict=True)) | others


def shown(numbers: dict, tables=("place",), where=lambda atom: True, drawn: Blocks | None = None) -> list:
    """The four measures by role, and whether something is withheld."""
    found = (drawn or blocks()).withhold(numbers, tables, where)
    assert found.keys() - {"suppressed"} == numbers.keys()
    assert found.get("suppressed", True) is True
    return [found[name] for name in MEASURES] + ["suppressed" in found]


# The nation.


def test_of_the_nation_everything_is_told_where_every_block_is_safe():
    told = NATION | {"first": "2014"}
    assert blocks().withhold(NATION, EVERY, at()) == told
    assert NATION["first"] == "2014-05-05", "what was given is left alone"
    # And under another name: all regions together.
    assert blocks().withhold(NATION, ("place",), lambda atom: atom["region"] in {"M", "S"}) == told


@pytest.mark.parametrize("table", EVERY)
def test_a_role_that_is_closed_in_one_table_is_told_of_in_none(table):
    first, *rest = DRAWN[table]
    assert first["atoms"][0][0] == "entry"
    closed = blocks().withhold(NATION, EVERY, at())
    closed |= dict.fromkeys(("patients", "patients_summed", "infusions", "manufactured", "products", "first"))
    if table == "age":
        closed["children"] = None
    found = blocks(**{table: [first | {"safe": False}, *rest]}).withhold(NATION, EVERY, at())
    assert found == closed | {"suppressed": True}


@pytest.mark.parametrize("table", EVERY)
@pytest.mark.parametrize(("role", "measure"), [("dose", "further_doses"), ("again", "reinfusions")])
def test_a_rare_role_closes_its_measure_and_the_infusions(table, role, measure):
    drawn = [one | {"safe": one["atoms"][0][0] != role} for one in DRAWN[table]]
    found = blocks(**{table: drawn}).withhold(NATION, EVERY, at())
    hidden = {measure, "infusions", "manufactured", "products"}
    assert {name for name in NATION if found[name] is None} == hidden


def test_roles_that_are_counted_together_are_told_together_alone():
    drawn = {
        table: [
            one if one["atoms"][0][0] == "entry" else block(*(["repeat", *atom[1:]] for atom in one["atoms"]))
            for one in found
        ]
        for table, found in DRAWN.items()
    }
    found = Blocks(drawn, 5).withhold(NATION, EVERY, at())
    assert {name for name in NATION if found[name] is None} == {"further_doses", "reinfusions"}


def test_of_no_blocks_nothing_is_told():
    for tables, where in ((EVERY, at()), (("place",), at(centre="UPP"))):
        found = Blocks(None, 5).withhold(NATION, tables, where)
        assert found == dict.fromkeys(NATION) | {"suppressed": True}
    empty = Blocks(None, 5).withhold(cell(0, 0, 0, 0), ("place",), at(centre="UME"))
    assert empty == dict.fromkeys(MEASURES) | {"suppressed": True}


@pytest.mark.parametrize(("number", "is_told"), [(0, True), (1, False), (4, False), (5, True)])
@pytest.mark.parametrize("measure", ["patients", "infusions", "reinfusions", "further_doses", "children"])
def test_a_number_below_the_threshold_is_not_told(measure, number, is_told):
    found = blocks().withhold(NATION | {"products": 1, measure: number}, EVERY, at())
    if not (measure == "infusions" and number == 0):
        assert found[measure] == (number if is_told else None)
        assert ("suppressed" in found) != is_told
    assert found["products"] == 1, "a number of products is of no person"


# A part.


@pytest.mark.parametrize(
    ("where", "numbers", "told"),
    [
        # Whole blocks of entries; the reinfusions share a block with another centre's.
        (at(centre="STO"), cell(12, 15, 3, 0), [12, None, None, 0, True]),
        (at(region="M"), cell(47, 58, 5, 6), [47, None, None, 6, True]),
        # Someone is in two of its centres: beside the centres its patients would tell how many.
        (at(region="M"), cell(46, 58, 6, 6), [None, None, None, None, True]),
        # Part of a block of entries.
        (at(centre="FAL"), cell(7, 7, 0, 0), [None, None, 0, 0, True]),
        (at(centre="UPP"), cell(40, 51, 5, 6), [None, None, None, 6, True]),
        (at(centre="UPP", category="ICT"), cell(2, 2, 0, 0), [None, None, 0, 0, True]),
        # Someone is in both categories of the centre: the doses would tell how many.
        (at(centre="UPP"), cell(39, 51, 6, 6), [None, None, None, None, True]),
        (at(centre="UPP", category="SOC"), cell(38, 49, 5, 6), [38, None, None, 6, True]),
        # Nobody.
        (at(centre="UME"), cell(0, 0, 0, 0), [0, 0, 0, 0, False]),
    ],
)  # fmt: skip
def test_a_cell_of_whole_blocks_is_told(where, numbers, told):
    assert shown(numbers, where=where) == told


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (0, [12, 12, 0, 0, False]),
        (1, [None, 13, None, 0, True]),
        (3, [None, 15, None, 0, True]),  # infusions less patients would be three
        (4, [None, 16, None, 0, True]),
        (5, [12, 17, 5, 0, False]),
    ],
)  # fmt: skip
def test_no_difference_of_two_numbers_is_small(again, told):
    place = [one for one in DRAWN["place"] if one["atoms"][0][0] == "entry"]
    place += [block(("again", "S", "STO", "SOC", again))] if again else []
    numbers = cell(12, 12 + again, again, 0)
    assert shown(numbers, where=at(centre="STO"), drawn=blocks(place=place)) == told


@pytest.mark.parametrize(("patients", "told"), [(40, 6), (39, None)])
def test_repeats_are_not_told_where_they_tell_who_is_in_several_categories(patients, told):
    """Of the centre whose entries are not told: the blocks of its doses and reinfusions are its own."""
    place = [one for one in DRAWN["place"] if one["atoms"][0][0] != "again"]
    place += [block(("again", "M", "UPP", "SOC", 6)), block(("again", "S", "STO", "SOC", 5))]
    numbers = cell(patients, 52, 6, 6)
    assert shown(numbers, where=at(centre="UPP"), drawn=blocks(place=place)) == [None, None, told, told, True]


def test_an_unsafe_block_is_not_told_though_it_is_whole():
    place = [one | {"safe": one["atoms"][0][2] != "STO"} for one in DRAWN["place"]]
    assert shown(cell(12, 15, 3, 0), where=at(centre="STO"), drawn=blocks(place=place))[:2] == [None, None]


def test_a_day_of_first_is_told_to_the_year_and_of_no_centre():
    first = {"first": "2020-05-05", "patients_summed": 39}
    year = blocks().withhold(cell(39, 45, 0, 6, **first), ("time",), at(year=2020))
    assert year == cell(39, 45, 0, 6, first="2020", patients_summed=None, suppressed=True)
    centre = blocks().withhold(cell(12, 12, 0, 0, **first), ("place",), at(centre="STO"))
    assert (centre["first"], centre["patients_summed"], centre["suppressed"]) == (None, 39, True)
    unknown = blocks().withhold(cell(12, 12, 0, 0, first=None), ("place",), at(centre="STO", category="SOC"))
    assert unknown["first"] is None


def test_children_are_told_by_age_and_of_the_nation_alone():
    for tables, where, told in (
        (("age",), at(age_group="child"), 9),
        (("place",), at(centre="STO"), None),
        (("sex",), at(sex="male"), None),
    ):
        assert blocks().withhold(cell(9, 9, 0, 0, children=9), tables, where)["children"] == told


def test_products_are_told_of_the_nation_alone():
    place = [one for one in DRAWN["place"] if one["atoms"][0][0] == "entry"]
    found = blocks(place=place).withhold(cell(12, 12, 0, 0, products=9), ("place",), at(centre="STO"))
    assert found == cell(12, 12, 0, 0, products=None, suppressed=True)


def test_what_a_site_has_made_is_told_of_whole_blocks():
    def made(number: int) -> dict:
        site = {"site": "VECURA", "manufactured": number}
        return blocks().withhold(site, ("product",), at(manufacturing_site="VECURA"))

    assert made(59) == {"site": "VECURA", "manufactured": 59}
    assert made(4) == {"site": "VECURA", "manufactured": None, "suppressed": True}
    split = [block(*(atom for one in DRAWN["product"] for atom in one["atoms"] if atom[0] == "entry"))]
    found = blocks(product=split).withhold(
        {"site": "VECURA", "manufactured": 59}, ("product",), at(manufacturing_site="VECURA")
    )
    assert found["manufactured"] is None


# Which tables a query is answered from.

THROUGH = date(2024, 6, 30)


def test_a_query_about_everything_is_answered_from_every_table():
    later = date(2024, 7, 1)
    for query in (CountQuery(), CountQuery(as_of=THROUGH), CountQuery(until=THROUGH), CountQuery(as_of=later)):
        tables, where = choose_tables(query, THROUGH)
        assert tables == EVERY and where({"year": 2020}) and where({"centre": "UPP"})
    assert choose_tables(CountQuery(as_of=date(2020, 5, 5)), None)[0] == EVERY


@pytest.mark.parametrize(
    ("query", "table", "inside", "outside"),
    [
        (CountQuery(by=("region", "centre", "category")), "place", [{"centre": "UPP"}, {"centre": None}], []),
        (CountQuery(filters={"centre": ("UPP", "STO")}), "place", [{"centre": "STO"}],
         [{"centre": "UME"}, {"centre": None}]),
        (CountQuery(by=("region",), filters={"centre": ("UPP",), "category": ("SOC", "CUP")}), "place",
         [{"centre": "UPP", "category": "CUP"}],
         [{"centre": "UPP", "category": "ICT"}, {"centre": "STO", "category": "SOC"}]),
        (CountQuery(filters={"manufacturing_site": ("VECURA", NONE)}), "product",
         [{"manufacturing_site": None}, {"manufacturing_site": "VECURA"}],
         [{"manufacturing_site": "GMPUPP"}, {"manufacturing_site": NONE}]),
        (CountQuery(as_of=date(2021, 12, 31)), "time", [{"year": 2014}, {"year": 2021}], [{"year": 2022}]),
        (CountQuery(by=("year",), until=date(2021, 12, 31)), "time", [{"year": 2021}], [{"year": 2022}]),
        (CountQuery(since=date(2020, 1, 1)), "time", [{"year": 2020}, {"year": 2024}], [{"year": 2019}]),
        (CountQuery(since=date(2020, 1, 1), until=date(2021, 12, 31), as_of=date(2022, 12, 31)), "time",
         [{"year": 2020}, {"year": 2021}], [{"year": 2019}, {"year": 2022}]),
        (CountQuery(filters={"year": (2020, 2021)}, as_of=date(2020, 12, 31)), "time", [{"year": 2020}],
         [{"year": 2021}, {"year": 2019}]),
        (CountQuery(by=("sex",)), "sex", [{"sex": "male"}], []),
    ],
)  # fmt: skip
def test_a_query_is_answered_from_the_table_that_has_its_dimensions(query, table, inside, outside):
    tables, where = choose_tables(query, THROUGH)
    assert tables == (table,)
    assert [where(atom) for atom in inside] == [True] * len(inside)
    assert [where(atom) for atom in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    "query",
    [
        CountQuery(by=("centre", "sex")), CountQuery(by=("centre",), filters={"sex": ("male",)}),
        CountQuery(by=("month",)), CountQuery(filters={"trial": (NONE,)}),
        CountQuery(by=("centre",), as_of=date(2021, 12, 31)), CountQuery(by=("sex",), since=date(2021, 1, 1)),
        CountQuery(by=("sex",), until=date(2021, 12, 31)),
    ],
)  # fmt: skip
def test_a_query_across_tables_is_refused_and_says_what_may_be_asked(settings, query):
    settings.DISCLOSURE = "threshold:5"
    with pytest.raises(Withheld) as refused:
        choose_tables(query, THROUGH)
    assert "threshold:5" in str(refused.value) and "region, centre, category; year; " in str(refused.value)


@pytest.mark.parametrize(
    "dates",
    [
        {"as_of": date(2021, 6, 30)}, {"as_of": date(2021, 12, 30)}, {"as_of": date(2021, 11, 30)},
        {"until": date(2021, 10, 31)}, {"since": date(2021, 1, 2)}, {"since": date(2021, 2, 1)},
        {"as_of": date(2022, 12, 31), "until": date(2021, 6, 30)},
        {"as_of": date(2021, 6, 30), "until": date(2020, 12, 31)},
        {"since": date(2020, 5, 1), "until": date(2021, 12, 31)},
    ],
)  # fmt: skip
def test_a_date_within_a_year_is_refused(dates):
    with pytest.raises(Withheld, match="whole years"):
        choose_tables(CountQuery(**dates), THROUGH)


# An answer of counts.


def test_a_query_is_judged_by_all_measures_by_role(settings):
    query = CountQuery(by=("centre",), measures=("infusions", "children"))
    assert askable(query, THROUGH) is query
    settings.DISCLOSURE = "threshold:5"
    asked = askable(query, THROUGH)
    assert asked.measures == ("infusions", "children", "patients", "reinfusions", "further_doses")
    assert (asked.by, asked.filters) == (("centre",), {})
    with pytest.raises(Withheld):
        askable(CountQuery(by=("centre", "sex")), THROUGH)


ANSWER = {
    "rows": [
        {"centre": "UPP"} | cell(40, 51, 5, 6), {"centre": "FAL"} | cell(7, 7, 0, 0),
        {"centre": "STO"} | cell(12, 15, 3, 0),
    ],
    "total": cell(57, 73, 10, 6, patients_summed=59),
    "snapshot": 3,
}  # fmt: skip


def test_an_answer_has_what_was_asked_for_and_says_what_of_it_is_withheld():
    query = CountQuery(by=("centre",), measures=("further_doses",))
    assert withhold_counts(ANSWER, blocks(), query, THROUGH) == {
        "rows": [
            {"centre": "UPP", "further_doses": 6},
            {"centre": "FAL", "further_doses": 0},
            {"centre": "STO", "further_doses": 0},
        ],
        "total": {"further_doses": 6},
        "snapshot": 3,
    }
    both = withhold_counts(ANSWER, blocks(), CountQuery(by=("centre",), measures=MEASURES[:2]), THROUGH)
    assert both["rows"] == [
        {"centre": "UPP", "patients": None, "infusions": None, "suppressed": True},
        {"centre": "FAL", "patients": None, "infusions": None, "suppressed": True},
        {"centre": "STO", "patients": 12, "infusions": None, "suppressed": True},
    ]
    # The parts that are told and the sum of all would tell those that are not.
    assert both["total"] == {"patients": 57, "infusions": 73, "patients_summed": None, "suppressed": True}


def test_a_sum_of_parts_that_are_all_told_is_told():
    rows = [{"sex": "female"} | cell(30, 38, 8, 0), {"sex": "male"} | cell(29, 35, 0, 6)]
    query = CountQuery(by=("sex",), measures=("patients",))
    found = withhold_counts({"rows": rows, "total": ANSWER["total"]}, blocks(), query, THROUGH)
    assert found["rows"] == [{"sex": "female", "patients": 30}, {"sex": "male", "patients": 29}]
    assert found["total"] == {"patients": 57, "patients_summed": 59}
    one_hidden = [rows[0], {"sex": "male"} | cell(4, 4, 0, 0)]
    found = withhold_counts({"rows": one_hidden, "total": ANSWER["total"]}, blocks(), query, THROUGH)
    assert found["rows"][1] == {"sex": "male", "patients": None, "suppressed": True}
    assert found["total"] == {"patients": 57, "patients_summed": None, "suppressed": True}


def test_a_total_without_parts_has_no_sum_of_them():
    query = CountQuery(measures=("patients",))
    answer = {"rows": [cell(4, 4, 0, 0)], "total": cell(4, 4, 0, 0)}
    found = withhold_counts(answer, blocks(), query, THROUGH)
    assert found["total"] == {"patients": None, "suppressed": True}


def test_what_there_is_none_of_is_not_withheld():
    query = CountQuery(by=("sex",), measures=("patients", "first"))
    rows = [{"sex": "female"} | cell(30, 38, 8, 0, first=None), {"sex": "male"} | cell(29, 35, 0, 6, first=None)]
    found = withhold_counts({"rows": rows, "total": ANSWER["total"] | {"first": None}}, blocks(), query, THROUGH)
    assert found["rows"][0] == {"sex": "female", "patients": 30, "first": None}
    assert found["total"] == {"patients": 57, "patients_summed": 59, "first": None}


def test_rows_are_cut_by_the_filters_of_the_query():
    query = CountQuery(by=("category",), measures=("patients",), filters={"centre": ("STO",)})
    answer = {"rows": [{"category": "SOC"} | cell(12, 15, 3, 0)], "total": cell(12, 15, 3, 0)}
    found = withhold_counts(answer, blocks(), query, THROUGH)
    assert (found["rows"], found["total"]) == ([{"category": "SOC", "patients": 12}], {"patients": 12})
    query = CountQuery(by=("category",), measures=("patients",), filters={"centre": ("FAL",)})
    found = withhold_counts(answer, blocks(), query, THROUGH)
    assert found["rows"][0]["patients"] is None and found["total"]["patients"] is None


# Documents.

DOCUMENT = {
    "snapshot": 3,
    "national": NATION,
    "centres": [
        {"code": "UPP", "status": "active"} | cell(40, 51, 5, 6, first="2014-05-05") | {
            "categories": [
                {"category": "ICT"} | cell(2, 2, 0, 0, first="2014-05-05"),
                {"category": "SOC"} | cell(38, 49, 5, 6, first="2018-05-05"),
            ]
        },
        {"code": "STO", "status": "active"} | cell(12, 15, 3, 0, first="2019-05-05") | {
            "categories": [{"category": "SOC"} | cell(12, 15, 3, 0, first="2019-05-05")]
        },
        {"code": "ORE", "status": "upcoming"} | cell(0, 0, 0, 0, first=None) | {"categories": []},
        {"code": "LIN", "status": "closed"} | cell(0, 0, 0, 0, first=None) | {"categories": []},
    ],
    "manufacturing": [{"site": "VECURA", "manufactured": 59}, {"site": "GMPUPP", "manufactured": 0}],
}  # fmt: skip


def test_a_map_is_withheld_cell_by_cell():
    found = withhold_map(DOCUMENT, blocks())
    assert found["snapshot"] == 3
    assert found["national"] == NATION | {"first": "2014"}
    uppsala, stockholm, *empty = found["centres"]
    assert [uppsala[name] for name in MEASURES] == [None, None, None, 6]
    assert [one["category"] for one in uppsala["categories"]] == ["SOC", "ICT"], "in the order of the list"
    assert [one["patients"] for one in uppsala["categories"]] == [38, None]
    assert [one["first"] for one in (uppsala, *uppsala["categories"], stockholm)] == [None] * 4
    assert [stockholm["patients"], stockholm["categories"][0]["patients"]] == [12, 12]
    assert empty == DOCUMENT["centres"][2:]
    assert found["manufacturing"] == DOCUMENT["manufacturing"]


def test_of_an_earlier_day_the_nation_alone_is_told():
    """What is nothing now, or in the country by then, is nothing; of the rest it is not told."""
    latest = withhold_map(DOCUMENT, blocks())
    national = NATION | {"children": 0, "further_doses": 0, "first": "2014"}
    found = withhold_day(DOCUMENT, latest, national)
    assert found["national"] == national and found["snapshot"] == 3
    uppsala, stockholm, *empty = found["centres"]
    assert [uppsala[name] for name in MEASURES] == [None, None, None, 0] and uppsala["suppressed"] is True
    assert [stockholm[name] for name in MEASURES] == [None, None, None, 0] and stockholm["suppressed"] is True
    assert [(one["patients"], one["further_doses"]) for one in uppsala["categories"]] == [(None, 0)] * 2
    assert empty == DOCUMENT["centres"][2:]
    assert found["manufacturing"] == [
        {"site": "VECURA", "manufactured": None, "suppressed": True}, {"site": "GMPUPP", "manufactured": 0},
    ]  # fmt: skip
    untold = withhold_day(DOCUMENT, latest)["national"]
    assert untold == dict.fromkeys(NATION) | {"products": 1, "suppressed": True}


def test_of_a_day_before_the_first_infusion_everything_is_nothing():
    nothing = {name: 0 for name in NATION if name not in {"first", "manufactured"}} | {"first": None}
    found = withhold_day(DOCUMENT, withhold_map(DOCUMENT, blocks()), nothing)
    for centre in found["centres"]:
        assert [centre[name] for name in MEASURES] == [0, 0, 0, 0]
    assert [site["manufactured"] for site in found["manufacturing"]] == [0, 0]


def test_of_an_older_snapshot_nothing_is_told_but_who_is_awaited():
    found = withhold_older(DOCUMENT)
    assert found["national"] == dict.fromkeys(NATION) | {"products": 1, "suppressed": True}
    *open_centres, upcoming, closed = found["centres"]
    for centre in (*open_centres, closed):
        assert [centre[name] for name in MEASURES] == [None] * 4
        assert (centre["categories"], centre["suppressed"], centre["first"]) == ([], True, None)
    assert upcoming == DOCUMENT["centres"][2]
    assert found["snapshot"] == 3
    # One that has begun after all is told no more of than the others.
    begun = DOCUMENT["centres"][2] | cell(1, 1, 0, 0)
    [centre] = withhold_older(DOCUMENT | {"manufacturing": [], "centres": [begun]})["centres"]
    assert centre["infusions"] is None


def test_a_cell_is_hidden_but_for_what_is_nothing():
    assert hide({"code": "UPP"} | cell(3, 4, 0, 1, first="2020-05-05")) == {
        "code": "UPP", "patients": None, "infusions": None, "reinfusions": 0, "further_doses": None, "first": None,
        "suppressed": True,
    }  # fmt: skip
    for nothing in (cell(0, 0, 0, 0, first=None), {"manufactured": 0}, {"code": "UPP"}):
        assert hide(nothing | {"suppressed": True}) == nothing
    for unknown in (cell(0, None, 0, 0), {"patients_summed": None}, {"children": 1}, {"manufactured": 1}):
        assert hide(unknown)["suppressed"] is True


# The policy.


def test_a_policy_lets_all_through_or_cuts_down(settings):
    assert read_threshold() is None
    assert publishable(7, lambda answer, threshold: threshold) == 7
    require_exact()
    settings.DISCLOSURE = "threshold:12"
    assert read_threshold() == 12
    assert publishable(7, lambda answer, threshold: (answer, threshold)) == (7, 12)
    assert publishable(7, without_numbers) == 7
    with pytest.raises(Withheld):
        require_exact()


def test_a_cell_is_within_its_values_and_what_is_asked_for():
    atom = {"centre": "UPP", "sex": "male"}
    assert within({})(atom) and within({"centre": "UPP", "sex": "male"})(atom)
    assert not within({"centre": "UPP", "sex": "female"})(atom)
    assert not within({"centre": "UPP"}, lambda atom: atom["sex"] == "female")(atom)
    assert within({"centre": "UPP"}, lambda atom: atom["sex"] == "male")(atom)


# Drawing: each block has enough persons, and one more than cells.


def drawn(*weights: tuple, threshold: int = 5) -> list[tuple[bool, list]]:
    """Which cells go together, by their last part; weights: path and persons."""
    found = draw_table([Atom(tuple(path), weight, weight) for *path, weight in weights], threshold)
    return [(one["safe"], [atom[-2] for atom in one["atoms"]]) for one in found]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([("entry", "a", 5), ("entry", "b", 5)], [(True, ["a"]), (True, ["b"])]),
        ([("entry", "a", 4), ("entry", "b", 5)], [(True, ["b", "a"])]),
        ([("entry", "a", 4), ("entry", "b", 9), ("entry", "c", 6)], [(True, ["b"]), (True, ["c", "a"])]),
        ([("entry", "a", 3), ("entry", "b", 2), ("entry", "c", 9)], [(True, ["c"]), (True, ["a", "b"])]),
        ([("entry", "a", 2), ("entry", "b", 2)], [(False, ["a", "b"])]),
        # Roles are never drawn together.
        ([("entry", "a", 9), ("dose", "a", 3), ("again", "a", 5)], [(True, ["a"]), (True, ["a"]), (False, ["a"])]),
        # Within a centre first, then within its region.
        (
            [("entry", "M", "UPP", "a", 2), ("entry", "M", "UPP", "b", 3), ("entry", "M", "FAL", "c", 9)],
            [(True, ["a", "b"]), (True, ["c"])],
        ),
        (
            [("entry", "M", "UPP", "a", 2), ("entry", "M", "FAL", "b", 6), ("entry", "S", "STO", "c", 5)],
            [(True, ["b", "a"]), (True, ["c"])],
        ),
        (
            [("entry", "M", "UPP", "a", 2), ("entry", "N", "UME", "b", 3), ("entry", "S", "STO", "c", 7)],
            [(True, ["c"]), (True, ["a", "b"])],
        ),
    ],
)  # fmt: skip
def test_small_cells_are_drawn_together_with_their_neighbours(weights, expected):
    assert drawn(*weights) == expected


def test_a_block_has_one_more_person_than_cells():
    assert drawn(*(("entry", name, 1) for name in "abcde"), threshold=5) == [(False, list("abcde"))]
    assert drawn(*(("entry", name, 1) for name in "abcd"), ("entry", "e", 2), threshold=5) == [
        (True, list("abcde"))
    ]


def test_roles_are_kept_apart_where_there_are_enough_of_each():
    atoms = {
        "time": [Atom(("dose", 2020), 6, 7), Atom(("again", 2020), 5, 9), Atom(("entry", 2020), 1, 1)],
        "place": [Atom(("dose", "UPP"), 6, 7), Atom(("again", "UPP"), 5, 9)],
        "sex": [],
    }
    assert gather_roles(atoms, 5) == atoms
    for rare in ("dose", "again"):
        fewer = atoms | {"place": [Atom(one.path, 4 if one.path[0] == rare else 9, 9) for one in atoms["place"]]}
        found = gather_roles(fewer, 5)
        assert found["time"] == [Atom(("repeat", 2020), 11, 16), Atom(("entry", 2020), 1, 1)]
        assert found["place"] == [Atom(("repeat", "UPP"), 13, 18)]


def test_a_role_that_is_too_rare_in_one_table_is_closed_in_all(monkeypatch):
    read = {
        table: [
            Atom(("entry", "a"), 2 if table == "sex" else 9, 9), Atom(("entry", "b"), 1, 1),
            Atom(("dose", "a"), 7, 7), Atom(("again", "b"), 8, 8),
        ]
        for table in TABLES
    }  # fmt: skip
    monkeypatch.setattr(disclosure_blocks, "_read_atoms", lambda snapshot, table: read[table])
    for table, found in draw_blocks(1, 5).items():
        safe = {(block["atoms"][0][0], block["safe"]) for block in found}
        assert safe == {("entry", False), ("dose", True), ("again", True)}, table
    read["sex"][0] = Atom(("entry", "a"), 9, 9)
    assert all(block["safe"] for found in draw_blocks(1, 5).values() for block in found)
    assert [block["atoms"] for block in draw_blocks(1, 5)["sex"]] == [
        [["entry", "a", 9], ["entry", "b", 1]], [["dose", "a", 7]], [["again", "b", 8]],
    ]  # fmt: skip


# The smallest cells, read from the facts.

# Person 1 has one infusion. 2 has three in two categories of a centre; 3 two at two centres, in two years.
COURSES = [
    (1, "UPP", "SOC", "first", date(2020, 5, 5), 50),
    (2, "UPP", "SOC", "first", date(2020, 5, 5), 17),
    (2, "UPP", "SOC", "further_dose", date(2020, 5, 15), 17),
    (2, "UPP", "CUP", "reinfusion", date(2021, 5, 5), 18),
    (3, "STO", "SOC", "first", date(2020, 7, 7), 40),
    (3, "UPP", "SOC", "reinfusion", date(2021, 7, 7), 41),
    (4, "STO", "SOC", "reinfusion", date(2021, 8, 8), 30),
    (4, "STO", "SOC", "reinfusion", date(2022, 8, 8), 31),
    (4, "STO", "SOC", "reinfusion", date(2022, 9, 9), 31),
]
M, S = factories.REGION_OF["UPP"], factories.REGION_OF["STO"]
# By path: infusions, and persons who could stand elsewhere with no other number moving.
CELLS = {
    "place": {
        ("entry", M, "UPP", "SOC"): (3, 1),  # 1 alone has no other infusion
        ("entry", M, "UPP", "CUP"): (1, 0),
        ("entry", S, "STO", "SOC"): (2, 0),
        ("dose", M, "UPP", "SOC"): (1, 1),
        ("again", S, "STO", "SOC"): (2, 1),
    },
    "time": {
        ("entry", 2020): (3, 1), ("entry", 2021): (1, 0), ("dose", 2020): (1, 0), ("again", 2021): (2, 1),
        ("again", 2022): (2, 1),
    },
    "age": {
        ("entry", "adult"): (3, 1), ("entry", "child"): (1, 0), ("dose", "child"): (1, 0),
        ("again", "child"): (1, 0), ("again", "adult"): (3, 2),
    },
}  # fmt: skip


def test_the_smallest_cells_are_counted_with_who_could_stand_elsewhere(lists):
    factories.store_rows(
        lists,
        [
            factories.plain_row(
                person=person, centre=centre, category=category, kind=kind, infused_on=day, age=age, sequence=1
            )
            for person, centre, category, kind, day, age in COURSES
        ],
    )
    number = publish().number
    found = {weight: draw_blocks(number, weight, complementary=False) for weight in (1, 2, 3)}
    for table, cells in CELLS.items():
        atoms = {atom.path: (atom.infusions, atom.weight) for atom in disclosure_blocks._read_atoms(number, table)}
        assert atoms == cells, table
    safe = {tuple(block["atoms"][0][:-1]) for block in found[1]["place"] if block["safe"]}
    assert safe == {
        ("entry", M, "UPP", "SOC"), ("repeat", M, "UPP", "SOC"), ("repeat", S, "STO", "SOC"),
    }  # fmt: skip
    assert not [block for block in found[3]["place"] if block["safe"]]

"""What a change to whole persons does to the numbers, worked out by hand; and the print of what was shown."""

from dataclasses import replace
from datetime import date
from itertools import permutations
from types import SimpleNamespace

import pytest

from registry.access import Operator
from registry.choices import DatePrecision, Kind, Sex, Status
from registry.course_order import Step
from registry.entry.live_counts import count_entered
from registry.entry.patients.count_effect import (
    EffectChanged,
    Place,
    Row,
    as_one,
    compare,
    places_of,
    print_effect,
    refuse_other_effect,
)
from registry.models import Infusion
from tests import factories

FIRST, DOSE, AGAIN = Kind.FIRST, Kind.FURTHER_DOSE, Kind.REINFUSION


def place(
    person: int, day: str, centre="UPP", category="SOC", kind=FIRST, *, age=50, product="Kymriah", sex="female"
) -> Place:
    """A day of four or seven letters is known to its year or month."""
    precision = {4: DatePrecision.YEAR, 7: DatePrecision.MONTH, 10: DatePrecision.DAY}[len(day)]
    on = date.fromisoformat(f"{day}-01-01"[:10])
    codes = {
        "centre": centre, "category": category, "product": product, "modality": "CAR-T", "indication": None,
        "sex": sex, "manufacturing_site": None, "region": factories.REGION_OF[centre],
        "county": factories.COUNTY_OF[centre], "trial": None,
    }  # fmt: skip
    return Place(person, Step(on, 1, kind, product, precision, centre), age, codes)


def moved_to(one: Place, centre: str) -> Place:
    return one.at(
        SimpleNamespace(code=centre, region=factories.REGION_OF[centre], county_code=factories.COUNTY_OF[centre])
    )


def numbers(rows: list[Row]) -> dict[tuple[str, str], list[int]]:
    """By cell of the map: patients, infusions, reinfusions, further doses, children."""
    names = ("patients", "infusions", "reinfusions", "further_doses", "children")
    found = {
        (row.cell.value("centre"), row.cell.value("category")): [row.moves[name] for name in names]
        for row in rows
        if row.cell.by in {(), ("centre",), ("centre", "category")}
    }
    in_order = sorted(found, key=lambda cell: (bool(cell[0]) + bool(cell[1]), cell))
    assert list(found) == in_order, "the nation, then the centres, then their categories"
    return found


# Person 1 is treated three times at two centres, person 2 twice, person 3 once.
ONE = [
    place(1, "2020-05-05"),
    place(1, "2020-05-15", kind=DOSE),
    place(1, "2022-05-05", "STO", "CUP", AGAIN),
]
TWO = [place(2, "2021-06-05", "STO", "CUP", age=17), place(2, "2023-06-05", "STO", "SOC", AGAIN, age=19)]
THREE = [place(3, "2019-01-01", "UME")]


def test_two_persons_as_one_are_one_patient_wherever_both_were():
    both = [*TWO, *ONE]
    one = as_one(both, 1, Sex.FEMALE)
    assert {each.person for each in one} == {1}
    assert [(str(each.step.infused_on), each.step.kind) for each in one] == [
        ("2020-05-05", FIRST), ("2020-05-15", DOSE), ("2021-06-05", AGAIN), ("2022-05-05", AGAIN),
        ("2023-06-05", AGAIN),
    ]  # fmt: skip
    rows = compare(both, one)
    assert numbers(rows) == {
        ("", ""): [-1, 0, 1, 0, -1],  # the child's first is no entry any more
        ("STO", ""): [-1, 0, 1, 0, 0],  # the child still enters there
        ("STO", "CUP"): [-1, 0, 1, 0, 0],
    }
    assert rows[0].cell.by == ()


def test_a_further_dose_that_becomes_an_entry_of_its_cell_is_none_there():
    course = [
        place(1, "2020-05-05"),
        place(1, "2020-05-15", "STO", kind=DOSE),
        place(1, "2020-05-25", "STO", kind=DOSE),
    ]
    assert numbers(compare([], course)) == {
        ("", ""): [1, 3, 0, 2, 0],
        ("UPP", ""): [1, 1, 0, 0, 0], ("UPP", "SOC"): [1, 1, 0, 0, 0],
        ("STO", ""): [1, 2, 0, 1, 0], ("STO", "SOC"): [1, 2, 0, 1, 0],
    }  # fmt: skip
    assert numbers(compare(course, [])) == {
        cell: [-by for by in moves] for cell, moves in numbers(compare([], course)).items()
    }


@pytest.mark.parametrize(("age", "children"), [(17, 1), (18, 0)])
def test_children_are_below_eighteen_at_their_entry(age, children):
    others = [place(2, "2020-01-01", age=17), place(2, "2021-01-01", kind=AGAIN, age=18)]
    assert numbers(compare(others, [*others, place(1, "2020-05-05", age=age)]))["UPP", "SOC"][4] == children


def test_the_table_by_age_tells_seventeen_from_eighteen_at_the_entry():
    of_17 = [place(1, "2020-05-05", age=17), place(1, "2021-05-05", kind=AGAIN, age=18)]
    of_18 = [
        place(2, "2020-05-05", age=18), place(2, "2020-05-15", kind=DOSE, age=18), place(3, "2020-06-05", age=18)
    ]  # fmt: skip
    found = {
        row.cell.value("age_group"): list(row.moves.values())
        for row in compare([], [*of_17, *of_18])
        if row.cell.by == ("age_group",)
    }
    assert found == {"child": [1, 2, 1, 0, 1], "adult": [2, 3, 0, 1, 0]}


def test_the_table_by_month_leaves_out_what_is_known_to_its_year():
    """COUNTING.md, case 11: such an infusion is a row of its year, without a month."""
    course = [place(1, "2020-05"), place(1, "2020-06-15", kind=AGAIN), place(1, "2021", kind=AGAIN)]
    rows = compare([], [*course, place(2, "2020-05-07"), place(3, "2022")])
    for name, expected in (
        ("month", {"2020-05": [2, 2, 0], "2020-06": [0, 1, 1], "unknown": [1, 2, 1]}),
        ("year", {2020: [2, 3, 1], 2021: [0, 1, 1], 2022: [1, 1, 0]}),
    ):
        of = {row.cell.value(name): row.moves for row in rows if row.cell.by == (name,)}
        found = {
            value: [moves[one] for one in ("patients", "infusions", "reinfusions")] for value, moves in of.items()
        }
        assert found == expected


def test_cells_of_a_table_come_by_their_value_and_without_one_last():
    places = [place(1, "2020-05-05"), place(2, "2021-05-05"), place(3, "2022-05-05")]
    for one, indication in zip(places, (None, "C91.0", "C83.3"), strict=True):
        one.codes["indication"] = indication
    rows = compare([], places)
    assert [row.cell.values for row in rows if row.cell.by == ("indication",)] == [("C83.3",), ("C91.0",), (None,)]


def test_what_does_not_move_has_no_row():
    both = [*ONE, *TWO]
    assert compare(both, [ONE[0], TWO[0], ONE[1], TWO[1], ONE[2]]) == []
    assert compare(both, both) == []
    assert compare(both, list(reversed(both))) == []
    moved = [moved_to(each, "UME") if each.step.centre == "UPP" else each for each in both]
    assert numbers(compare(both, moved)).keys() == {("UPP", ""), ("UPP", "SOC"), ("UME", ""), ("UME", "SOC")}
    assert {each.step.centre for each in moved} == {"UME", "STO"}


def test_a_vague_reinfusion_stands_after_the_known_days_of_its_period():
    """COUNTING.md, case 11: of the year 2020, and the entry is in May of it."""
    vague = place(2, "2020", "STO", kind=AGAIN)
    one = as_one([vague, *ONE], 1, Sex.FEMALE)
    assert [each.step.date_precision for each in one][:3] == ["day", "day", "year"]
    assert one[2].step.kind == AGAIN
    # A first of that year begins it, and the known first is a reinfusion then.
    first = as_one([*ONE, replace(vague, step=vague.step._replace(kind=FIRST))], 1, Sex.FEMALE)
    assert [each.step.kind for each in first] == [FIRST, AGAIN, DOSE, AGAIN]
    assert first[0].step.date_precision == "year"


def test_only_submitted_infusions_are_places():
    def stored(status, day):
        step = Step(day, 1, FIRST, "Kymriah", centre="UPP")
        return SimpleNamespace(
            patient_id=7, centre=SimpleNamespace(code="UPP", region="M", county_code="03"), category="SOC",
            step=step, age_at_infusion=9, status=status, patient=SimpleNamespace(sex="male"), trial=None,
            product=SimpleNamespace(name="Kymriah", modality="CAR-T"),
            indication=SimpleNamespace(code="C91.0"), manufacturing_site=SimpleNamespace(code="VECURA"),
        )  # fmt: skip

    days = [date(2020, 1, day) for day in (1, 2, 3, 4)]
    kept = (Status.SUBMITTED, Status.WITHDRAWN, Status.SUBMITTED, Status.DRAFT)
    found = places_of(stored(*pair) for pair in zip(kept, days, strict=True))
    assert [(each.person, each.age, each.step.infused_on) for each in found] == [(7, 9, days[0]), (7, 9, days[2])]
    for each in found:
        assert each.codes == {
            "centre": "UPP", "region": "M", "county": "03", "category": "SOC", "product": "Kymriah",
            "modality": "CAR-T", "indication": "C91.0", "manufacturing_site": "VECURA", "trial": None,
            "sex": "male",
        }  # fmt: skip


# The print of what was shown.

SHOWN = [*ONE, *TWO]
EFFECT = compare(SHOWN, as_one(SHOWN, 1, Sex.FEMALE))


def test_the_print_is_the_same_in_whatever_order_the_rows_come():
    prints = {print_effect(order, EFFECT) for order in permutations(SHOWN)}
    assert len(prints) == 1
    [printed] = prints
    refuse_other_effect(printed, SHOWN, EFFECT)
    refuse_other_effect(None, SHOWN, EFFECT)


def test_the_print_tells_nothing_of_who_the_persons_are():
    others = [replace(each, person=3 - each.person) for each in SHOWN]
    assert print_effect(others, EFFECT) == print_effect(SHOWN, EFFECT)


class Named(str):
    """A text with a hash of its own, as each process gives it, and with it an order of sets."""

    def __new__(cls, text: str, number: int):
        named = super().__new__(cls, text)
        named.number = number
        return named

    def __hash__(self) -> int:
        return self.number


def test_the_print_is_the_same_in_every_process():
    prints = {
        print_effect(
            [place(1, "2020-05-05", product=Named("A", one)), place(2, "2021-05-05", product=Named("B", two))], []
        )
        for one, two in ((1, 2), (2, 1))
    }
    assert len(prints) == 1


def changed(number: int, *, codes=(), **step) -> list[Place]:
    """The places with one of them another."""
    one = SHOWN[number]
    other = replace(one, step=one.step._replace(**step), codes=one.codes | dict(codes))
    return [*SHOWN[:number], other, *SHOWN[number + 1 :]]


OTHERS = {
    "one more in a cell": [*SHOWN, place(1, "2020-06-15", kind=DOSE)],
    "one in another category": changed(0, codes={"category": "CUP"}),
    "one at another centre": [*SHOWN[:4], moved_to(SHOWN[4], "UME")],
    "another product": changed(1, product="Yescarta", codes={"product": "Yescarta"}),
    "another trial": changed(2, codes={"trial": factories.ACADEMIC}),
    "another entry": changed(0, infused_on=date(2020, 5, 4)),
    "an entry less well known": changed(3, infused_on=date(2021, 1, 1), date_precision=DatePrecision.YEAR),
    "an entry of another person in the cell": [*SHOWN, *THREE],
}


@pytest.mark.parametrize("other", OTHERS)
def test_other_cells_are_another_print(other):
    printed = print_effect(SHOWN, EFFECT)
    assert print_effect(OTHERS[other], EFFECT) != printed
    with pytest.raises(EffectChanged) as refused:
        refuse_other_effect(printed, OTHERS[other], EFFECT)
    assert refused.value.code == "effect_changed"


def test_products_that_change_places_between_centres_are_another_print():
    """The number of products at each centre is of everyone there, and may change with them."""
    prints = {
        print_effect(
            [place(1, "2020-05-05", "UPP", product=one), place(2, "2020-05-05", "STO", product=two)], EFFECT
        )
        for one, two in (("Kymriah", "Yescarta"), ("Yescarta", "Kymriah"))
    }
    assert len(prints) == 2


@pytest.mark.parametrize("seen", ["", "0" * 64])
def test_what_no_page_has_shown_is_refused(seen):
    with pytest.raises(EffectChanged):
        refuse_other_effect(seen, SHOWN, EFFECT)


@pytest.mark.parametrize("cell", range(len(EFFECT)))
@pytest.mark.parametrize("measure", EFFECT[0].moves)
def test_another_effect_in_any_cell_is_another_print(cell, measure):
    row = EFFECT[cell]
    other = [
        *EFFECT[:cell],
        replace(row, moves=row.moves | {measure: row.moves[measure] + 1}),
        *EFFECT[cell + 1 :],
    ]
    assert print_effect(SHOWN, other) != print_effect(SHOWN, EFFECT)
    assert print_effect(SHOWN, EFFECT[:cell] + EFFECT[cell + 1 :]) != print_effect(SHOWN, EFFECT)


def test_the_start_page_counts_as_the_fold_of_an_act_does(lists):
    """It asks SQL, since it reads a whole centre: both give the same numbers (decision 0005)."""
    factories.record_several(lists)
    factories.record(lists, factories.nth_number(41), infused_on="2023-08-08", kind="reinfusion")
    factories.record(lists, factories.nth_number(42), centre="STO", category="CUP")
    infusions = list(Infusion.objects.select_related("centre", "product", "patient"))
    folded = {
        (row.cell.value("centre"), row.cell.value("category") or "all"): row.moves
        for row in compare([], places_of(infusions))
        if row.cell.by in {("centre",), ("centre", "category")}
    }
    codes = {centre.pk: centre.code for centre in lists.centres.values()}
    counted = {
        (codes[centre], category): numbers
        for centre, by_category in count_entered(Operator()).items()
        for category, numbers in by_category.items()
    }
    assert {cell for cell, _moves in folded.items()} == set(counted) and len(counted) > 5
    for cell, said in counted.items():
        assert said == {"patients": folded[cell]["patients"], "infusions": folded[cell]["infusions"]}

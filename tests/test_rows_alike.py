"""A file's rows share most cells: these are read once, and each row is judged as if it were alone.

The oracle is a reader that has read no other row.
"""

import random

import pytest

from registry.access import Operator
from registry.entry.infusions.row_fields import RowFields
from registry.entry.infusions.row_reader import CodeLists, RowReader
from registry.models import Centre
from tests import factories
from tests.test_import import MAN, ROW, WOMAN

# By column: values that are right, wrong, misspelled, or right beside some others alone.
VALUES = {
    "centre": ["UPP", "upp ", "STO", "UME", "", "nowhere"],
    "patient_id": [
        WOMAN, WOMAN[2:], WOMAN.replace("-", ""), MAN, MAN[2:], "local:7", "local:å ä", "1", "",
        factories.made_wrong(WOMAN),
    ],
    "sex": ["", "female", "man", "x"],
    "category": ["SOC", "ACT", "ict", "CUP", ""],
    "kind": ["first", "", "reinfusion", "last"],
    "product": ["Kymriah", "YESCARTA", "akademisk cd19 car-t", "Kymria", "Carvykti"],
    "modality": ["", "CAR-T", "TCR-T"],
    "trial": ["", "", factories.ACADEMIC, factories.INDUSTRY, "NCT1"],
    "infused_on": ["2020-05-05", "2020-05-06", "2016-01-01", "2009-12-31", "2020-05", "2031-01-01", "1989", ""],
    "date_precision": ["", "day", "month", "vecka"],
    "sequence": ["", "1", "2", "10", "two"],
    "age_at_infusion": ["", "50", "12", "95", "130", "old"],
    "batch": ["", "B1", "b" * 61, "\x01", WOMAN],
}  # fmt: skip


@pytest.mark.django_db
def test_each_row_of_many_is_read_as_if_it_were_alone(lists):
    Centre.objects.filter(code="UME").update(status="upcoming")
    chance, reader = random.Random(3), RowReader(CodeLists(Operator()))
    accepted = refused = 0
    for _place in range(1_500):
        wrong = chance.sample(list(VALUES), chance.choice([0, 0, 1, 1, 2]))
        row = ROW | {name: chance.choice(VALUES[name]) for name in [*wrong, "patient_id", "infused_on"]}
        row = {name: cell for name, cell in row.items() if cell or name not in wrong}
        stated, problems = reader.read_next(row)
        assert (stated, problems) == RowReader(CodeLists(Operator())).read(row), row
        accepted += bool(stated and not problems)
        refused += not stated
    assert accepted > 100 and refused > 100 and len(reader.shared) > 10


@pytest.mark.django_db
def test_what_rows_share_is_looked_up_once(lists, monkeypatch):
    looked_up, look_up = [], RowFields.look_up

    def count(fields, name, *known, **how):
        looked_up.append(name)
        return look_up(fields, name, *known, **how)

    monkeypatch.setattr(RowFields, "look_up", count)
    reader = RowReader(CodeLists(Operator()))
    for place in range(30):
        row = ROW | {
            "patient_id": factories.nth_number(place),
            "infused_on": f"2020-06-{1 + place:02}",
            "batch": f"B{place}",
        }
        assert reader.read_next(row | {"age_at_infusion": ""})[1] == []
        assert reader.read_next(row | {"age_at_infusion": "", "centre": "STO", "kind": "reinfusion"})[1] == []
    assert sorted(looked_up) == sorted([*set(looked_up)] * 2)


@pytest.mark.django_db
def test_a_hostile_file_makes_no_reader_remember_without_end(lists, monkeypatch):
    monkeypatch.setattr("registry.entry.infusions.row_reader.MOST_KEPT", 3)
    reader = RowReader(CodeLists(Operator()))
    for sequence in range(1, 10):
        assert reader.read_next(ROW | {"sequence": str(sequence)})[0].sequence == sequence
    assert len(reader.shared) == 3
    reader = RowReader(CodeLists(Operator()))
    for spaces in (0, 1, 50_000, 50_001):
        assert reader.read_next(ROW | {"category": "SOC" + " " * spaces})[1] == []
    assert len(reader.shared) == 2

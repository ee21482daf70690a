"""The table of an infusion's columns: none is forgotten on the way from a file to the registry and back."""

import csv
import io
from dataclasses import fields

import pytest
from django.db import connection

from registry.access import Operator
from registry.entry.importing.kept_rows import keep_stated, read_kept
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.code_lists import CodeLists
from registry.entry.infusions.columns import COLUMNS, STORED, row_of, row_of_stated
from registry.entry.infusions.export import export_infusions
from registry.entry.infusions.row_reader import RowReader
from registry.infusion_input import InfusionInput
from registry.models import ImportRow, Infusion
from tests import factories
from tests.exchange_files import as_csv
from tests.test_import import ROW

pytestmark = pytest.mark.django_db

# A row that says something in every column, and what would not follow if it said nothing.
FULL = {
    "centre": "STO", "patient_id": "local:17", "sex": "male", "category": "ACT", "kind": "reinfusion",
    "product": "Akademisk CD19 CAR-T", "modality": "CAR-T", "indication": "C83.3", "trial": factories.ACADEMIC,
    "manufacturing_site": "VECURA", "infused_on": "2021-06", "date_precision": "month", "sequence": "2",
    "age_at_infusion": "51", "batch": "B 17",
}  # fmt: skip
OTHERS = [ROW, ROW | {"patient_id": "local:18", "sex": "female", "batch": "B2", "manufacturing_site": "GMPUPP"}]
SQL = {"int8": "bigint", "int2": "smallint", "text": "varchar", "date": "date"}


@pytest.fixture
def stated(lists):
    stated, problems = RowReader(CodeLists(Operator())).read(FULL)
    assert stated and not [problem for problem in problems if not problem.warning]
    return stated


def test_the_full_row_says_something_in_every_column():
    assert tuple(FULL) == COLUMNS
    assert all(FULL.values())


def test_every_column_is_read_and_written_as_it_stood(stated):
    # The person's identifier is never written, and the modality is the product's.
    assert row_of_stated(stated) == {
        name: text for name, text in FULL.items() if name not in {"patient_id", "modality"}
    }


def test_every_column_of_a_file_is_stored_and_exported(lists, tmp_path):
    path = tmp_path / "infusions.csv"
    path.write_bytes(as_csv([OTHERS[0], FULL, OTHERS[1]]))
    assert import_infusions(path=path, by=Operator()).stored == 3
    stored = Infusion.objects.get(batch="B 17")
    assert row_of(stored) == {name: text for name, text in FULL.items() if name not in {"patient_id", "sex"}}
    text = b"".join(export_infusions(by=Operator(), format="csv").content).decode("utf-8-sig")
    [exported] = [row for row in csv.DictReader(io.StringIO(text), delimiter=";") if row["batch"] == "B 17"]
    assert exported | {"patient_id": "local:17"} == FULL | {
        "id": str(stored.pk), "patient": str(stored.patient.registry_number), "status": "submitted",
    }  # fmt: skip


def test_what_an_upload_keeps_of_a_row_is_read_back_as_it_was(stated):
    kept, chain, birth_digest = keep_stated(stated)
    again, identifier = read_kept(ImportRow(staged=kept, chain=chain, birth_digest=birth_digest))
    assert row_of_stated(again) == row_of_stated(stated)
    assert identifier.digests() == stated.identifier.digests()


def test_the_tables_have_what_the_table_says():
    stored = {field.name for field in Infusion._meta.fields}
    assert stored - {column.name for column in STORED} == {"id", "patient", "sex_stated", "status", "created_at"}
    stated = {field.name for field in fields(InfusionInput)}
    assert stated - {column.name for column in STORED} == {"identifier", "sex"}
    for column in STORED:
        field = Infusion._meta.get_field(column.name)
        assert field.column == column.key
        assert field.db_type(connection).split("(")[0] == SQL[column.sql], column.name

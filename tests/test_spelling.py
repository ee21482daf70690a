"""What is plainly the same is read, in form, file and interface alike; what is not gets a guess and no echo."""

import io
import re

import pytest
from django.core.management import call_command
from django.utils.translation import override
from openpyxl import load_workbook

from registry.access import Operator
from registry.choices import Category, DatePrecision, Kind, Sex
from registry.entry.exchange.template import write_template
from registry.entry.importing.pipeline import ImportSummary
from registry.entry.infusions import spelling
from registry.entry.infusions.row_reader import CodeLists, RowReader
from registry.models import Product, Trial
from tests import factories
from tests.exchange_files import as_csv
from tests.test_import import COLUMNS, MAN, ROW, WOMAN

SAME = {
    "centre": {"UPP": ["upp", " Upp "]},
    "product": {
        "Kymriah": ["KYMRIAH", "Kymriah®", "kymriah ™", "Tisagenlecleucel", "tisagenlecleucel\u200b"],
        "Yescarta": ["Yescarta®", "Yescarta (R)".replace(" (R)", "®"), "axicabtagene  ciloleucel",
                     "axicabtagene\xa0ciloleucel", "Axicabtagene-Ciloleucel", "ＹＥＳＣＡＲＴＡ"],
    },
    "indication": {"C83.3": ["C833", "c83.3", "C 83.3", "C83,3", "dlbcl", "DLBCL"],
                   "C91.0": ["C910", "B-ALL", "b all"]},
    "trial": {factories.INDUSTRY: ["nct99000001", "NCT 99000001", "NCT-99000001"],
              "2022-500001-12-00": ["2022 500001 12 00", "2022-500001-12-00 "]},
    "category": {"SOC": ["soc", "Standard of care", "standardvård"], "CUP": ["Compassionate use", "c.u.p."]},
    "kind": {"first": ["First", "FÖRSTA", "första"], "reinfusion": ["Re-infusion", "REINFUSION"],
             "further_dose": ["further dose", "Further-Dose", "Ytterligare dos", "ytterligare  dos"]},
    "sex": {"female": ["K", "k", "F", "Kvinna", "kvinna ", "Woman", "FEMALE"], "male": ["M", "man", "MAN", "Male"],
            "unknown": ["Okänt", "okänd", "Unknown"]},
    "date_precision": {"day": ["Dag", "DAY"], "month": ["månad", "Månad"], "year": ["år", "Year"]},
    "modality": {"CAR-T": ["car-t", "CAR T", "CART", "Car–T"]},
    "manufacturing_site": {"VECURA": ["Vecura", "vecura"]},
    "sequence": {"1": ["1.0", "1,0", "01"]},
    "age_at_infusion": {"50": ["50.0", "50,00", " 50"]},
}  # fmt: skip


@pytest.fixture
def reader(lists):
    Trial.objects.create(identifier="2022-500001-12-00", name="x", sponsor="academic", phase="I")
    return RowReader(CodeLists(Operator()))


def outcome(reader, column, value) -> tuple:
    row = ROW | {"patient_id": "local:1", column: value}
    stated, problems = reader.read(row)
    return stated, [(problem.field, problem.code) for problem in problems]


@pytest.mark.parametrize("column", SAME)
def test_what_is_plainly_the_same_is_read_as_the_same(reader, column):
    for value, others in SAME[column].items():
        expected = outcome(reader, column, value)
        assert f"unknown_{column}" not in {code for _field, code in expected[1]}
        for other in others:
            assert outcome(reader, column, other) == expected, other


@pytest.mark.parametrize("choices", [Category, Kind, Sex, DatePrecision])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_what_the_pages_call_a_choice_may_be_written(choices, language):
    known = spelling.spellings(choices)
    with override(language):
        assert all(known.find(str(choice.label)) == choice for choice in choices)


def test_what_only_looks_alike_is_not_taken_for_one_of_two(lists):
    for place, name in enumerate(("X-1", "X1"), start=20):
        Product.objects.create(name=name, modality="CAR-T", position=place, origin="investigational")
    products = CodeLists(Operator()).products
    assert products.find("x-1").name == "X-1"
    assert products.find("X1").name == "X1"
    assert products.find("x 1") is None


@pytest.mark.parametrize("column, value, meant", [
    ("product", "Yescarrta", "Yescarta"), ("product", "Kymria", "Kymriah"),
    ("product", "tisagenlecleucell", "Kymriah"),
    ("indication", "C83.30", "C83.3"), ("kind", "reinfusoin", "reinfusion"),
    ("kind", "furtherdoses", ("further_dose", "ytterligare dos")),
    ("sex", "femlae", ("female", "kvinna")), ("trial", "NCT9900001", factories.INDUSTRY),
    ("trial", "NCT99000003", None), ("product", "Aspirin", ""), ("product", "?", ""), ("product", "", None),
])  # fmt: skip
@pytest.mark.parametrize("language, sentence", [("en", "Did you mean {}?"), ("sv", "Menade du {}?")])
def test_an_unknown_value_names_the_nearest_and_is_not_repeated(reader, column, value, meant, language, sentence):
    if isinstance(meant, tuple):
        meant = meant[language == "sv"]
    with override(language):
        _stated, problems = reader.read(ROW | {column: value})
    said = " ".join(problem.sentence for problem in problems if problem.code == f"unknown_{column}")
    if meant is not None:
        assert (sentence.format(meant) in said) == bool(meant), said
        assert sentence.split("{")[0] in said if meant else sentence.split("{")[0] not in said
    if value and value != "?":
        assert not re.search(rf"\b{value}\b", said)


def test_an_identity_number_in_a_list_is_never_repeated(reader):
    for column in SAME:
        _stated, problems = reader.read(ROW | {column: WOMAN})
        assert WOMAN[-4:] not in " ".join(problem.sentence for problem in problems)


def test_guessing_ends_where_a_file_has_nothing_but_unknown_values(reader, monkeypatch):
    monkeypatch.setattr("registry.entry.infusions.row_fields.MOST_GUESSES", 3)
    said = [reader.read(ROW | {"product": "Yescarrta"})[1][0].sentence for _row in range(5)]
    assert ["Yescarta?" in one for one in said] == [True, True, True, False, False]


def test_the_demonstration_guesses_its_products(db):
    call_command("load_code_lists", stdout=io.StringIO())
    with override("en"):
        _stated, problems = RowReader(CodeLists(Operator())).read(ROW | {"product": "Yescata"})
    [sentence] = [problem.sentence for problem in problems if problem.field == "product"]
    assert sentence.endswith("Did you mean Yescarta?")


# The template.


@pytest.mark.parametrize("language, first, kinds", [
    ("sv", ["centrum", "personnummer", "kön"], ["första", "ytterligare dos", "reinfusion"]),
    ("en", ["centre", "patient_id", "sex"], ["first", "further_dose", "reinfusion"]),
])  # fmt: skip
def test_the_template_is_in_the_language_of_the_page_and_read_again(bring, language, first, kinds):
    with override(language):
        workbook = b"".join(write_template(CodeLists(Operator()), format="xlsx").content)
        text = b"".join(write_template(CodeLists(Operator()), format="csv").content)
    header = text.decode("utf-8-sig").strip().split(";")
    assert header[:3] == first
    book = load_workbook(io.BytesIO(workbook))
    sheet, codes = book.worksheets
    assert [cell.value for cell in sheet[1]] == header
    column = next(column for column in codes.iter_cols(values_only=True) if column[0] == header[4])
    assert [value for value in column[1:] if value] == kinds
    sheet.append([ROW[name] for name in COLUMNS])
    file = io.BytesIO()
    book.save(file)
    assert bring(file.getvalue(), "x.xlsx") == (ImportSummary(1, 1, 0, 0, 0), [])  # its codes are no rows
    row = as_csv([ROW | {"patient_id": MAN}], delimiter=";").split(b"\n", 1)[1]
    assert bring(text + row) == (ImportSummary(1, 1, 0, 0, 0), [])


def test_what_is_begun_means_what_goes_on_alike(db):
    """Of two codes that are as like as each other, the one that begins as it is written."""
    call_command("load_code_lists", stdout=io.StringIO())
    indications = CodeLists(Operator()).indications
    assert (indications.guess("C90").icd10, indications.guess("c 91").icd10) == ("C90.0", "C91.0")

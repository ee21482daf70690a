"""The exchange file: all of it is stored or nothing, and every bad row is named."""

import io
import re
import tracemalloc
import zipfile
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from openpyxl import Workbook

from registry.access import Operator
from registry.choices import Category, Kind
from registry.entry.importing import pipeline, staging
from registry.entry.importing.course import MOST_INFUSIONS
from registry.entry.importing.pipeline import ImportSummary, import_infusions
from registry.entry.infusions import row_fields, row_reader
from registry.entry.infusions.columns import COLUMNS, NEEDED_COLUMNS
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.infusions.spelling import Spelled
from registry.entry.patients.erasure import erase_patient
from registry.errors import Busy, FileUnusable, NotFound, NotPermitted
from registry.identity import read_identifier
from registry.models import Infusion, Patient, PatientIdentifier, Revision
from tests import factories
from tests.exchange_files import as_csv

WOMAN, MAN = factories.number(date(1970, 1, 1), 980), factories.number(date(1970, 1, 1), 981)
ROW = {
    "centre": "UPP", "patient_id": WOMAN, "sex": "", "category": "SOC", "kind": "first",
    "product": "Kymriah", "modality": "CAR-T", "indication": "C91.0", "trial": "",
    "manufacturing_site": "", "infused_on": "2020-05-05", "date_precision": "day", "sequence": "1",
    "age_at_infusion": "50", "batch": "",
}  # fmt: skip
MANY = [
    ROW | {"batch": "B1"},
    ROW | {"infused_on": "2020-05-15", "kind": "further_dose", "batch": "B1"},
    ROW | {"infused_on": "2021-06", "date_precision": "month", "kind": "reinfusion", "age_at_infusion": "51",
           "batch": "B1", "centre": "STO", "category": "ICT", "trial": factories.INDUSTRY,
           "product": "Prövningsläkemedel TCR-T", "modality": "TCR-T", "indication": "solid-tumour"},
    ROW | {"patient_id": MAN, "kind": "", "sex": "male", "product": "YESCARTA", "age_at_infusion": "",
           "batch": "B2"},
    ROW | {"patient_id": "local:17", "category": "ACT", "trial": factories.ACADEMIC, "modality": "",
           "product": "akademisk cd19 car-t", "manufacturing_site": "VECURA", "infused_on": "2014",
           "date_precision": "year", "age_at_infusion": "12", "batch": "Ö1"},
]  # fmt: skip
BOM = b"\xef\xbb\xbf"


def as_xlsx(rows, *, columns=COLUMNS) -> bytes:
    book = Workbook()
    book.active.append(list(columns))
    for row in rows:
        book.active.append([row[name] if row[name] != "" else None for name in columns])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def stored() -> tuple:
    """All that an import may touch."""
    return (
        sorted(Infusion.objects.values_list()),
        sorted(Patient.objects.values_list()),
        sorted((pk, bytes(digest)) for pk, digest in PatientIdentifier.objects.values_list("pk", "digest")),
        Revision.objects.get().number,
    )


def plain() -> list[tuple]:
    """The stored infusions without what is drawn anew every time."""
    names = (
        "centre__code", "category", "kind", "product__name", "indication__key", "trial__identifier",
        "manufacturing_site__code", "infused_on", "date_precision", "sequence", "age_at_infusion",
        "batch", "status", "patient__sex", "patient__birth_year",
    )  # fmt: skip
    return sorted(Infusion.objects.values_list(*names), key=str)


# What is stored.


def test_a_file_is_stored_with_everything_that_it_says(bring):
    assert bring(MANY) == (ImportSummary(read=5, stored=5, unchanged=0, refused=0, warnings=0), [])
    assert plain() == sorted(
        [
            ("UPP", "SOC", "first", "Kymriah", "b-all", None, None, date(2020, 5, 5), "day", 1, 50, "B1",
             "submitted", "female", 1970),
            ("UPP", "SOC", "further_dose", "Kymriah", "b-all", None, None, date(2020, 5, 15), "day", 1, 50,
             "B1", "submitted", "female", 1970),
            ("STO", "ICT", "reinfusion", "Prövningsläkemedel TCR-T", "solid-tumour", factories.INDUSTRY, None,
             date(2021, 6, 1), "month", 1, 51, "B1", "submitted", "female", 1970),
            ("UPP", "SOC", "first", "Yescarta", "b-all", None, None, date(2020, 5, 5), "day", 1, 50, "B2",
             "submitted", "male", 1970),
            ("UPP", "ACT", "first", "Akademisk CD19 CAR-T", "b-all", factories.ACADEMIC, "VECURA",
             date(2014, 1, 1), "year", 1, 12, "Ö1", "submitted", "unknown", None),
        ],
        key=str,
    )  # fmt: skip
    assert Patient.objects.count() == PatientIdentifier.objects.count() == 3


def test_what_a_file_stores_is_what_single_entries_would(lists, bring):
    bring(MANY[:2])
    by_file = plain()
    for infusion in Infusion.objects.all():
        infusion.delete()
    Patient.objects.all().delete()
    for row in MANY[:2]:
        factories.record(lists, row["patient_id"], infused_on=row["infused_on"], kind=row["kind"], batch="B1")
    assert plain() == by_file


def test_a_persons_spellings_are_one_person_in_a_file_and_in_the_registry(lists, bring, neighbours):
    known = factories.record(lists, WOMAN, infused_on="2019-01-01").patient
    rows = [
        ROW | {"patient_id": spelling, "infused_on": f"2020-0{month}-01", "kind": "reinfusion"}
        for month, spelling in enumerate((WOMAN, WOMAN[2:], WOMAN.replace("-", "")), start=2)
    ]
    summary, problems = bring(rows)
    assert (summary.stored, problems) == (3, [])
    added = Infusion.objects.exclude(pk__in=[row.pk for row in neighbours])
    assert set(added.values_list("patient", flat=True)) == {known.pk}


@pytest.mark.usefixtures("neighbours")
def test_a_person_known_under_an_older_key_is_known_to_a_file(lists, bring, settings):
    known = factories.record(lists, WOMAN, infused_on="2019-01-01").patient
    settings.IDENTITY_KEYS = {"newer": b"n" * 32, **settings.IDENTITY_KEYS}
    assert bring([ROW | {"kind": "reinfusion"}, ROW | {"patient_id": MAN}])[0].stored == 2
    assert known.infusions.count() == 2
    assert Patient.objects.count() == 4
    newcomer = factories.find_person(read_identifier(MAN, centre="UPP"))
    assert newcomer.identifiers.get().key_id == "newer"


def test_the_history_says_who_imported(bring):
    bring(MANY)
    for infusion in Infusion.objects.all():
        assert [(row.acted_by, row.reason) for row in infusion.history_rows.all()] == [("operator", "import")]


@pytest.mark.parametrize(
    "spelling",
    [
        {"delimiter": ";"},
        {"newline": "\r\n"},
        {"delimiter": ";", "newline": "\r\n"},
        {"columns": COLUMNS[::-1]},
    ],
)
@pytest.mark.parametrize("bom", [b"", BOM])
def test_every_dialect_of_csv_is_read_alike(bring, spelling, bom):
    assert bring(bom + as_csv(MANY, **spelling)) == (ImportSummary(5, 5, 0, 0, 0), [])
    assert sorted(Infusion.objects.values_list("batch", flat=True)) == ["B1", "B1", "B1", "B2", "Ö1"]


def test_only_four_columns_are_needed_where_the_centre_is_given(bring):
    columns = [name for name in COLUMNS if name in NEEDED_COLUMNS]
    rows = [{name: ROW[name] for name in columns}]
    assert bring(rows, centre="UPP")[0].stored == 1
    [infusion] = Infusion.objects.all()
    assert (infusion.centre.code, infusion.kind, infusion.age_at_infusion) == ("UPP", "first", 50)


def test_columns_that_are_left_empty_are_no_columns(bring):
    lines = as_csv(MANY).decode().splitlines()
    padded = "".join(f"{line},,\n" for line in lines)
    assert bring(padded.encode()) == (ImportSummary(5, 5, 0, 0, 0), [])


def test_empty_rows_and_short_rows_are_read_as_they_look(bring):
    columns = ["centre", "patient_id", "category", "product", "infused_on", "batch"]
    text = as_csv([{name: MANY[0][name] for name in columns}]).decode()
    header, line = text.splitlines()
    short = line.replace(WOMAN, MAN).removesuffix(",B1")
    assert bring(f"{header}\n\n{line}\n,,,,,\n{short}\n".encode()) == (ImportSummary(2, 2, 0, 0, 0), [])
    assert sorted(Infusion.objects.values_list("batch", flat=True)) == ["", "B1"]


def test_a_quoted_line_break_keeps_the_numbers_of_the_lines(bring):
    rows = [ROW | {"batch": "two\nlines"}, ROW | {"patient_id": MAN, "centre": "XXX"}]
    _summary, problems = bring(rows)
    assert problems == [(4, "centre", "unknown_centre")]


def test_a_workbook_is_read_like_a_csv_file(bring):
    assert bring(as_xlsx(MANY), "exchange.xlsx") == (ImportSummary(5, 5, 0, 0, 0), [])
    by_workbook = plain()
    assert bring(MANY) == (ImportSummary(5, 0, 5, 0, 0), [])
    assert plain() == by_workbook


def test_a_workbook_may_hold_numbers_and_dates_as_such(bring):
    row = ROW | {
        "patient_id": int(WOMAN.replace("-", "")),
        "infused_on": datetime(2020, 5, 5),
        "sequence": 1.0,
        "age_at_infusion": 50,
        "batch": 17,
    }
    assert bring(as_xlsx([row]), "exchange.XLSX") == (ImportSummary(1, 1, 0, 0, 0), [])
    infusion = Infusion.objects.get()
    assert (infusion.infused_on, infusion.batch) == (date(2020, 5, 5), "17")
    assert factories.find_person(read_identifier(WOMAN, centre="UPP")) == infusion.patient


def test_the_rows_of_a_workbook_are_numbered_as_it_shows_them(bring):
    rows = [ROW, dict.fromkeys(COLUMNS, ""), ROW | {"patient_id": MAN, "product": "Aspirin"}]
    assert bring(as_xlsx(rows), "exchange.xlsx")[1] == [(4, "product", "unknown_product")]


def test_a_workbooks_time_of_day_is_no_date(bring):
    row = ROW | {"infused_on": datetime(2020, 5, 5, 14, 30)}
    assert bring(as_xlsx([row]), "exchange.xlsx")[1] == [(2, "infused_on", "date_invalid")]


def test_a_row_with_a_line_break_is_named_by_its_first_line(bring):
    rows = [ROW | {"batch": "a\nb", "product": "Aspirin"}, ROW | {"patient_id": MAN, "product": "Aspirin"}]
    assert [line for line, *_rest in bring(rows)[1]] == [2, 4]


# What is refused.

REFUSED = [
    ("patient_id", "missing", {"patient_id": ""}),
    ("patient_id", "identifier_invalid", {"patient_id": factories.made_wrong(WOMAN)}),
    ("centre", "unknown_centre", {"centre": "XXX"}),
    ("centre", "centre_upcoming", {"centre": "ORE"}),
    ("product", "unknown_product", {"product": "Aspirin"}),
    ("trial", "trial_missing", {"category": "ICT"}),
    ("trial", "trial_not_allowed", {"trial": factories.INDUSTRY}),
    ("trial", "trial_sponsor_wrong", {"category": "ACT", "trial": factories.INDUSTRY}),
    ("trial", "unknown_trial", {"category": "ICT", "trial": "NCT00000001"}),
    ("infused_on", "date_invalid", {"infused_on": "05/05/2020"}),
    ("infused_on", "date_in_future", {"infused_on": "2040-01-01", "age_at_infusion": "70"}),
    ("infused_on", "date_too_early",
     {"infused_on": "1989-01-01", "age_at_infusion": "19", "category": "CUP"}),
    ("sex", "sex_contradicts_identifier", {"sex": "male"}),
    ("age_at_infusion", "age_contradicts_identifier", {"age_at_infusion": "49"}),
    ("kind", "further_dose_without_earlier", {"kind": "further_dose"}),
    ("modality", "modality_contradicts_product", {"modality": "TCR-T"}),
    ("sequence", "number_invalid", {"sequence": "12"}),
    ("batch", "too_long", {"batch": "B" * 61}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "code", "changes"), REFUSED)
def test_one_bad_row_keeps_the_whole_file_out(bring, field, code, changes):
    before = stored()
    good = [ROW | {"patient_id": factories.nth_number(place), "age_at_infusion": ""} for place in range(30, 33)]
    summary, problems = bring([*good, ROW | changes])
    assert problems == [(5, field, code)]
    assert summary == ImportSummary(read=4, stored=3, unchanged=0, refused=1, warnings=0)
    assert stored() == before


def test_every_bad_row_is_reported_in_the_order_of_the_file(bring):
    cases = [case for case in REFUSED if not {"patient_id", "age_at_infusion", "sex"} & case[2].keys()]
    numbers = map(factories.nth_number, range(30, 60))
    rows = [ROW | {"patient_id": next(numbers), "age_at_infusion": ""} | changes for *_, changes in cases]
    summary, problems = bring(rows)
    assert problems == [(line, field, code) for line, (field, code, _) in enumerate(cases, start=2)]
    assert summary.refused == summary.read == len(cases)


@pytest.mark.parametrize(
    "batch",
    [MAN, MAN.replace("-", ""), MAN.replace("-", " "), MAN[2:], MAN[2:].replace("-", " "), f"bag of {MAN}"],
)
def test_an_identity_number_as_a_batch_is_refused(bring, batch):
    assert bring([ROW | {"batch": batch}])[1] == [(2, "batch", "identifier_in_text")]
    assert not Infusion.objects.exists()


@pytest.mark.parametrize("longest", [0, 99])
def test_a_shifted_column_does_not_repeat_the_identity_number(lists, write, manage, monkeypatch, longest):
    monkeypatch.setattr(row_fields, "SHORT_LIST", longest)  # a short list is told in the sentence
    values = list(ROW.values())
    shifted = [values[0], values[2], values[3], values[4], "x", WOMAN, *values[6:]]
    path = write(f"{','.join(COLUMNS)}\n{','.join(shifted)}\n".encode())
    code, out, err = manage("import_infusions", path)
    assert code == 1
    assert "line 2, product: unknown_product: " in out
    assert not any(part in out + err for part in (WOMAN, WOMAN[2:], WOMAN.replace("-", ""), "9802", WOMAN[-4:]))


def test_a_row_with_more_cells_than_the_header_is_refused(bring):
    header, line = as_csv([ROW]).decode().splitlines()
    assert bring(f"{header}\n{line},{WOMAN}\n".encode())[1] == [(2, "row", "too_many_cells")]
    assert not Infusion.objects.exists()


@pytest.mark.parametrize("name", ["batch", "patient_id", "product"])
def test_a_character_that_no_text_has_is_refused(bring, name):
    row = as_csv([ROW]).replace(ROW[name].encode(), ROW[name].encode() + b"\x00")
    try:
        _summary, problems = bring(row)
    except FileUnusable:  # Python 3.11.4 and later read such a line, earlier ones do not
        problems = [(2, name, "character_invalid")]
    assert (2, name, "character_invalid") in problems
    assert not Infusion.objects.exists()


def test_a_person_who_asked_not_to_be_registered_keeps_a_file_out(lists, bring):
    erase_patient(patient=factories.record(lists, WOMAN).patient, by=Operator(), reason="asked for it")
    assert bring([ROW, ROW | {"patient_id": MAN}])[1] == [(2, "patient_id", "do_not_register")]
    assert not Infusion.objects.exists()


# What a person's other infusions, in the file and in the registry, have to say.

EARLIER = ROW | {"infused_on": "2019-05-05", "age_at_infusion": "49"}
LATER = ROW | {"infused_on": "2021-05-05", "age_at_infusion": "51"}


def in_registry(lists, *rows) -> None:
    for row in rows:
        factories.record(
            lists, row["patient_id"], infused_on=row["infused_on"], kind=row["kind"] or None,
            product=row["product"], batch=row["batch"],
        )  # fmt: skip


def test_two_rows_alike_are_refused_as_duplicate(bring):
    assert bring([ROW, ROW])[1] == [(3, "patient_id", "duplicate")]
    assert bring([ROW, ROW | {"patient_id": WOMAN[2:], "batch": "B2"}])[1] == [(3, "patient_id", "duplicate")]
    assert not Infusion.objects.exists()


def test_two_rows_alike_are_refused_though_they_are_stored_already(bring, write, manage):
    bring(MANY)
    before = stored()
    again = [*MANY, MANY[0] | {"patient_id": WOMAN[2:]}, MANY[2]]
    twice = [(line, "patient_id", "duplicate") for line in (7, 8)]
    assert bring(again) == (ImportSummary(read=7, stored=0, unchanged=5, refused=2, warnings=0), twice)
    code, out, _err = manage("import_infusions", write([MANY[0], MANY[0]]))
    assert (code, out.splitlines()[0]) == (
        1, "line 3, patient_id: duplicate: This infusion is in the file twice.",
    )  # fmt: skip
    withdraw_infusion(infusion_id=Infusion.objects.get(batch="Ö1").pk, by=Operator(), reason="a mistake")
    assert bring([MANY[4], MANY[4] | {"batch": "Ö2"}])[1] == [
        (2, "patient_id", "withdrawn_before"),
        (3, "patient_id", "duplicate"),
    ]
    assert stored()[1:3] == before[1:3] and Infusion.objects.count() == 5


def test_a_stored_infusion_with_other_details_is_a_duplicate(lists, bring):
    in_registry(lists, ROW)
    before = stored()
    for changes in ({"batch": "B2"}, {"centre": "STO"}, {"kind": "reinfusion"}, {"indication": "dlbcl"}):
        assert bring([ROW | changes])[1] == [(2, "patient_id", "duplicate")]
    assert stored() == before


def test_another_product_at_the_same_place_of_a_course_is_refused(lists, bring):
    other = ROW | {"product": "Yescarta", "kind": "further_dose"}
    assert bring([ROW, other])[1] == [(3, "sequence", "sequence_taken")]
    in_registry(lists, ROW)
    assert bring([other])[1] == [(2, "sequence", "sequence_taken")]
    assert bring([other | {"sequence": "2"}])[0].stored == 1


@pytest.mark.parametrize("where", ["file", "registry"])
def test_an_empty_kind_is_the_first_only_where_there_is_none_earlier(lists, bring, where):
    open_kind = ROW | {"kind": ""}
    problems = {"file": lambda: bring([EARLIER, open_kind])[1], "registry": lambda: bring([open_kind])[1]}
    if where == "registry":
        in_registry(lists, EARLIER)
    line = {"file": 3, "registry": 2}[where]
    assert problems[where]() == [(line, "kind", "kind_unclear")]


def test_an_empty_kind_before_a_later_reinfusion_is_the_first(lists, bring):
    in_registry(lists, LATER | {"kind": "reinfusion"})
    assert bring([ROW | {"kind": ""}])[0].stored == 1
    assert Infusion.objects.get(infused_on="2020-05-05").kind == Kind.FIRST
    in_file = [row | {"patient_id": MAN} for row in (LATER | {"kind": "reinfusion"}, ROW | {"kind": ""})]
    assert bring(in_file)[0].stored == 2
    assert Infusion.objects.filter(infused_on="2020-05-05", kind=Kind.FIRST).count() == 2


def test_a_date_before_the_recorded_first_asks_which_is_first(lists, bring):
    in_registry(lists, ROW)
    for kind in ("", "first", "reinfusion"):
        assert bring([EARLIER | {"kind": kind}])[1] == [(2, "kind", "kind_unclear")]
    assert Infusion.objects.count() == 1


@pytest.mark.parametrize("where", ["file", "registry"])
def test_a_second_first_is_refused(lists, bring, where):
    rows = [LATER]
    if where == "registry":
        in_registry(lists, ROW)
    else:
        rows = [ROW, LATER]
    assert bring(rows)[1] == [(len(rows) + 1, "kind", "second_first")]
    # Nor does the order of the rows matter.
    if where == "file":
        assert bring(rows[::-1])[1] == [(2, "kind", "second_first")]


def test_a_sex_that_differs_between_the_infusions_of_one_pseudonym_is_only_improbable(lists, bring):
    row = ROW | {"patient_id": "local:17", "sex": "female"}
    other = row | {"sex": "male", "kind": "reinfusion", "infused_on": "2021-05-05", "age_at_infusion": "51"}
    assert bring([row, other], dry_run=True) == (ImportSummary(2, 2, 0, 0, 1), [(3, "sex", "sex_differs")])
    assert bring([row])[1] == []
    assert bring([other]) == (ImportSummary(1, 1, 0, 0, 1), [(2, "sex", "sex_differs")])


def test_a_sex_that_was_not_known_is_filled_in_by_a_file_as_by_the_form(bring):
    row, later = (one | {"patient_id": "local:17", "sex": ""} for one in (ROW, LATER))
    later |= {"kind": "reinfusion"}
    bring([row])
    assert bring([row | {"sex": "male"}]) == (ImportSummary(1, 0, 1, 0, 0), [])
    assert Patient.objects.get().sex == "unknown", "of what is stored already nothing changes"
    assert bring([row, later | {"sex": "female"}]) == (ImportSummary(2, 1, 1, 0, 0), [])
    assert Patient.objects.get().sex == "female"
    told = Patient.objects.get().history_rows.latest("pgh_id")
    assert (told.pgh_label, told.acted_by, told.reason) == ("update", "operator", "import")
    again = later | {"infused_on": "2022-05-05", "age_at_infusion": "52", "sex": "male"}
    assert bring([again])[1] == [(2, "sex", "sex_differs")]
    assert Patient.objects.get().sex == "female"


@pytest.mark.parametrize("known", [True, False])
def test_the_sex_of_a_person_is_what_the_earliest_row_says_that_says_one(bring, known):
    row = ROW | {"patient_id": "local:17", "sex": ""}
    rows = [
        row | {"infused_on": f"202{place}-05-05", "age_at_infusion": f"5{place}", "kind": "reinfusion", "sex": sex}
        for place, sex in enumerate(("unknown", "male", "female", "male"), start=1)
    ]
    if known:
        bring([row])
    else:
        rows = [row, *rows]
    line = rows.index(next(one for one in rows if one["sex"] == "female")) + 2
    assert bring(rows)[1] == [(line, "sex", "sex_differs")]
    assert Patient.objects.get().sex == "male"


def test_the_sex_of_a_known_person_is_not_that_of_an_earlier_row_of_the_file(bring):
    row = ROW | {"patient_id": "local:17", "sex": "female", "kind": "reinfusion"}
    bring([row])
    earlier = EARLIER | {"patient_id": "local:17", "sex": "male"}
    assert bring([earlier])[1] == [(2, "sex", "sex_differs")]
    assert Patient.objects.get().sex == "female"


def test_a_person_has_a_limited_number_of_infusions(bring):
    row = ROW | {"kind": "reinfusion", "age_at_infusion": "", "product": "Yescarta"}  # of one planned dose
    days = (date(2020, 5, 5) + timedelta(days=place) for place in range(MOST_INFUSIONS + 1))
    rows = [row | {"infused_on": day.isoformat()} for day in days]
    rows[0]["kind"] = "first"
    assert bring(rows[:-1], dry_run=True) == (ImportSummary(MOST_INFUSIONS, MOST_INFUSIONS, 0, 0, 0), [])
    _summary, problems = bring(rows)
    assert set(problems) == {(line, "patient_id", "too_many_infusions") for line in range(2, len(rows) + 2)}
    assert not Infusion.objects.exists()


def test_a_bad_row_does_not_bring_the_blame_on_the_persons_next(bring):
    rows = [ROW | {"kind": "further_dose"}, ROW | {"infused_on": "2020-05-25", "kind": "further_dose"}]
    assert bring(rows)[1] == [(2, "kind", "further_dose_without_earlier")]


def test_what_is_improbable_is_reported_and_stored(lists, bring, write, manage):
    row = ROW | {"category": "SOC", "infused_on": "2017-05-05", "age_at_infusion": "47", "kind": "reinfusion"}
    old = ROW | {"patient_id": "local:17", "age_at_infusion": "95"}
    summary, problems = bring([row, old], dry_run=True)
    assert problems == [
        (2, "kind", "no_earlier_infusion"),
        (2, "product", "product_before_authorisation"),
        (3, "age_at_infusion", "age_improbable"),
    ]
    assert summary == ImportSummary(read=2, stored=2, unchanged=0, refused=0, warnings=3)
    code, out, _err = manage("import_infusions", write([row, old]))
    assert code == 0
    assert "line 3, age_at_infusion: warning: age_improbable: " in out
    assert "2 rows stored, 3 warnings." in out
    assert Infusion.objects.count() == 2


# The same file again.


def test_the_same_file_again_changes_nothing_and_says_so(bring, write, manage):
    bring(MANY)
    before = stored()
    assert bring(MANY) == (ImportSummary(read=5, stored=0, unchanged=5, refused=0, warnings=0), [])
    code, out, _err = manage("import_infusions", write(MANY))
    assert (code, out) == (0, "Nothing changed: all 5 rows are stored already.\n")
    assert stored() == before


def test_a_file_that_overlaps_adds_only_what_is_new(bring, write, manage):
    bring(MANY[:3])
    first = {row[0] for row in stored()[0]}
    code, out, _err = manage("import_infusions", write(MANY))
    assert (code, out) == (0, "2 rows stored, 3 there already and unchanged, 0 warnings.\n")
    assert Infusion.objects.count() == 5
    assert first < {row[0] for row in stored()[0]}


def test_what_was_withdrawn_stays_so(lists, bring):
    bring([ROW])
    withdraw_infusion(infusion_id=Infusion.objects.get().pk, by=Operator(), reason="another person's")
    before = stored()
    summary, problems = bring([ROW])
    assert problems == [(2, "patient_id", "withdrawn_before")]
    assert summary == ImportSummary(read=1, stored=0, unchanged=1, refused=0, warnings=1)
    assert stored() == before


def test_what_was_withdrawn_comes_again_with_other_details(bring):
    bring([ROW])
    withdraw_infusion(infusion_id=Infusion.objects.get().pk, by=Operator(), reason="wrong batch")
    assert bring([ROW | {"batch": "B2"}]) == (ImportSummary(1, 1, 0, 0, 0), [])
    assert Infusion.objects.counted().get().batch == "B2"


def test_what_was_withdrawn_and_entered_again_is_unchanged(lists, bring):
    bring([ROW])
    withdraw_infusion(infusion_id=Infusion.objects.get().pk, by=Operator(), reason="wrong batch")
    in_registry(lists, ROW)
    before = stored()
    assert bring([ROW]) == (ImportSummary(read=1, stored=0, unchanged=1, refused=0, warnings=0), [])
    other = ROW | {"product": "Yescarta", "kind": "reinfusion"}
    assert bring([ROW, other])[1] == [(3, "sequence", "sequence_taken")]
    assert stored() == before


def test_what_was_corrected_is_not_corrected_back(lists, bring):
    bring([ROW])
    correct_infusion(infusion_id=Infusion.objects.get().pk, changes={"batch": "B2"}, by=Operator(), reason="typo")
    assert bring([ROW])[1] == [(2, "patient_id", "duplicate")]
    assert Infusion.objects.get().batch == "B2"


# Files that cannot be used.

HEADER = ",".join(COLUMNS)
UNUSABLE = {
    "empty": b"",
    "only a mark": BOM,
    "no needed column": b"centre,sex\n",
    "a column is missing": as_csv([{k: v for k, v in ROW.items() if k != "product"}]),
    "no centre and none given": as_csv([{k: v for k, v in ROW.items() if k != "centre"}]),
    "an unknown column": as_csv([ROW | {"name": "x"}]),
    "an unnamed column": as_csv([{"": "x"} | ROW]),
    "a column twice": f"{HEADER},batch\n".encode(),
    "a column twice in two cases": f"{HEADER},BATCH\n".encode(),
    "Windows letters in the header": "é,".encode("latin-1") + as_csv([ROW]),
    "letters of two encodings": as_csv([ROW | {"batch": "Ö"}]) + "Ö".encode("cp1252"),
    "half of UTF-16": as_csv([ROW]).decode().encode("utf-16")[:-1],
    "a column by an unknown name": as_csv([ROW]).replace(b",product,", b",prodddukt,", 1),
    "an open quote": as_csv(MANY[:1]).replace(b"B1", b'"B1'),
    "a quote in the middle": as_csv(MANY[:1]).replace(b"B1", b'"B1"1'),
    "a cell without end": as_csv(MANY[:1]).replace(b"B1", b"B" * 200_000),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "the page of a portal": b"<!doctype html><html><body>Sign in</body></html>",
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_file_that_is_no_exchange_file_is_refused_as_such(bring, name):
    before = stored()
    with pytest.raises(FileUnusable) as refused:
        bring(UNUSABLE[name])
    assert refused.value.code == ("file_too_large" if name == "a cell without end" else "file_unusable")
    assert WOMAN not in str(refused.value)
    assert stored() == before


def test_a_header_that_holds_an_identity_number_is_not_repeated(bring):
    for header in (f"{HEADER},{WOMAN}", WOMAN):
        with pytest.raises(FileUnusable) as refused:
            bring(f"{header}\n".encode())
        assert WOMAN not in str(refused.value)


def test_old_line_ends_are_read(bring):
    assert bring(as_csv(MANY, newline="\r")) == (ImportSummary(5, 5, 0, 0, 0), [])


def rebuilt(**changes: bytes | None) -> bytes:
    """A workbook with parts of its archive changed or left out (None)."""
    source, target = zipfile.ZipFile(io.BytesIO(as_xlsx(MANY))), io.BytesIO()
    names = {
        "sheet": "xl/worksheets/sheet1.xml", "book": "xl/workbook.xml", "types": "[Content_Types].xml",
        "texts": "xl/sharedStrings.xml", "styles": "xl/styles.xml", "links": "xl/_rels/workbook.xml.rels",
    }  # fmt: skip
    changed = {names[part]: content for part, content in changes.items()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            content = changed.get(name, source.read(name))
            if content is not None:
                archive.writestr(name, content)
    return target.getvalue()


def scratched(step: int) -> bytes:
    """A workbook with a part of its bytes overwritten."""
    content = bytearray(as_xlsx(MANY))
    start = len(content) * step // 12
    content[start : start + 40] = b"\xff" * 40
    return bytes(content)


DAMAGED = {
    "not a workbook": b"centre,patient_id\n",
    "empty": b"",
    "the start of an archive": as_xlsx(MANY)[:200],
    "half of it": as_xlsx(MANY)[: len(as_xlsx(MANY)) // 2],
    "an archive of something else": rebuilt(book=None, types=None),
    "no sheet": rebuilt(sheet=None),
    "no texts": rebuilt(texts=None),
    "no links": rebuilt(links=None),
    "a sheet that is cut off": rebuilt(sheet=b"<worksheet><sheetData><row"),
    "a sheet of nothing": rebuilt(sheet=b""),
    "a sheet of another document": rebuilt(sheet=b"<html/>"),
    "a book that is cut off": rebuilt(book=b"<workbook"),
    "texts that are cut off": rebuilt(texts=b"<sst"),
    "styles that are cut off": rebuilt(styles=b"<styleSheet"),
    "a text that is not there": rebuilt(
        sheet=b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="s"><v>999999</v></c></row></sheetData></worksheet>'
    ),
    "a cell at no address": rebuilt(
        sheet=b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="!!" t="n"><v>one</v></c></row></sheetData></worksheet>'
    ),
    **{f"scratched at {step} of 12": scratched(step) for step in range(12)},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_workbook_is_unusable_or_read_whole(bring, name):
    try:
        summary, problems = bring(DAMAGED[name], "exchange.xlsx")
    except FileUnusable as refused:
        assert refused.code == "file_unusable"
        assert not Infusion.objects.exists()
    else:
        # Some parts of a workbook matter to nobody.
        assert (summary.stored, problems) == (5, [])


def test_a_bad_end_of_a_long_file_stores_nothing_of_its_beginning(bring, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 2)
    before = stored()
    with pytest.raises(FileUnusable):
        bring(as_csv(MANY) + "Å".encode("latin-1"))
    assert stored() == before


# The command.


def test_a_stored_file_is_exit_0(lists, write, manage):
    code, out, err = manage("import_infusions", write(MANY))
    assert (code, out, err) == (0, "5 rows stored, 0 warnings.\n", "")
    assert Infusion.objects.count() == 5


def test_an_import_that_waits_too_long_for_another_is_told_apart_from_a_refused_file(
    lists, write, manage, monkeypatch
):
    def wait(**options):
        raise Busy

    monkeypatch.setattr("registry.management.commands.import_infusions.import_infusions", wait)
    code, _out, err = manage("import_infusions", write(MANY))
    assert code == 75
    assert "busy: Another change is being stored" in err


def test_a_refused_file_is_exit_1_with_a_line_for_each_reason(lists, write, manage):
    bad = ROW | {"infused_on": "2040-01-01", "age_at_infusion": "70", "product": "Aspirin"}
    late = ROW | {"patient_id": MAN, "infused_on": "2040-01-01", "age_at_infusion": "70"}
    code, out, _err = manage("import_infusions", write([ROW, bad, late]))
    assert code == 1
    *lines, last = out.splitlines()
    assert last == "Nothing stored: 2 of 3 rows refused."
    assert [line.split(": ")[:2] for line in lines] == [
        ["line 3, infused_on", "date_in_future"],
        ["line 3, product", "unknown_product"],
        ["line 4, infused_on", "date_in_future"],
    ]
    assert all(re.fullmatch(r"line \d+, \w+: \w+: .+\.", line) for line in lines)
    assert not Infusion.objects.exists()


@pytest.mark.parametrize(("rows", "code"), [(MANY, 0), ([ROW | {"centre": "XXX"}], 1)])
def test_a_dry_run_stores_nothing_and_has_the_same_exit(lists, write, manage, rows, code):
    before = stored()
    found, out, _err = manage("import_infusions", write(rows), "--dry-run")
    assert found == code
    assert ("Dry run, nothing stored: 5 rows would be stored." in out) == (code == 0)
    assert stored() == before


@pytest.mark.parametrize("name", ["missing.csv", "missing.xlsx", ""])
def test_a_file_that_is_not_there_is_exit_2(lists, tmp_path, manage, name):
    code, out, err = manage("import_infusions", tmp_path / name)
    assert (code, out) == (2, "")
    assert "file_unusable" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["empty", "half of UTF-16", "a column is missing"])
def test_a_file_that_cannot_be_used_is_exit_2(lists, write, manage, name):
    code, _out, err = manage("import_infusions", write(UNUSABLE[name]))
    assert code == 2
    assert "file_unusable" in err


def test_a_user_imports_for_the_centres_where_they_may_write(lists, write, manage):
    factories.user("upp", lists.centres["UPP"])
    path = write([ROW, ROW | {"patient_id": MAN, "centre": "STO"}])
    code, out, _err = manage("import_infusions", path, "--by", "upp")
    assert code == 1
    assert "line 3, centre: unknown_centre: " in out
    assert manage("import_infusions", write([ROW]), "--by", "upp")[0] == 0
    assert Infusion.objects.get().history_rows.get().acted_by == "upp"


def test_a_user_without_a_centre_and_one_who_is_not_there_import_nothing(lists, write, manage):
    factories.user("steward", national_role="steward")
    for name in ("steward", "nobody", ""):
        code, _out, err = manage("import_infusions", write(MANY), "--by", name)
        assert code == 2, name
        assert err
    assert not Infusion.objects.exists()


def test_a_given_centre_is_the_only_one_and_the_columns_default(lists, write, manage):
    code, out, _err = manage("import_infusions", write(MANY), "--centre", "upp")
    assert code == 1
    assert "line 4, centre: unknown_centre: " in out
    without = write([ROW | {"centre": ""}])
    assert manage("import_infusions", without)[0] == 1
    assert manage("import_infusions", without, "--centre", "STO")[0] == 0
    assert Infusion.objects.get().centre.code == "STO"
    assert manage("import_infusions", without, "--centre", "XXX")[0] == 2


def test_one_who_may_not_write_at_a_centre_cannot_give_it(lists, write):
    reporter = factories.user("upp", lists.centres["UPP"])
    with pytest.raises((NotFound, NotPermitted)):
        import_infusions(path=write([ROW | {"centre": "STO"}]), by=reporter, centre="STO")


# Its size.


def test_progress_is_told_stage_by_stage_to_the_end(lists, write):
    told = []
    path = write(MANY)
    import_infusions(path=path, by=Operator(), progress=lambda *step: told.append(step))
    stages = [stage for stage, *_ in told]
    assert stages == sorted(stages, key=["reading", "checking", "storing"].index)
    assert {stage: (done, total) for stage, done, total in told} == {
        "reading": (path.stat().st_size,) * 2,
        "checking": (5, 5),
        "storing": (5, 5),
    }


def many_rows(count: int):
    for place in range(count):
        born = date(1950, 1, 1) + timedelta(days=place // 20)
        yield ROW | {
            "patient_id": factories.number(born, 980 + place % 20), "age_at_infusion": "", "category": "CUP"
        }  # fmt: skip


def test_memory_does_not_grow_with_the_file(bring, write, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 100)
    monkeypatch.setattr(staging, "FETCHED_AT_ONCE", 100)
    peaks = {}
    for count in (500, 2_500):
        path = write(list(many_rows(count)))
        tracemalloc.start()
        try:
            summary = import_infusions(path=path, by=Operator(), dry_run=True)
            peaks[count] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            factories.drop_import_tables()
        assert summary.stored == count
    assert peaks[2_500] < 1.5 * peaks[500]


def test_a_file_longer_than_a_batch_is_stored_whole(bring, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 7)
    again = {"infused_on": "2021-05-05", "kind": "reinfusion"}
    rows = [row for one in many_rows(20) for row in (one, one | again)]
    assert bring(rows[::-1])[0].stored == 40
    assert Patient.objects.count() == 20
    assert set(Infusion.objects.values_list("category", flat=True)) == {Category.CUP}
    assert bring(rows)[0] == ImportSummary(read=40, stored=0, unchanged=40, refused=0, warnings=0)


def test_no_statement_of_an_import_is_compiled(bring, monkeypatch):
    """Where PostgreSQL can compile: each would take longer to compile than to run."""
    store, found = staging.store, []

    def look(by):
        with connection.cursor() as cursor:
            cursor.execute("SHOW jit")
            found.append(cursor.fetchone()[0])
        store(by)

    monkeypatch.setattr(staging, "store", look)
    bring(as_csv(MANY))
    assert found == ["off"]


@pytest.mark.parametrize("column", ["centre", "indication", "trial", "product", "manufacturing_site", "category"])
def test_what_is_said_to_be_written_is_taken(lists, column):
    lists = row_reader.CodeLists(Operator())
    reader = row_reader.RowReader(lists)
    by_column = {"centre": "centres", "indication": "indications", "trial": "trials", "product": "products"}
    by_column["manufacturing_site"] = "sites"
    if column in by_column:  # few enough to be named
        known = getattr(lists, by_column[column])
        setattr(lists, by_column[column], Spelled(list(known.items())[:2]))
    problems = reader.read(ROW | {column: "?"})[1]
    [sentence] = [problem.sentence for problem in problems if problem.code == f"unknown_{column}"]
    named = re.fullmatch(r"Skriv något av: (.+)\.|Write one of: (.+)\.", sentence)
    for value in (named[1] or named[2]).split(", "):
        codes = {problem.code for problem in reader.read(ROW | {column: value})[1]}
        assert f"unknown_{column}" not in codes, value

"""A file of trials: read in both languages and formats, all or nothing, and the same again changes nothing."""

import io
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from registry.access import Operator
from registry.entry.trials.importing import import_trials
from registry.errors import FileUnusable, NotPermitted
from registry.models import SiteTrial, SiteTrialStatus, Trial, TrialArea
from tests import factories

pytestmark = pytest.mark.django_db
HEAD = "identifier,name,phase,sponsor,sponsor_name,class,area,centre,status,since,date_precision\n"
ROW = "NCT99000009,Prövning,II,academic,,sctmp,oncology,UPP,recruiting,2020-05,"


@pytest.fixture(autouse=True)
def area():
    return TrialArea.objects.create(key="oncology", name_sv="Onkologi", name_en="Oncology", position=0)


def read(text: str | bytes, by=None, *, dry_run=False):
    content = text if isinstance(text, bytes) else text.encode()
    return import_trials(file=io.BytesIO(content), size=len(content), by=by or Operator(), dry_run=dry_run)


def stored() -> set[tuple]:
    rows = SiteTrialStatus.objects.select_related("site_trial__trial", "site_trial__centre")
    return {
        (frozenset(row.site_trial.trial.identifiers), row.site_trial.centre.code, row.status, str(row.since),
         row.date_precision)
        for row in rows
    }  # fmt: skip


def new(told) -> tuple[int, int, int]:
    return len(told.new_trials), told.new_site_trials, told.new_statuses


def test_a_file_is_stored_once(lists):
    text = HEAD + ROW + "\nNCT99000009,,,,,,,UPP,closed,2021-03-04,\nNCT99000009,,,,,,,STO,planned,2019,year\n"
    assert new(read(text, dry_run=True)) == (1, 2, 3)
    assert not SiteTrial.objects.exists() and not Trial.objects.filter(identifier="NCT99000009").exists()
    assert new(read(text)) == (1, 2, 3)
    one = frozenset(["NCT99000009"])
    assert stored() == {
        (one, "UPP", "recruiting", "2020-05-01", "month"), (one, "UPP", "closed", "2021-03-04", "day"),
        (one, "STO", "planned", "2019-01-01", "year"),
    }  # fmt: skip
    trial = Trial.objects.get(identifier="NCT99000009")
    assert (trial.phase, trial.sponsor, trial.atmp_class, trial.area.key) == (
        "II",
        "academic",
        "sctmp",
        "oncology",
    )
    assert set(SiteTrial.pgh_event_model.objects.values_list("reason", flat=True)) == {"trials"}
    before = SiteTrial.pgh_event_model.objects.count(), Trial.pgh_event_model.objects.count()
    assert new(read(text)) == (0, 0, 0)
    assert (SiteTrial.pgh_event_model.objects.count(), Trial.pgh_event_model.objects.count()) == before


def test_it_is_read_in_swedish_with_semicolons_and_from_windows(lists):
    row = "2020-123456-12 / 2024-512345-10-00;fas 1/2;Akademisk;sctmp;Onkologi;upp;Uppföljning;maj 2020"
    text = f"Nummer;Fas;Sponsor;Klass;Område;Centrum;Status;Sedan\n{row}\n"
    assert new(read(text.encode("cp1252"))) == (1, 1, 1)
    trial = Trial.objects.get(identifier="2020-123456-12")
    assert trial.other_identifiers == ["2024-512345-10-00"]
    assert (trial.phase, trial.sponsor, trial.atmp_class) == ("I/II", "academic", "sctmp")
    assert SiteTrialStatus.objects.get().date_precision == "month"


def test_a_workbook_is_read(lists):
    book, file = Workbook(), io.BytesIO()
    for line in (HEAD + ROW).splitlines():
        book.active.append(line.split(","))
    book.save(file)
    assert new(read(file.getvalue())) == (1, 1, 1)


def test_what_is_unknown_may_be_empty(lists):
    assert new(read("identifier,centre,status,since\nNCT99000009,UPP,recruiting,2020\n")) == (1, 1, 1)
    trial = Trial.objects.get(identifier="NCT99000009")
    assert (trial.name, trial.phase, trial.sponsor) == ("NCT99000009", "unknown", "unknown")


@pytest.mark.parametrize(("change", "column", "code"), [
    ({"NCT99000009": "NCT9"}, "identifier", "trial_identifier_invalid"),
    ({"NCT99000009": ""}, "identifier", "missing"),
    ({"NCT99000009": "NCT99000001 NCT99000002"}, "identifier", "trial_identifier_taken"),
    ({"Prövning": "19700101-9806"}, "name", "identifier_in_text"),
    ({"Prövning": "x" * 121}, "name", "too_long"),
    ({"II": "V"}, "phase", "unknown_value"),
    ({"academic": "staten"}, "sponsor", "unknown_value"),
    ({"sctmp": "celler"}, "class", "unknown_value"),
    ({"oncology": "hår"}, "area", "unknown_value"),
    ({"UPP": "XXX"}, "centre", "unknown_centre"),
    ({"UPP": ""}, "centre", "missing"),
    ({"recruiting": "öppen"}, "status", "unknown_value"),
    ({"recruiting": ""}, "status", "missing"),
    ({"2020-05": "2999-01-01"}, "since", "date_in_future"),
    ({"2020-05": "1980"}, "since", "date_too_early"),
    ({"2020-05,": "2020-05,year"}, "since", "date_invalid"),
    ({"2020-05": ""}, "since", "missing"),
    ({"2020-05": "i våras"}, "since", "date_invalid"),
    ({"2020-05,": "2020-05,vecka"}, "date_precision", "unknown_value"),
    ({"2020-05,": "2020-05,,x"}, "row", "too_many_cells"),
])  # fmt: skip
def test_a_wrong_cell_is_named_and_nothing_is_stored(lists, change, column, code):
    [(old, to)] = change.items()
    told = read(HEAD + ROW.replace("9000009", "9000010") + "\n" + ROW.replace(old, to) + "\n")
    assert [(one.line, one.problem.field, one.problem.code) for one in told.refused] == [(3, column, code)]
    assert not SiteTrial.objects.exists() and Trial.objects.count() == len(lists.trials)


def test_every_wrong_row_is_named(lists):
    told = read(
        HEAD + ROW.replace("II", "V").replace("UPP", "XXX") + "\n\n" + ROW.replace("2020-05", "2999") + "\n"
    )
    assert [(one.line, one.problem.field) for one in told.refused] == [(2, "centre"), (2, "phase"), (4, "since")]


def test_a_trial_that_recruits_again_is_explained_on_the_page(lists):
    told = read(HEAD + ROW + "\n" + ROW.replace("recruiting,2020-05", "closed,2021") + "\n"
                + ROW.replace("2020-05", "2022") + "\n")  # fmt: skip
    assert [(one.line, one.problem.code) for one in told.refused] == [(4, "reopened_unexplained")]


@pytest.mark.parametrize("text", [
    "", "identifier,centre\n", "a;b\n1;2\n", HEAD, HEAD.replace("name", "centre", 1) + ROW,
    HEAD.replace("name", "19700101-9806", 1) + ROW, "%PDF-1.4", HEAD + (ROW + "\n") * 2001,
])  # fmt: skip
def test_a_file_that_is_none_is_refused_without_what_it_holds(lists, text):
    with pytest.raises(FileUnusable) as refused:
        read(text)
    assert "19700101" not in str(refused.value)


def test_a_lead_imports_rows_of_the_own_centre_alone(lists):
    lead = factories.user("lead", lists.centres["UPP"], role="lead")
    told = read(HEAD + ROW + "\n" + ROW.replace("UPP", "STO") + "\n", by=lead)
    assert [(one.line, one.problem.code) for one in told.refused] == [(3, "unknown_centre")]
    assert new(read(HEAD + ROW, by=lead)) == (1, 1, 1)
    with pytest.raises(NotPermitted):
        read(HEAD + ROW, by=factories.user("reporter", lists.centres["UPP"]))


TRIALS = [(f"NCT9900{serial:04}", f"2021-5{serial:05}-10-00") for serial in range(100, 104)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(TRIALS), st.sampled_from(["UPP", "STO", "ORE"]),
            st.sampled_from(["planned", "recruiting", "follow_up"]), st.integers(2000, 2024),
        ), min_size=1, max_size=12,
    ),
    by_other=st.lists(st.booleans(), min_size=12, max_size=12),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_rows_in_any_order_and_under_any_number_give_the_same(lists, rows, by_other, seed):
    written = [" ".join(numbers) + f",{centre},{status},{year}" for numbers, centre, status, year in rows]
    named = [f"{numbers[other]},{centre},{status},{year}"
             for (numbers, centre, status, year), other in zip(rows, by_other, strict=False)]  # fmt: skip
    random.Random(seed).shuffle(named)
    with factories.rolled_back():
        for place, numbers in enumerate(TRIALS):
            Trial.objects.create(identifier=numbers[0], other_identifiers=[numbers[1]], name=f"{place}",
                                 sponsor="unknown", phase="unknown")  # fmt: skip
        told = read("identifier,centre,status,since\n" + "\n".join(named))
        assert not told.refused
        expected = {
            (frozenset(numbers), centre, status, f"{year}-01-01", "year") for numbers, centre, status, year in rows
        }
        assert stored() == expected
        assert told.new_statuses == len(expected)
        assert new(read("identifier,centre,status,since\n" + "\n".join(written))) == (0, 0, 0)
    assert not stored()


def test_the_command_tells_what_is_new_and_what_is_wrong(lists, manage, tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text(HEAD + ROW + "\n", encoding="utf-8")
    said = "New: 1 trials, 1 at hospitals, 1 statuses.\n"
    assert manage("import_trials", str(path), "--dry-run") == (0, "Dry run, nothing stored. " + said, "")
    assert manage("import_trials", str(path)) == (0, said, "")
    path.write_text(HEAD + ROW.replace("II", "V") + "\n", encoding="utf-8")
    code, out, _err = manage("import_trials", str(path))
    assert code == 1
    assert out.splitlines() == [
        "line 2, phase: unknown_value: Write one of: I, I/II, II, II/III, III, IV, unknown.",
        "Nothing stored: 1 of 1 rows refused.",
    ]
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert manage("import_trials", str(path))[0] == 2
    assert manage("import_trials", str(tmp_path / "none.csv"))[0] == 2

"""A batch shown as X is X, and a date has the precision in which it is shown; what is not clear is refused."""

import pytest

from registry.models import Infusion
from tests.test_import import COLUMNS, ROW
from tests.test_workbooks import DAY, number, one, read_one
from tests.workbooks import Book, Sheet, letters

UNREADABLE = [(2, "batch", "cell_unreadable")]
BATCH = COLUMNS.index("batch")


@pytest.mark.parametrize("value, format, shown", [
    (1234, "[>999]000000", "001234"), (1234, "[>999]000000;0", "001234"), (123, "[>999]000000;0", "123"),
    (123, "[<1000]0000;[>=1000]000000", "0123"), (1234, "[<1000]0000;[>=1000]000000", "001234"),
    (7, "[<10]000;[<100]0000;00000", "007"), (50, "[<10]000;[<100]0000;00000", "0050"),
    (500, "[<10]000;[<100]0000;00000", "00500"), (0, '[=0]"none";000', "none"),
    (123, "[>100]\"many\";000", "many"), (123, '"B"000000', "B000123"), (123, "000-000", "000-123"),
    (123, r"\B000", "B123"), (123, r"0\.00", "1.23"), (123, "@", "123"), (5, "???0", "5"), (123, "????", "123"),
    (0, '000;-000;"none"', "none"), (-7, '000;-000;"none"', "-007"), (7, '000;-000;"none"', "007"),
    (-7, "000", "-007"), (7, "000;@", "007"), (7, '000;000;000;"LOT "@', "007"), ("12.5", "0.00", "12.50"),
    (12, "0.000", "12.000"), (123, "000 000", "000 123"), (123, r"000\ 000;@", "000 123"),
    (123, "[$-41D]000000", "000123"), (123, '[$LOT -41D]000', "LOT 123"), (123, "_-* 000000_-", "000123"),
    (123, '"LOT "General', "LOT 123"), (123, 'General" A"', "123 A"), (123, '0" A"', "123 A"),
    (123, "[Red][>100]00000;0", "00123"), (12345, "00/00".replace("/", r"\/"), "123/45"),
    (1234, "#,##0", "1234"), (DAY, "yyyy-mm-dd", "2023-12-06"), (DAY, "yyyy-mm", "2023-12"),
    (DAY, "yyyy", "2023"),
    (123, "1", "123"), (123, "49", "123"), (123, "[Color10]000000", "000123"),
])  # fmt: skip
def test_a_batch_is_as_its_format_shows_it(bring, value, format, shown):
    assert read_one(bring, batch=number(value, 1), formats=[format])[2] == shown


@pytest.mark.parametrize("value, format", [
    (12, "0%"), (12, "10"), ("0.5", "0%"), (123456, "0.00E+00"), (123456, "11"), (123456, "##0.0E+0"),
    ("1.5", "# ?/?"),
    ("1.5", "12"), ("12.5", "0"), ("12.25", "0.0"), (123456, "0,"), (123456, "0,,"), (123, "0,000"),
    (0, "000;-000;"), (0, "#"), (123, ";;;"), (-5, "000;;000"), (123, "[>999]000000"), (5, "[<3]0;[>7]00"),
    (123, "000*-"), (123, '"B"@'), (DAY, "d-mmm"), (DAY, "16"), (DAY, "mmm-yy"), (DAY, "17"), (DAY, "14"),
    (DAY, "yy"),
    (DAY, "dd/mm/yyyy"), (DAY, "mmmm åååå"), (DAY, "[h]:mm"), (DAY, "[h]"), (DAY, "46"), ("0.5", "h:mm"),
    (60, "14"),
    (60, "yyyy-mm-dd"), (0, "yyyy-mm-dd"), (-3, "yyyy-mm-dd"), (DAY, "yyyy-mm-dd hh:mm"), (123, "bbbb"),
    ("1.5E-3", "0.00"), (DAY, "[>45000]d/m;yyyy"),
])  # fmt: skip
def test_what_shows_something_else_than_it_holds_is_refused(bring, value, format):
    summary, problems = bring(one(batch=number(value, 1), formats=[format]), "x.xlsx")
    assert (summary.refused, problems) == (1, UNREADABLE)
    assert not Infusion.objects.exists()


@pytest.mark.parametrize("format, shown", [
    ('"LOT "@', "LOT A7"), ('0;0;0;@" x"', "A7 x"), ("0;@", "A7"), ("General", "A7"), ("yyyy-mm-dd;@", "A7"),
    ("0;0;0;", None), (";;;", None), ('0;0;0;"see list"', None), ("@@", None),
])  # fmt: skip
def test_a_text_is_as_its_format_shows_it(bring, format, shown):
    cell = '<c s="1" t="inlineStr"><is><t>A7</t></is></c>'
    if shown:
        assert read_one(bring, batch=cell, formats=[format])[2] == shown
    else:
        assert bring(one(batch=cell, formats=[format]), "x.xlsx")[1] == UNREADABLE


@pytest.mark.parametrize("value, format, shown, precision", [
    (DAY, "[$-41D]yyyy/mm/dd", "2023-12-06", "day"), (DAY, "yyyy-mm-dd;@", "2023-12-06", "day"),
    (DAY, "mmmm åååå", "2023-12-01", "month"), (DAY, "ÅÅÅÅ-MM", "2023-12-01", "month"),
    (DAY, "åååå", "2023-01-01", "year"), (DAY, "ÅÅÅÅ-MM-DD", "2023-12-06", "day"),
    (DAY, "[$-sv-SE]mmm yy", "2023-12-01", "month"), (DAY, "[<45000]yyyy;yyyy-mm-dd", "2023-12-06", "day"),
    (DAY, "[>45000]yyyy;yyyy-mm-dd", "2023-01-01", "year"), (DAY, "yyyy-mm-dd;yyyy;yyyy", "2023-12-06", "day"),
    (DAY, "yyyy hh:mm", "2023-01-01", "year"), (DAY, "yyyy h AM/PM", "2023-01-01", "year"),
    (f"{DAY}.999999", "yyyy-mm-dd", "2023-12-06", "day"),
    (f"{DAY - 1}.99999999999", "yyyy-mm", "2023-12-01", "month"),
    (DAY, '[Blue]"den "yyyy-mm-dd', "2023-12-06", "day"),
    (DAY, "[$-F800]dddd, mmmm dd, yyyy", "2023-12-06", "day"),
])  # fmt: skip
def test_a_date_is_as_its_format_shows_it(bring, value, format, shown, precision):
    cells = {"infused_on": number(value, 1), "date_precision": "", "age_at_infusion": "53"}
    assert read_one(bring, **cells, formats=[format])[:2] == (shown, precision)


@pytest.mark.parametrize("value, format", [
    (DAY, "[h]"), (DAY, "[h]:mm"), (DAY, "h:mm"), (DAY, "mmmm"), (DAY, "General"), (DAY, "0"),
    (-1, "yyyy-mm-dd"),
    (-1, "yyyy-mm-dd;@"), (-1, "yyyy-mm-dd;yyyy-mm-dd"), (60, "yyyy-mm-dd"), (0, "yyyy-mm-dd"),
    (0, "yyyy-mm-dd;;"),
    (f"{DAY}.6", "yyyy-mm-dd hh:mm"), (f"{DAY}.6", "22"), (2958466, "yyyy-mm-dd"), (DAY, "0.00E+00"),
    (DAY, "jjjj-mm-tt"), (DAY, "aaaa-mm"), ("1E300", "yyyy"),
])  # fmt: skip
def test_what_shows_no_date_is_no_date(bring, value, format):
    row = {"infused_on": number(value, 1), "date_precision": "", "age_at_infusion": "53"}
    [(line, field, code)] = bring(one(**row, formats=[format]), "x.xlsx")[1]
    assert (line, field) == (2, "infused_on") and code in {"cell_unreadable", "date_invalid"}


@pytest.mark.parametrize("text", ["6/12/2023", "2023-12-06 00:00:00", "6 dec 2023", "dec-23", "20231206", "-"])
def test_a_text_in_the_column_of_dates_is_a_date_in_its_one_spelling(bring, text):
    assert bring(one(infused_on=text), "x.xlsx")[1] == [(2, "infused_on", "date_invalid")]


@pytest.mark.parametrize("column", ["age_at_infusion", "sequence", "centre", "product", "date_precision"])
def test_a_date_in_another_column_is_named_as_one(bring, column):
    _summary, problems = bring(one(**{column: number(DAY, 1)}, formats=["14"]), "x.xlsx")
    assert problems == [(2, column, "cell_unreadable")]


@pytest.mark.parametrize(
    "cell, format", [(50, "0.00"), (50, "0.#"), (50, "#,##0"), ("50.0", "General"), (50, "_-0_-")]
)
def test_a_whole_number_is_whole_in_every_format(bring, cell, format):
    assert (
        bring(one(age_at_infusion=number(cell, 1), formats=[format]), "x.xlsx")[1]
        == bring(one(age_at_infusion="50"), "x.xlsx")[1]
    )


def test_an_unused_column_may_hold_dates(bring):
    """To the right of the table, where nothing is read, a date is one cell too many, once."""
    rows = [list(COLUMNS), [*ROW.values(), number(DAY, 1)]]
    assert len(rows[1]) == len(COLUMNS) + 1 and letters(BATCH) == "O"
    problems = bring(Book([Sheet(rows)], formats=["14"]).content(), "x.xlsx")[1]
    assert problems == [(2, "row", "too_many_cells")]

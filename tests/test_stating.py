"""What hospitals state of the exemption, and sites of manufacture: refused where wrong, never overwritten."""

from datetime import date, timedelta

import pytest

from registry.access import Operator
from registry.dates import today
from registry.entry.trials.statements import Origin, state_exemption, state_manufacturing
from registry.errors import NotPermitted, TrialsRefused
from registry.models import ExemptionYear, ManufacturingStatement
from tests import factories

pytestmark = pytest.mark.django_db
ORIGIN = Origin("Sjukhuset", "Rapport")
VECURA = {
    "batches": 192,
    "products": 54,
    "patients": 761,
    "patients_with_imports": 909,
    "imports": 12,
    "countries": 2,
}


def exempt(lists, by=None, **fields):
    stated = {"product": "Keratinocyter", "year": 2020, "patients": 3, "origin": ORIGIN} | fields
    return state_exemption(centre=lists.centres["UPP"], by=by or Operator(), **stated)


def make(lists, by=None, site="VECURA", counts=None, **fields):
    stated = {"as_of": date(2025, 5, 31), "origin": ORIGIN} | fields
    return state_manufacturing(
        site=lists.sites[site], counts=VECURA | (counts or {}), by=by or Operator(), **stated
    )


def test_a_years_last_day_is_its_end_unless_it_is_stated(lists):
    assert exempt(lists).through == date(2020, 12, 31)
    assert exempt(lists, year=2025, through=date(2025, 5, 31), first_year=2016).first_year == 2016
    assert {(row.entered_by, row.source) for row in ExemptionYear.objects.all()} == {("operator", "Rapport")}


@pytest.mark.parametrize(("fields", "field", "code"), [
    ({"year": today().year}, "through", "date_in_future"),
    ({"through": date(2021, 1, 1)}, "through", "date_invalid"),
    ({"first_year": 2020}, "first_year", "number_invalid"),
    ({"first_year": 1989}, "first_year", "unknown_value"),
    ({"product": " "}, "product", "unknown_value"),
    ({"product": "19700101-9806"}, "product", "identifier_in_text"),
    ({"atmp_class": "x"}, "atmp_class", "unknown_value"),
    ({"patients": -1}, "patients", "unknown_value"),
    ({"origin": Origin("X", "")}, "source", "unknown_value"),
])  # fmt: skip
def test_a_wrong_year_is_refused(lists, fields, field, code):
    with pytest.raises(TrialsRefused) as refused:
        exempt(lists, **fields)
    assert [(one.field, one.code) for one in refused.value.problems] == [(field, code)]
    assert not ExemptionYear.objects.exists()


def test_a_statement_has_its_classes_and_countries(lists):
    row = make(lists, classes={"in_vivo_gtmp": 9, "unknown": 45}, countries=["NO", "DK"])
    assert {one.atmp_class: one.products for one in row.classes.all()} == {"in_vivo_gtmp": 9, "unknown": 45}
    assert [one.country for one in row.receiving_countries.all()] == ["DK", "NO"]


@pytest.mark.parametrize(("fields", "field", "code"), [
    ({"as_of": today() + timedelta(days=1)}, "as_of", "date_in_future"),
    ({"classes": {"sctmp": 53}}, "products", "classes_not_products"),
    ({"classes": {"sctmp": 5}, "counts": {"products": None}}, "products", "classes_not_products"),
    ({"countries": ["NO", "DK", "FI"]}, "countries", "countries_too_few"),
    ({"countries": ["NO", "NO"]}, "receiving_countries", "value_repeated"),
    ({"counts": {"patients": 910}}, "patients_with_imports", "patients_exceed_imports"),
    ({"counts": {"imports": 0}}, "patients_with_imports", "patients_exceed_imports"),
])  # fmt: skip
def test_a_wrong_statement_is_refused(lists, fields, field, code):
    with pytest.raises(TrialsRefused) as refused:
        make(lists, **fields)
    assert [(one.field, one.code) for one in refused.value.problems] == [(field, code)]
    assert not ManufacturingStatement.objects.exists()


def test_a_site_is_its_centres_to_speak_for(lists):
    lead = factories.user("lead", lists.centres["STO"], role="lead")
    assert make(lists, by=lead).entered_by == "lead"
    with pytest.raises(NotPermitted):
        make(lists, by=lead, site="GMPUPP")
    with pytest.raises(NotPermitted):
        exempt(lists, by=lead)


def test_a_correction_is_another_row_of_the_same_day(lists):
    make(lists)
    make(lists, counts={"batches": 193})
    assert [row.batches for row in ManufacturingStatement.objects.all()] == [192, 193]

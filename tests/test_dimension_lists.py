"""Every public dimension is a code list that the database keeps; centres and products need no order stated."""

import pytest
from django.db import IntegrityError, connection, models, transaction

from registry.choices import County
from registry.models import Centre, Infusion, Patient, Product
from registry.published.count_query import DIMENSIONS, SLICES
from registry.publishing.code_lists import read_code_lists
from tests import factories
from tests.admin_browser import page, sign_in

pytestmark = pytest.mark.django_db

# Where the facts take each dimension from; what is made of the day or of the age has its values from SLICES.
HELD_IN = {
    "centre": Infusion, "category": Infusion, "product": Infusion, "modality": Product, "indication": Infusion,
    "sex": Patient, "manufacturing_site": Infusion, "region": Centre, "county": Centre, "trial": Infusion,
}  # fmt: skip
CENTRE = {
    "code": "GAV", "name": "Gävle sjukhus", "city_sv": "Gävle", "city_en": "Gävle", "county_code": "21",
    "region": "Mellansverige", "latitude": 60.67, "longitude": 17.15, "status": "active",
}  # fmt: skip
SITES = {"manufacturing_sites-TOTAL_FORMS": "0", "manufacturing_sites-INITIAL_FORMS": "0"}


def constrained(field: models.Field) -> set[str]:
    """The values that the table's constraints let into a column."""
    table, column = field.model._meta.db_table, field.column
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'",
            [table],
        )
        found = [text for (text,) in cursor.fetchall() if f"(({column})::text = ANY" in text]
    assert found, f"{table}.{column} is free text"
    return {value for value, _label in field.flatchoices if all(f"'{value}'" in text for text in found)}


def test_every_public_dimension_is_a_code_list():
    assert {*HELD_IN, *SLICES} == set(DIMENSIONS)
    for name, model in HELD_IN.items():
        field = model._meta.get_field("county_code" if name == "county" else name)
        if not isinstance(field, models.ForeignKey):
            assert field.choices, name
            assert constrained(field) == {value for value, _label in field.flatchoices}, name


def test_what_is_in_no_list_is_free_text():
    with pytest.raises(AssertionError, match="free text"):
        constrained(Centre._meta.get_field("name"))


@pytest.mark.parametrize(("field", "value"), [("region", "Vestra"), ("region", "västra"), ("county_code", "02")])
def test_a_region_or_county_of_no_list_is_refused(lists, field, value):
    client = sign_in()
    response = client.post(page(Centre, "add"), CENTRE | SITES | {field: value})
    assert list(response.context["adminform"].form.errors) == [field]
    with pytest.raises(IntegrityError), transaction.atomic():
        Centre.objects.create(**CENTRE | {field: value})
    assert not Centre.objects.filter(code="GAV").exists()


def test_a_centre_is_entered_with_its_county_and_stands_by_its_latitude(lists):
    Centre.objects.update(position=None)
    Centre.objects.filter(code="UME").update(latitude=63.8)
    Centre.objects.exclude(code="UME").update(latitude=59)
    client = sign_in()
    form = client.get(page(Centre, "add")).context["adminform"].form
    assert "county" not in form.fields
    assert not form.fields["position"].required
    assert client.post(page(Centre, "add"), CENTRE | SITES).status_code == 302
    centre = Centre.objects.get(code="GAV")
    assert (centre.county, centre.position) == ("Gävleborg", None)
    assert [one["code"] for one in read_code_lists()["centres"]][:2] == ["UME", "GAV"]
    centre.county_code = County.DALARNA
    centre.save()
    assert Centre.objects.get(code="GAV").county == "Dalarna"


def test_a_stated_order_comes_before_the_latitude(lists):
    Centre.objects.update(position=None)
    Centre.objects.filter(code="LIN").update(position=2)
    Centre.objects.filter(code="STO").update(position=1)
    assert [one.code for one in Centre.objects.all()][:3] == ["STO", "LIN", "FAL"]


def test_a_product_stands_by_its_authorisation_and_is_asked_for_no_order(lists):
    client = sign_in()
    assert "position" not in client.get(page(Product, "add")).context["adminform"].form.fields
    names = [name for name, _inn, _modality, _day in factories.PRODUCTS]
    Product.objects.create(name="A", modality="CAR-T", origin="investigational")
    assert [product.name for product in Product.objects.all()] == [*names[:2], "A", *names[2:]]

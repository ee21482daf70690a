"""No row becomes uncorrectable: what a list says today of a row's untouched fields is not held against it.

Each row here was stored when all was well, and a list was changed under it since, past the registry's rules.
"""

from datetime import date

import pgtrigger
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from registry.access import Operator
from registry.entry.infusions.columns import RELATED, row_of
from registry.entry.infusions.record import correct_infusion
from registry.entry.list_changes import settling
from registry.errors import InfusionRefused
from registry.models import Centre, Indication, Infusion, ManufacturingSite, Product, Trial, TrialArea
from tests import factories
from tests.admin_browser import form_of, sign_in
from tests.calling import Program

REASON = {"reason": "Typing error"}


def change_in_the_past(row, **fields) -> None:
    """Change a list without its guard, as an older version or someone at the database may have."""
    with pgtrigger.ignore(f"registry.{type(row).__name__}:keeps_ground"):
        type(row).objects.filter(pk=row.pk).update(**fields)


def _sponsor(lists) -> Infusion:
    row = factories.record(lists, category="ACT", infused_on="2020-05-05")
    change_in_the_past(Trial.objects.get(identifier=factories.ACADEMIC), sponsor="industry")
    return row


def _industry_sponsor(lists) -> Infusion:
    row = factories.record(lists, category="ICT", infused_on="2021-06-07")
    change_in_the_past(Trial.objects.get(identifier=factories.INDUSTRY), sponsor="academic")
    return row


def _upcoming(lists) -> Infusion:
    row = factories.record(lists, infused_on="2020-05-05")
    change_in_the_past(Centre.objects.get(code="UPP"), status="upcoming")
    return row


def _closed(lists) -> Infusion:
    row = factories.record(lists, infused_on="2020-05-05")
    change_in_the_past(Centre.objects.get(code="UPP"), status="closed")
    return row


def _modality(lists) -> Infusion:
    row = factories.record(lists, product="Yescarta", infused_on="2020-05-05")
    change_in_the_past(Product.objects.get(name="Yescarta"), modality="TCR-T", target="BCMA")
    return row


def _batch(lists) -> Infusion:
    """A number that slipped into a free text before the registry recognised its spelling."""
    row = factories.record(lists, infused_on="2020-05-05")
    Infusion.objects.filter(pk=row.pk).update(batch=factories.nth_number(7))
    return row


OUTDATED = pytest.mark.parametrize(
    "store", [_sponsor, _industry_sponsor, _upcoming, _closed, _modality, _batch], ids=lambda one: one.__name__
)


def _typed(row: Infusion) -> dict:
    """The form of the correction as the page shows it."""
    shown = Infusion.objects.with_version().select_related(*RELATED).get(pk=row.pk)
    return row_of(shown) | {"why": "typing_error", "words": "", "version": str(shown.version)}


@OUTDATED
def test_another_field_is_corrected_by_the_page(lists, store):
    row = store(lists)
    client = Client()
    client.force_login(factories.user("nurse", *lists.centres.values()))
    address = f"/en/clinic/infusions/{row.pk}/correct"
    response = client.post(address, _typed(row) | {"indication": "C83.3"})
    assert response.status_code == 302, response.context["form"].errors
    row.refresh_from_db()
    assert row.indication.code == "C83.3"


@OUTDATED
def test_another_field_is_corrected_by_program(lists, store):
    row = store(lists)
    program = Program(factories.user("upp", lists.centres["UPP"], lists.centres["STO"]))
    seen = program.get(f"infusions/{row.pk}").json()
    headers = {"if_match": f'"{seen["version"]}"'}
    response = program.call("PATCH", f"infusions/{row.pk}", REASON | {"indication": "C83.3"}, **headers)
    assert response.status_code == 200, response.content
    row.refresh_from_db()
    assert row.indication.code == "C83.3"


@OUTDATED
def test_another_field_is_corrected_in_the_admin(lists, store):
    row = store(lists)
    client, address = sign_in(), reverse("admin:infusion_correct", args=[row.pk])
    other = lists.indications["C83.3"].pk
    response = client.post(address, form_of(client, address) | REASON | {"indication": other})
    assert response.status_code == 302, response.context["form"].errors
    row.refresh_from_db()
    assert row.indication.code == "C83.3"


def test_a_changed_field_is_checked_against_the_current_lists(lists):
    row = _sponsor(lists)
    wrong = lists.trials[factories.ACADEMIC], lists.trials["2019-004426-18"]
    Trial.objects.filter(pk=wrong[1].pk).update(sponsor="industry")
    with pytest.raises(InfusionRefused) as refused:
        changes = {"trial": Trial.objects.get(pk=wrong[1].pk)}
        correct_infusion(infusion_id=row.pk, changes=changes, by=Operator(), reason="a mistake")
    assert refused.value.code == "trial_sponsor_wrong"
    correct_infusion(infusion_id=row.pk, changes={"category": "ICT"}, by=Operator(), reason="a mistake")
    assert Infusion.objects.get().category == "ICT"


@pytest.mark.parametrize("batch", [factories.nth_number(7) + " ", factories.nth_number(8)])
def test_a_number_is_not_typed_into_a_batch_that_holds_one(lists, batch):
    row = _batch(lists)
    with pytest.raises(InfusionRefused) as refused:
        correct_infusion(infusion_id=row.pk, changes={"batch": batch}, by=Operator(), reason="a mistake")
    assert refused.value.code == "identifier_in_text"
    correct_infusion(infusion_id=row.pk, changes={"batch": "B-7"}, by=Operator(), reason="a number")
    assert Infusion.objects.get().batch == "B-7"


# Whatever may change in a list, changed as an administrator does who has seen the infusions

NEW = {
    Centre: {
        "name": "Nya sjukhuset", "city_sv": "Staden", "city_en": "The City", "county": "Länet",
        "county_code": "25", "region": "Södra", "latitude": 1.5, "longitude": -2.5, "position": 77,
        "hsa_id": "SE-77", "ebmt_code": "777", "status": "paused",
    },
    ManufacturingSite: {"code": "GMPNEW", "name": "Nya GMP", "centre": "STO"},
    Product: {
        "name": "Helt annat namn", "inn": "annatleucel", "atc": "L01XX77", "holder": "Någon", "target": "BCMA",
        "modality": "TCR-T", "origin": "investigational", "authorised_on": date(2030, 1, 1),
        "authorised_precision": "year", "planned_doses": 3, "dose_interval_days": 2,
        "longest_dose_interval_days": 2, "unconfirmed": "atc", "position": 77,
    },
    Indication: {
        "key": "new-key", "icd10": "C77.7", "name_sv": "Ny", "name_en": "New", "unconfirmed": "icd10",
        "position": 77,
    },
    Trial: {
        "identifier": "NCT99000077", "name": "Ny", "sponsor_name": "Någon", "phase": "III",
        "other_identifiers": ["NCT99000078"], "atmp_class": "sctmp", "area": "skin", "is_car_t": False,
        "long_term_follow_up": True,
    },
}  # fmt: skip
TOGETHER = {  # the table asks for them together
    "planned_doses": {"dose_interval_days": 2, "longest_dose_interval_days": 2},
    "dose_interval_days": {"planned_doses": 3, "longest_dose_interval_days": 2},
    "longest_dose_interval_days": {"planned_doses": 3, "dose_interval_days": 2},
    "authorised_precision": {"authorised_on": date(2030, 1, 1)},
}
NEVER = {(Centre, "code"), (Trial, "sponsor")}  # under infusions


@pytest.mark.parametrize("model", NEW, ids=lambda model: model.__name__)
def test_every_row_is_corrected_whatever_has_changed_in_a_list(lists, model):
    """By page and by program, one row after the other, each field of the list having changed once."""
    never = {name for of, name in NEVER if of is model}
    assert {*model.guard.guarded, *model.guard.free} == {*NEW[model], *never}
    stated = {
        "category": "ACT", "product": "Yescarta", "indication": "C83.3", "manufacturing_site": "GMPUPP",
        "infused_on": "2020-05-05",
    }  # fmt: skip
    one, other = factories.nth_number(0), factories.nth_number(1)
    area = TrialArea.objects.create(key="skin", name_sv="Hud", name_en="Skin", position=9)
    rows = [
        factories.record(lists, one, **stated),
        factories.record(lists, one, **stated | {"infused_on": "2020-05-12", "kind": "further_dose"}),
        factories.record(lists, other, **stated | {"category": "CUP", "infused_on": "2021-05-05"}),
    ]
    listed = getattr(rows[0], model.guard.column.removesuffix("_id"))
    nurse = factories.user("nurse", *lists.centres.values())
    program, client = Program(nurse), Client()
    client.force_login(nurse)
    for place, (name, value) in enumerate(NEW[model].items()):
        rows_of = {"centre": lists.centres, "area": {"skin": area}}
        new = {name: rows_of[name][value] if name in rows_of else value} | TOGETHER.get(name, {})
        with transaction.atomic(), settling(listed):
            model.objects.filter(pk=listed.pk).update(**new)
        infusion = rows[place % len(rows)]
        seen = program.get(f"infusions/{infusion.pk}").json()
        headers = {"if_match": f'"{seen["version"]}"'}
        response = program.call("PATCH", f"infusions/{infusion.pk}", REASON | {"batch": f"A-{place}"}, **headers)
        assert response.status_code == 200, (name, response.content)
        address = f"/en/clinic/infusions/{infusion.pk}/correct"
        assert client.get(address).status_code == 200
        response = client.post(address, _typed(infusion) | {"batch": f"P-{place}"})
        assert response.status_code == 302, (name, response.context["form"].errors)
        infusion.refresh_from_db()
        assert infusion.batch == f"P-{place}"

"""Storing the code lists."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import models

from registry.choices import Modality, ProductOrigin
from registry.models import Centre, Indication, ManufacturingSite, Population, Product, TrialArea
from registry.national_lists.population_rows import PERSONS, SOURCE, YEAR
from registry.national_lists.rows import (
    AREAS,
    CENTRES,
    INDICATIONS,
    ONE_DOSE,
    PLANS,
    PRODUCTS,
    UNNAMED_PRODUCTS,
)


class Stored(NamedTuple):
    """How many rows of a list are new, and how many were there."""

    new: int
    there: int


def store_code_lists() -> dict[str, Stored]:
    """Create missing rows; rows that an administrator has changed stay as they are."""
    return {
        "centres": _store(Centre, "code", _centres()),
        "manufacturing sites": _store(ManufacturingSite, "code", _sites()),
        "products": _store(Product, "name", [*_products(), *_unnamed_products()]),
        "indications": _store(Indication, "key", _indications()),
        "therapeutic areas": _store(TrialArea, "key", _areas()),
        "populations": _store_populations(),
    }


def _store(model: type[models.Model], key: str, rows: Iterable[Mapping[str, Any]]) -> Stored:
    """Create each row whose key is not there."""
    created = [model._default_manager.get_or_create(**{key: row[key]}, defaults=row)[1] for row in rows]
    return Stored(new=sum(created), there=len(created) - sum(created))


def _store_populations() -> Stored:
    """Create each that is not there of its area and year."""
    created = [
        Population.objects.get_or_create(area=area, year=YEAR, defaults={"persons": persons, "source": SOURCE})[1]
        for area, persons in PERSONS.items()
    ]
    return Stored(new=sum(created), there=len(created) - sum(created))


def _centres() -> list[dict]:
    return [
        {
            "code": code, "name": name, "city_sv": city, "city_en": city_en, "county_code": county,
            "region": region, "latitude": lat, "longitude": lon, "status": status,
        }
        for code, name, city, city_en, county, region, lat, lon, status in CENTRES
    ]  # fmt: skip


def _sites() -> list[dict]:
    return [{"code": "VECURA", "name": "Vecura", "centre": Centre.objects.get(code="STO")}]


def _products() -> list[dict]:
    rows = []
    for name, inn, atc, holder, target, day, precision, unconfirmed in PRODUCTS:
        doses, interval, longest = PLANS.get(name, ONE_DOSE)
        rows.append({
            "name": name, "inn": inn, "atc": atc, "holder": holder, "target": target,
            "modality": Modality.CAR_T, "origin": ProductOrigin.AUTHORISED,
            "planned_doses": doses, "dose_interval_days": interval, "longest_dose_interval_days": longest,
            "authorised_on": day, "authorised_precision": precision, "unconfirmed": unconfirmed,
        })  # fmt: skip
    return rows


def _unnamed_products() -> list[dict]:
    return [
        {"name": name, "target": target, "modality": modality, "origin": origin}
        for name, target, modality, origin in UNNAMED_PRODUCTS
    ]


def _indications() -> list[dict]:
    return [
        {
            "key": key, "icd10": icd10, "name_sv": name_sv, "name_en": name_en, "unconfirmed": unconfirmed,
            "position": position,
        }
        for position, (key, icd10, name_sv, name_en, unconfirmed) in enumerate(INDICATIONS)
    ]  # fmt: skip


def _areas() -> list[dict]:
    return [
        {"key": key, "name_sv": name_sv, "name_en": name_en, "position": position}
        for position, (key, name_sv, name_en) in enumerate(AREAS)
    ]

"""Storing the code lists."""

from registry.choices import Modality, ProductOrigin
from registry.demonstration.reviewed_lists import (
    CENTRES,
    INDICATIONS,
    ONE_DOSE,
    PLANS,
    PRODUCTS,
    TRIALS,
    UNNAMED_PRODUCTS,
)
from registry.models import Centre, Indication, ManufacturingSite, Product, Trial


def store_code_lists() -> None:
    """Create missing rows; rows that an administrator has changed stay as they are."""
    for position, (code, name, city, city_en, county, number, region, lat, lon, status) in enumerate(CENTRES):
        Centre.objects.get_or_create(
            code=code,
            defaults={
                "name": name, "city_sv": city, "city_en": city_en, "county": county,
                "county_code": number, "region": region, "latitude": lat, "longitude": lon,
                "status": status, "position": position,
            },
        )  # fmt: skip
    ManufacturingSite.objects.get_or_create(
        code="VECURA", defaults={"name": "Vecura", "centre": Centre.objects.get(code="STO")}
    )
    _store_products()
    for position, (key, icd10, name_sv, name_en, unconfirmed) in enumerate(INDICATIONS):
        Indication.objects.get_or_create(
            key=key,
            defaults={
                "icd10": icd10, "name_sv": name_sv, "name_en": name_en, "unconfirmed": unconfirmed,
                "position": position,
            },
        )  # fmt: skip
    for identifier, name, sponsor, phase in TRIALS:
        Trial.objects.get_or_create(
            identifier=identifier, defaults={"name": name, "sponsor": sponsor, "phase": phase}
        )


def _store_products() -> None:
    for position, (name, inn, atc, holder, target, day, precision, unconfirmed) in enumerate(PRODUCTS):
        doses, interval, longest = PLANS.get(name, ONE_DOSE)
        Product.objects.get_or_create(
            name=name,
            defaults={
                "inn": inn, "atc": atc, "holder": holder, "target": target, "position": position,
                "modality": Modality.CAR_T, "origin": ProductOrigin.AUTHORISED,
                "planned_doses": doses, "dose_interval_days": interval, "longest_dose_interval_days": longest,
                "authorised_on": day, "authorised_precision": precision, "unconfirmed": unconfirmed,
            },
        )  # fmt: skip
    for position, (name, target, modality, origin) in enumerate(UNNAMED_PRODUCTS, start=len(PRODUCTS)):
        Product.objects.get_or_create(
            name=name,
            defaults={"target": target, "modality": modality, "origin": origin, "position": position},
        )

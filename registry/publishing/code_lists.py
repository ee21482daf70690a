"""The code lists as a snapshot stores them, so that the public plane reads no table of records."""

from datetime import date

from registry.choices import Category
from registry.dates import write_date
from registry.models import Centre, Coverage, Indication, ManufacturingSite, Product, Trial
from registry.publishing.populations import read_populations

CATEGORIES = {
    Category.SOC: ("standardvård", "standard of care"),
    Category.ACT: ("akademisk klinisk prövning", "academic clinical trial"),
    Category.ICT: ("industrisponsrad klinisk prövning", "industry clinical trial"),
    Category.CUP: ("licens eller compassionate use", "compassionate use"),
}


def read_code_lists() -> dict[str, list[dict]]:
    """Every list in its own order, with texts as {"sv": …, "en": …}."""
    complete = _completeness()
    return {
        "centres": [_centre(centre, complete.get(centre.pk)) for centre in Centre.objects.all()],
        "categories": [
            {"code": code.value, "name": {"sv": sv, "en": en}} for code, (sv, en) in CATEGORIES.items()
        ],
        "products": [_product(product) for product in Product.objects.all()],
        "indications": [
            {"code": i.code, "key": i.key, "icd10": i.icd10, "name": {"sv": i.name_sv, "en": i.name_en}}
            for i in Indication.objects.all()
        ],
        "trials": [
            {"identifier": t.identifier, "name": t.name, "sponsor": t.sponsor, "phase": t.phase}
            for t in Trial.objects.exclude(is_car_t=False, infusion=None)  # those that infusions may have
        ],
        "manufacturing_sites": [
            {"code": site.code, "name": site.name, "centre": site.centre.code}
            for site in ManufacturingSite.objects.select_related("centre")
        ],
        "populations": read_populations(),
    }


def _completeness() -> dict[int, date]:
    """By centre, the day of its latest attestation of completeness."""
    latest = Coverage.objects.order_by("centre", "-stated_at", "-id").distinct("centre")
    return dict(latest.values_list("centre", "complete_through"))


def _centre(centre: Centre, complete_through: date | None) -> dict:
    return {
        "code": centre.code,
        "name": centre.name,
        "city": {"sv": centre.city_sv, "en": centre.city_en},
        "county": centre.county,
        "county_code": centre.county_code,
        "region": centre.region,
        "status": centre.status,
        "location": {"lat": centre.latitude, "lon": centre.longitude},
        "complete_through": complete_through and complete_through.isoformat(),
    }


def _product(product: Product) -> dict:
    day = product.authorised_on
    return {
        "name": product.name,
        "inn": product.inn or None,
        "atc": product.atc or None,
        "holder": product.holder or None,
        "target": product.target or None,
        "modality": product.modality,
        "origin": product.origin,
        "authorised": day and write_date(day, product.authorised_precision),
        "unconfirmed": product.unconfirmed.split(),
    }

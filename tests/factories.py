"""Test data: code lists, identity numbers, stated infusions, and whole registries stored at once.

The identity numbers have birth numbers 980 to 999, the series for tests.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction
from django.utils import timezone

from registry.access import Operator
from registry.choices import Category, County, DatePrecision, Kind, Modality, ProductOrigin, Sex, Sponsor
from registry.entry.infusions.record import record_infusion
from registry.identity import read_identifier
from registry.infusion_rules import InfusionInput
from registry.keyed_digests import Identifier, refusal_token
from registry.models import (
    Centre,
    Indication,
    Infusion,
    ManufacturingSite,
    Membership,
    Patient,
    Product,
    Refusal,
    Trial,
    User,
)
from registry.models.last_seen import LONGEST_ABSENCE
from tests.stored_at_once import stored_at_once

ACADEMIC, INDUSTRY = "NCT99000002", "NCT99000001"
TRIALS = ((ACADEMIC, Sponsor.ACADEMIC), (INDUSTRY, Sponsor.INDUSTRY), ("2019-004426-18", Sponsor.ACADEMIC))
# code, county, region, status; two centres share a region, so that a region is more than a centre.
CENTRES = (
    ("UME", "24", "Norra", "active"),
    ("UPP", "03", "Mellansverige", "active"),
    ("FAL", "20", "Mellansverige", "active"),
    ("STO", "01", "Stockholm–Gotland", "active"),
    ("ORE", "18", "Mellansverige", "upcoming"),
    ("LIN", "05", "Sydöstra", "closed"),
)
REGION_OF = {code: region for code, _county, region, _status in CENTRES}
COUNTY_OF = {code: county for code, county, _region, _status in CENTRES}
SITES = (("VECURA", "STO"), ("GMPUPP", "UPP"))
# name, INN, modality, authorised on
PRODUCTS = (
    ("Kymriah", "tisagenlecleucel", "CAR-T", date(2018, 8, 22)),
    ("Yescarta", "axicabtagene ciloleucel", "CAR-T", date(2018, 8, 23)),
    ("Akademisk CD19 CAR-T", "", "CAR-T", None),
    ("Prövningsläkemedel TCR-T", "", "TCR-T", None),
)
# Made up, so that the most used product here has a further dose. The others are given once.
PLANS = {"Kymriah": {"planned_doses": 2, "dose_interval_days": 9, "longest_dose_interval_days": 28}}
MODALITY_OF = {name: modality for name, _inn, modality, _day in PRODUCTS}
INDICATIONS = (("b-all", "C91.0"), ("dlbcl", "C83.3"), ("solid-tumour", None))
TRIAL_OF = {"SOC": None, "ACT": ACADEMIC, "ICT": INDUSTRY, "CUP": None}


SINGLE_ROWS = """
INSERT INTO registry_revision (id, number) VALUES (1, 0) ON CONFLICT DO NOTHING;
INSERT INTO registry_publication (id, revision) VALUES (1, -1) ON CONFLICT DO NOTHING;
INSERT INTO registry_lastseen (sign, instance, seen_at) SELECT unnest(%s::text[]), '', %s
ON CONFLICT (sign, instance) DO UPDATE SET seen_at = excluded.seen_at, told_at = NULL
"""


@dataclass(frozen=True)
class Lists:
    """The stored code lists, by code."""

    centres: Mapping[str, Centre]
    sites: Mapping[str, ManufacturingSite]
    products: Mapping[str, Product]
    indications: Mapping[str, Indication]
    trials: Mapping[str, Trial]


def store_single_rows() -> None:
    """Store the rows of migrations, which flushing the database deletes."""
    with connection.cursor() as cursor:
        cursor.execute(SINGLE_ROWS, [list(LONGEST_ABSENCE), timezone.now()])


def store_lists() -> Lists:
    """Store the code lists, and the single rows."""
    store_single_rows()
    centres, sites, products, indications, trials = stored_at_once(_store_lists)
    return Lists(
        centres={centre.code: centre for centre in centres},
        sites={site.code: site for site in sites},
        products={product.name: product for product in products},
        indications={indication.code: indication for indication in indications},
        trials={trial.identifier: trial for trial in trials},
    )


def _store_lists() -> tuple:
    centres = Centre.objects.bulk_create(
        Centre(
            code=code, name=f"Sjukhuset {code}", city_sv=code, city_en=code,
            county=County(county).label, county_code=county, region=region, latitude=60, longitude=15,
            status=status, position=place,
        )
        for place, (code, county, region, status) in enumerate(CENTRES)
    )  # fmt: skip
    of_code = {centre.code: centre for centre in centres}
    sites = ManufacturingSite.objects.bulk_create(
        ManufacturingSite(code=code, name=code.title(), centre=of_code[centre]) for code, centre in SITES
    )
    products = Product.objects.bulk_create(
        Product(
            name=name, inn=inn, modality=Modality(modality), authorised_on=day,
            authorised_precision=DatePrecision.DAY if day else "",
            **PLANS.get(name, {}),
            origin=ProductOrigin.AUTHORISED if day else ProductOrigin.INVESTIGATIONAL,
        )
        for name, inn, modality, day in PRODUCTS
    )  # fmt: skip
    indications = Indication.objects.bulk_create(
        Indication(key=key, icd10=icd10, name_sv=key, name_en=key, position=place)
        for place, (key, icd10) in enumerate(INDICATIONS)
    )
    trials = Trial.objects.bulk_create(
        Trial(identifier=identifier, name=identifier, sponsor=sponsor, phase="II")
        for identifier, sponsor in TRIALS
    )
    return centres, sites, products, indications, trials


def check_digit(digits: str) -> int:
    """The last digit of an identity number, from the nine before it (Luhn)."""
    total = 0
    for place, digit in enumerate(digits):
        product = int(digit) * (1 if place % 2 else 2)
        total += product if product < 10 else product - 9
    return (10 - total % 10) % 10


def number(born_on: date = date(1970, 1, 1), birth_number: int = 980, *, coordination: bool = False) -> str:
    """YYYYMMDD-NNNC of a person who does not exist; an even birth number is a woman's."""
    assert 980 <= birth_number <= 999
    day = born_on.day + (60 if coordination else 0)
    short = f"{born_on:%y%m}{day:02}{birth_number}"
    return f"{born_on:%Y%m}{day:02}-{birth_number}{check_digit(short)}"


def made_wrong(identity_number: str) -> str:
    """The same number with another check digit."""
    return f"{identity_number[:-1]}{(int(identity_number[-1]) + 1) % 10}"


def nth_number(place: int, *, born: int = 1970) -> str:
    """A different number for every place."""
    return number(date(born, 1, 1) + timedelta(days=place // 20), 980 + place % 20)


def user(name: str, *centres: Centre, national_role: str = "", role: str = "reporter", email: str = "") -> User:
    """A user with a role at centres, or a national role."""
    created = User.objects.create_user(name, email, "not a secret", national_role=national_role)
    Membership.objects.bulk_create(Membership(user=created, centre=at, role=role) for at in centres)
    return created


def stated(lists: Lists, patient: str | None = None, **fields) -> InfusionInput:
    """Input that is accepted unchanged; codes are looked up, dates may be ISO texts."""
    centre = fields.pop("centre", "UPP")
    category = Category(fields.pop("category", "SOC"))
    trial = fields.pop("trial", TRIAL_OF[category])
    site, indication = fields.pop("manufacturing_site", None), fields.pop("indication", "C91.0")
    day, kind = fields.pop("infused_on", "2020-05-05"), fields.pop("kind", None)
    return InfusionInput(
        centre=lists.centres[centre],
        identifier=read_identifier(patient or number(), centre=centre),
        category=category,
        kind=kind and Kind(kind),
        product=lists.products[fields.pop("product", "Kymriah")],
        indication=indication and lists.indications[indication],
        trial=trial and lists.trials[trial],
        manufacturing_site=site and lists.sites[site],
        infused_on=date.fromisoformat(day) if isinstance(day, str) else day,
        **fields,
    )


def record(lists: Lists, patient: str | None = None, *, by=None, **fields) -> Infusion:
    """Record an infusion through the real function."""
    answer = fields.pop("former_first_becomes", None)
    return record_infusion(
        stated=stated(lists, patient, **fields), by=by or Operator(), former_first_becomes=answer
    )


def record_several(lists: Lists, *, by=None) -> list[Infusion]:
    """What a test has that needs some records: two persons, three infusions, two centres, two categories."""
    one, other = nth_number(40), nth_number(41)
    return [
        record(lists, one, by=by),
        record(lists, one, by=by, infused_on="2021-06-06", kind="reinfusion", category="CUP"),
        record(lists, other, by=by, infused_on="2022-07-07", centre="STO"),
    ]


def find_person(identifier: Identifier) -> Patient | None:
    """The person with an identifier, without a logged look-up."""
    digests = [digest for _key_id, digest in identifier.digests()]
    return Patient.objects.filter(identifiers__digest__in=digests).first()


def record_stated(stated: InfusionInput) -> Infusion:
    """Record this input through the real function."""
    return record_infusion(stated=stated, by=Operator())


def refuse_registration(patient: str) -> None:
    """The person with this identity number has asked not to be in the registry."""
    key_id, digest = read_identifier(patient, centre="").digests()[-1]
    Refusal.objects.create(key_id=key_id, token=refusal_token(key_id, digest))


def store_rows(lists: Lists, rows: Iterable[Mapping]) -> None:
    """Store plain rows (oracle.py) unchanged and unchecked; `person` is any key."""
    rows = list(rows)
    sexes = {row["person"]: row["sex"] for row in rows}
    created = Patient.objects.bulk_create(Patient(sex=Sex(sex)) for sex in sexes.values())
    patients = dict(zip(sexes, created, strict=True))
    Infusion.objects.bulk_create(
        Infusion(
            centre=lists.centres[row["centre"]],
            patient=patients[row["person"]],
            category=row["category"],
            kind=row["kind"],
            product=lists.products[row["product"]],
            indication=row["indication"] and lists.indications[row["indication"]],
            trial=row["trial"] and lists.trials[row["trial"]],
            manufacturing_site=row["manufacturing_site"] and lists.sites[row["manufacturing_site"]],
            infused_on=row["infused_on"],
            date_precision=row["date_precision"],
            sequence=row["sequence"],
            age_at_infusion=row["age"],
            status=row["status"],
        )
        for row in rows
    )


def read_rows() -> list[dict]:
    """Everything stored, as plain rows for the oracle."""
    found = Infusion.objects.select_related(
        "patient", "centre", "product", "indication", "trial", "manufacturing_site"
    )
    return [
        plain_row(
            person=one.patient_id,
            centre=one.centre.code,
            region=one.centre.region,
            county=one.centre.county_code,
            category=one.category,
            kind=one.kind,
            product=one.product.name,
            indication=one.indication and one.indication.code,
            manufacturing_site=one.manufacturing_site and one.manufacturing_site.code,
            trial=one.trial and one.trial.identifier,
            sex=one.patient.sex,
            infused_on=one.infused_on,
            date_precision=one.date_precision,
            sequence=one.sequence,
            age=one.age_at_infusion,
            status=one.status,
        )
        for one in found
    ]


def plain_row(**fields) -> dict:
    """A plain row, with fields that follow from others filled in."""
    row = {
        "person": 1, "centre": "UPP", "category": "SOC", "kind": "first", "product": "Kymriah",
        "indication": "C91.0", "manufacturing_site": None, "sex": "female",
        "infused_on": date(2020, 5, 5), "date_precision": "day", "sequence": 1, "age": 50,
        "status": "submitted",
    } | fields  # fmt: skip
    row.setdefault("region", REGION_OF[row["centre"]])
    row.setdefault("county", COUNTY_OF[row["centre"]])
    row.setdefault("trial", TRIAL_OF[row["category"]])
    row["modality"] = MODALITY_OF[row["product"]]
    return row


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back what happens inside, so that an example of a property leaves nothing for the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def drop_import_tables() -> None:
    """Drop the temporary tables of an import, which else end with its transaction; the test's has not ended."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_row, import_problem, import_verdict, import_person")

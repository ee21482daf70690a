"""Trials at hospitals for tests: stored from plain rows, or drawn at random."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from registry.models import (
    ExemptionYear,
    ManufacturingSite,
    ManufacturingStatement,
    Population,
    SiteTrial,
    SiteTrialStatus,
    StatementClass,
    StatementCountry,
    Trial,
    TrialArea,
)
from tests.factories import Lists

STATUSES = ("planned", "recruiting", "follow_up", "closed", "withdrawn")
CLASSES = ("in_vivo_gtmp", "ex_vivo_gtmp", "sctmp", "unknown")
AREAS = ("oncology", "neurology")
PHASES = ("I", "I/II", "III", "unknown")
SPONSORS = ("academic", "industry", "unknown")


class Stated(NamedTuple):
    """A trial as a test states it: its dimensions, and by centre its statuses as (status, since, precision)."""

    identifier: str
    values: Mapping[str, str]
    sites: Mapping[str, Sequence[tuple[str, date, str]]]


def number(place: int) -> str:
    return f"NCT{98000000 + place}"


def trial(place: int, sites: Mapping, **values: str) -> Stated:
    """A trial of unknown class, area, phase and sponsor but for what is said; a day is written as ISO 8601."""
    unknown = dict.fromkeys(("class", "area", "phase", "sponsor"), "unknown")
    read = {
        centre: [(status, *read_day(written)) for status, written in statuses]
        for centre, statuses in sites.items()
    }
    return Stated(number(place), unknown | {name.rstrip("_"): value for name, value in values.items()}, read)


def read_day(written: str) -> tuple[date, str]:
    precision = {4: "year", 7: "month", 10: "day"}[len(written)]
    return date.fromisoformat((written + "-01-01")[:10]), precision


def store(lists: Lists, trials: Sequence[Stated]) -> None:
    """Store trials, with the areas."""
    areas = {
        key: TrialArea.objects.get_or_create(
            key=key, defaults={"name_sv": key, "name_en": key, "position": place}
        )[0]
        for place, key in enumerate(AREAS)
    }
    for one in trials:
        stored = Trial.objects.create(
            identifier=one.identifier, name=f"Trial {one.identifier}", atmp_class=one.values["class"],
            area=areas.get(one.values["area"]), phase=one.values["phase"], sponsor=one.values["sponsor"],
        )  # fmt: skip
        for centre, statuses in one.sites.items():
            site = SiteTrial.objects.create(trial=stored, centre=lists.centres[centre])
            SiteTrialStatus.objects.bulk_create(
                SiteTrialStatus(site_trial=site, status=status, since=since, date_precision=precision)
                for status, since, precision in statuses
            )


def draw(chance: random.Random, centres: Sequence[str]) -> list[Stated]:
    """Some trials at some hospitals, with few values and few days, so that much falls together."""
    return [
        Stated(
            number(place),
            {
                "class": chance.choice(CLASSES), "area": chance.choice([*AREAS, "unknown"]),
                "phase": chance.choice(PHASES), "sponsor": chance.choice(SPONSORS),
            },
            {centre: _draw_statuses(chance) for centre in chance.sample(list(centres), chance.randint(1, 3))},
        )
        for place in range(chance.randint(1, 14))
    ]  # fmt: skip


def _draw_statuses(chance: random.Random) -> list[tuple[str, date, str]]:
    found: dict[tuple[str, date], str] = {}
    for _time in range(chance.randint(0, 5)):
        year = date(chance.randint(2019, 2024), 1, 1)
        precision = chance.choice(("day", "month", "year"))
        month = year.replace(month=chance.choice((1, 3, 12)))
        since = {"year": year, "month": month, "day": month + timedelta(days=chance.choice((0, 0, 30)))}[precision]
        found.setdefault((chance.choice(STATUSES), since), precision)
    return [(status, since, precision) for (status, since), precision in found.items()]


REPORT = {"stated_by": "Akademiska sjukhuset", "source": "Rapport 2025"}
MAY = date(2025, 5, 31)


def store_report(lists: Lists) -> None:
    """As many trials as the report has, of such classes and at such hospitals (ATMP.md), and the populations."""
    of_class = {"STO": {"in_vivo_gtmp": 8, "ex_vivo_gtmp": 13, "sctmp": 8}, "UPP": {"unknown": 14}}
    trials: list[Stated] = []
    for centre, classes in of_class.items():
        for name, number_of in classes.items():
            for _turn in range(number_of):
                place = len(trials)
                phase, sponsor = ("I", "I/II", "II", "III", "unknown")[place % 5], SPONSORS[place % 3]
                sites = {centre: [("recruiting", f"{2016 + place % 9}-0{1 + place % 9}")]}
                trials.append(trial(place, sites, **{"class": name}, phase=phase, sponsor=sponsor))
    store(lists, trials)
    for area, persons in {"00": 10_587_710, "01": 2_473_307, "03": 407_912}.items():
        Population.objects.create(area=area, year=2024, persons=persons, source="SCB 2024")


def store_stated(lists: Lists) -> None:
    """The exemption and the manufacture of the report, with three single years of another product."""
    for product, first, patients, through in (
        ("Keratinocyter", 2016, 50, MAY),
        ("Hudceller", None, 9, date(2023, 12, 31)),
        ("Hudceller", None, 6, date(2024, 12, 31)),
        ("Hudceller", None, 4, MAY),
    ):
        ExemptionYear.objects.create(
            centre=lists.centres["UPP"], product=product, first_year=first, year=through.year,
            patients=patients, about=first is not None, through=through, **REPORT,
        )  # fmt: skip
    ExemptionYear.objects.create(
        centre=lists.centres["STO"], product="Tre produkter", first_year=2011, year=2025, patients=20, about=True,
        through=MAY, stated_by="Karolinska universitetssjukhuset", source="Rapport 2025",
    )  # fmt: skip
    vecura = ManufacturingStatement.objects.create(
        site=ManufacturingSite.objects.get(code="VECURA"), as_of=MAY, batches=192, dose_preparations=91,
        products=54, patients=761, patients_with_imports=909, imports=12, countries=11, stated_by="Vecura",
        source="Rapport 2025",
    )  # fmt: skip
    for name, products in (("in_vivo_gtmp", 9), ("unknown", 45)):
        StatementClass.objects.create(statement=vecura, atmp_class=name, products=products)
    for country in ("NO", "DK"):
        StatementCountry.objects.create(statement=vecura, country=country)

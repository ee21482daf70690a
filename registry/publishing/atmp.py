"""Trials and statements as a snapshot stores them, so that the public plane reads no table (ATMP.md)."""

from collections import defaultdict
from typing import Any

from registry.dates import write_date
from registry.models import (
    ExemptionYear,
    ManufacturingStatement,
    SiteTrial,
    SiteTrialStatus,
    Trial,
    TrialArea,
    TrialConfirmation,
)
from registry.published.statements import MEASURES

UNKNOWN = "unknown"


def read_atmp() -> dict[str, list[dict]]:
    """Every trial that stands at a hospital, who has answered, and all that was stated, in one order each."""
    return {
        "areas": [
            {"code": area.key, "name": {"sv": area.name_sv, "en": area.name_en}}
            for area in TrialArea.objects.all()
        ],
        "trials": _list_trials(),
        "answered": [
            {"centre": centre, "on": day.isoformat()}
            for centre, day in TrialConfirmation.objects.order_by("stated_on", "id").values_list(
                "centre__code", "stated_on"
            )
        ],
        "exemption": [_exemption(row) for row in ExemptionYear.objects.select_related("centre").order_by("id")],
        "manufacturing": _list_statements(),
    }


def _list_trials() -> list[dict]:
    statuses: dict[int, list[dict]] = defaultdict(list)
    for row in SiteTrialStatus.objects.order_by("since", "id"):
        written = write_date(row.since, row.date_precision)
        statuses[row.site_trial_id].append({"status": row.status, "since": written})
    sites: dict[int, list[dict]] = defaultdict(list)
    for site in SiteTrial.objects.select_related("centre").order_by("centre__code"):
        shown = {"centre": site.centre.code, "unit": site.unit or None, "source": site.source or None}
        sites[site.trial_id].append(shown | {"statuses": statuses[site.pk]})
    trials = Trial.objects.filter(pk__in=sites).select_related("area").order_by("identifier")
    return [_trial(trial) | {"sites": sites[trial.pk]} for trial in trials]


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "identifier": trial.identifier,
        "other_identifiers": trial.other_identifiers,
        "name": trial.name,
        "phase": trial.phase,
        "sponsor": trial.sponsor,
        "sponsor_name": trial.sponsor_name or None,
        "class": trial.atmp_class,
        "area": trial.area.key if trial.area else UNKNOWN,
        "is_car_t": trial.is_car_t,
        "long_term_follow_up": trial.long_term_follow_up,
    }


def _exemption(row: ExemptionYear) -> dict[str, Any]:
    return {
        "centre": row.centre.code,
        "product": row.product,
        "class": row.atmp_class,
        "first_year": row.first_year or row.year,
        "year": row.year,
        "through": row.through.isoformat(),
        "patients": row.patients,
        "deliveries": row.deliveries,
        "about": row.about,
        "stated_by": row.stated_by,
        "source": row.source,
    }


def _list_statements() -> list[dict]:
    rows = ManufacturingStatement.objects.select_related("site").order_by("id")
    return [
        {
            "site": row.site.code,
            "as_of": row.as_of.isoformat(),
            **{name: getattr(row, name) for name in MEASURES},
            "about": row.about,
            "stated_by": row.stated_by,
            "source": row.source,
            "classes": [{"class": part.atmp_class, "products": part.products} for part in row.classes.all()],
            "receiving_countries": [one.country for one in row.receiving_countries.all()],
        }
        for row in rows.prefetch_related("classes", "receiving_countries")
    ]

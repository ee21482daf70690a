"""Labels of dimensions, their values and measures."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from registry.choices import (
    AtmpClass,
    Category,
    County,
    ManufacturedClass,
    Phase,
    Sex,
    Sponsor,
    TrialStatus,
)
from registry.measures import DERIVED, MEASURES
from registry.published import atmp_query


def label_dimension(name: str) -> str:
    """The label of a dimension in the active language."""
    return {
        "centre": _("centre"),
        "category": _("category"),
        "product": _("product"),
        "modality": _("modality"),
        "indication": _("indication"),
        "age_group": _("age group"),
        "sex": _("sex"),
        "manufacturing_site": _("manufacturing site"),
        "region": _("region"),
        "county": _("county"),
        "trial": _("trial"),
        "year": _("year"),
        "month": _("month"),
        "class": _("class"),
        "area": _("therapeutic area"),
        "phase": _("phase"),
        "sponsor": _("sponsor"),
        "status": _("status"),
    }[name]


def label_value(dimension: str, value: str) -> str:
    """The label of a dimension's value in the active language; codes and proper names stay as they are."""
    return {
        "category": {code: str(label) for code, label in Category.choices},
        "county": dict(County.choices),
        "sex": {code: str(label) for code, label in Sex.choices},
        "age_group": {"child": _("Child (under 18 years)"), "adult": _("Adult")},
        "month": {"unknown": _("Unknown")},
        "indication": {"none": _("not stated")},
        "manufacturing_site": {"none": _("not stated")},
        "trial": {"none": _("no trial")},
        "class": {code: str(label) for code, label in (*ManufacturedClass.choices, *AtmpClass.choices)},
        "area": {"unknown": _("Unknown")},
        "phase": {code: str(label) for code, label in Phase.choices},
        "sponsor": {code: str(label) for code, label in Sponsor.choices},
        "status": {code: str(label) for code, label in TrialStatus.choices},
    }.get(dimension, {}).get(value, value)


def label_measure(name: str, language: str) -> str:
    """The label of a measure in a language ("sv" or "en")."""
    return (atmp_query.MEASURES | MEASURES | DERIVED)[name].label(language)


def label_about(about: Iterable[str], language: str) -> dict[str, str]:
    """What a file says of itself, by name: the labels in the current language, which is this one."""
    labels = {
        "snapshot": _("snapshot"),
        "hash": _("fingerprint"),
        "built_at": _("built (UTC)"),
        "data_through": _("data through"),
        "as_of": _("as of"),
        "disclosure": _("small numbers"),
        "source": _("source"),
        "licence": _("licence"),
        "api": _("place in the API"),
        "address": _("address"),
        "notes": _("to note"),
        "total_suppressed": _("total: not shown"),
    }
    of = _("total: %(measure)s")
    totals = [name for name in about if name.startswith("total_") and name not in labels]
    return labels | {
        name: of % {"measure": label_measure(name.removeprefix("total_"), language)} for name in totals
    }


def say_disclosure(policy: object) -> str:
    """The policy on small numbers ("exact", "threshold:5") in the current language."""
    _name, _colon, least = str(policy).partition(":")
    if not least:
        return _("every number is shown")
    return _("numbers of fewer than %(least)s persons are not shown") % {"least": least}

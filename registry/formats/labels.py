"""Labels of dimensions, their values and measures."""

from django.utils.translation import gettext as _

from registry.choices import Category, Sex
from registry.measures import DERIVED, MEASURES


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
        "trial": _("trial"),
        "year": _("year"),
        "month": _("month"),
    }[name]


def label_value(dimension: str, value: str) -> str:
    """The label of a dimension's value in the active language; codes and proper names stay as they are."""
    return {
        "category": {code: str(label) for code, label in Category.choices},
        "sex": {code: str(label) for code, label in Sex.choices},
        "age_group": {"child": _("Child (under 18 years)"), "adult": _("Adult")},
        "month": {"unknown": _("Unknown")},
        "indication": {"none": _("not stated")},
        "manufacturing_site": {"none": _("not stated")},
        "trial": {"none": _("no trial")},
    }.get(dimension, {}).get(value, value)


def label_measure(name: str, language: str) -> str:
    """The label of a measure in a language ("sv" or "en")."""
    return (MEASURES | DERIVED)[name].label(language)

"""The values that Explore offers for each dimension, and what they are called."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from registry.choices import Category, Modality, Sex
from registry.formats.labels import label_value
from registry.infusion_rules import FIRST_TREATMENT
from registry.published.count_limits import MAY_BE_MISSING
from registry.published.count_query import NONE
from registry.wording import say_month

Options = Mapping[str, Mapping[str, str]]  # by dimension, the label of each value


def list_options(lists: Mapping[str, list[dict]], language: str, through: str | None) -> Options:
    """Every dimension's values by a snapshot's code lists, in their order; through is its latest infusion."""
    last = int(through[:4]) if through else FIRST_TREATMENT.year
    options = {
        "centre": {centre["code"]: centre["city"][language] for centre in lists["centres"]},
        "category": {code: f"{code} – {label_value('category', code)}" for code in Category.values},
        "product": {product["name"]: product["name"] for product in lists["products"]},
        "modality": dict(Modality.choices),
        "indication": {one["code"]: _name_indication(one, language) for one in lists["indications"]},
        "age_group": {value: label_value("age_group", value) for value in ("child", "adult")},
        "sex": {value: label_value("sex", value) for value in Sex.values},
        "manufacturing_site": {site["code"]: site["name"] for site in lists["manufacturing_sites"]},
        "region": {centre["region"]: centre["region"] for centre in lists["centres"]},
        "county": {centre["county_code"]: centre["county"] for centre in lists["centres"]},
        "trial": {trial["identifier"]: _name_trial(trial) for trial in lists["trials"]},
        "year": {str(year): str(year) for year in range(FIRST_TREATMENT.year, last + 1)},
    }
    missing = {name: {NONE: label_value(name, NONE)} for name in MAY_BE_MISSING}
    return {name: values | missing.get(name, {}) for name, values in options.items()}


def _name_indication(indication: Mapping, language: str) -> str:
    return f"{indication['name'][language]} ({indication['code']})"


def _name_trial(trial: Mapping) -> str:
    name = trial["name"]
    return f"{name} ({trial['identifier']})" if name and name != trial["identifier"] else trial["identifier"]


def name_value(options: Options, dimension: str, value: object) -> str:
    """What a row's value is called; None is one that is missing."""
    key = NONE if value is None else str(value)
    if dimension == "month":
        return _("month not known") if key == "unknown" else say_month(key)
    return options.get(dimension, {}).get(key) or label_value(dimension, key)


def name_values(options: Options, dimension: str, values: Iterable[object]) -> str:
    """Several of them, with commas between."""
    return ", ".join(name_value(options, dimension, value) for value in values)

"""Form fields for the code lists, with code and name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from registry.choices import Category, ProductOrigin
from registry.entry.infusions.row_reader import CodeLists
from registry.infusion_rules import SPONSOR_OF

Choices = list[tuple[str, Any]]


class ListSelect(forms.Select):
    """A select with rows grouped by their categories; rows for other categories than the chosen category are
    hidden, until the page's script shows them when another category is chosen.
    """

    category = ""  # the chosen category, or ""

    def __init__(self, rows: Iterable[tuple[str, str, Iterable[Category]]]):
        rows = list(rows)
        self.fits = {value: tuple(fits) for value, _label, fits in rows}
        self.labels = {value: label for value, label, _fits in rows}
        groups: dict[tuple, list[tuple[str, str]]] = {}
        for value, label, _fits in rows:
            groups.setdefault(self.fits[value], []).append((value, label))
        said = _("For %(categories)s")
        named = [(said % {"categories": ", ".join(fits)}, listed) for fits, listed in groups.items()]
        super().__init__(choices=[("", ""), *named])

    def create_option(self, name, value, label, selected, *args, **kwargs):
        """Django's option, with its categories."""
        option = super().create_option(name, value, label, selected, *args, **kwargs)
        if value in self.fits:
            option["attrs"]["data-for"] = " ".join(self.fits[value])
            if self.category and not selected and self.category not in self.fits[value]:
                option["attrs"] |= {"hidden": True, "disabled": True}
        return option

    def optgroups(self, name, value, attrs=None):
        """Django's groups, without the names of groups with no visible option."""
        found = super().optgroups(name, value, attrs)
        return [
            (None if all("hidden" in option["attrs"] for option in options) else label, options, index)
            for label, options, index in found
        ]

    def say(self, value: str) -> str:
        """A row as displayed."""
        return self.labels.get(value, value)


def choose_trial(lists: CodeLists, chosen: str = "") -> ListSelect:
    """Trials by category: their sponsor's (rules.SPONSOR_OF) and compassionate use; none for standard of care.

    One of another therapy than CAR-T or TCR-T is left out, unless it is chosen already.
    """
    return ListSelect(
        (
            trial.identifier,
            f"{trial.identifier} {trial.name}",
            [category for category in Category if _has_trial(category, trial)],
        )
        for trial in _each(lists.trials)
        if trial.is_car_t is not False or trial.identifier == chosen
    )


def choose_product(lists: CodeLists) -> ListSelect:
    """Products by category: for standard of care all but investigational products, even before their authorisation
    (about which the reader only warns); any product for trials and compassionate use.
    """
    return ListSelect(
        (
            product.name,
            _describe(product),
            [category for category in Category if category != Category.SOC or _is_care(product)],
        )
        for product in _each(lists.products)
    )


def centres_of(lists: CodeLists) -> Choices:
    """The centres, with none chosen."""
    return [("", ""), *((centre.code, str(centre)) for centre in lists.centres.values())]


def indications_of(lists: CodeLists) -> Choices:
    """The indications in the current language."""
    return [("", ""), *((each.code, str(each)) for each in _each(lists.indications))]


def sites_of(lists: CodeLists) -> Choices:
    return [("", ""), *((site.code, site.name) for site in lists.sites.values())]


def _has_trial(category: Category, trial) -> bool:
    return category != Category.SOC and SPONSOR_OF.get(category, trial.sponsor) == trial.sponsor


def _is_care(product) -> bool:
    return product.origin != ProductOrigin.INVESTIGATIONAL


def _describe(product) -> str:
    """A product with its target and modality."""
    known = ", ".join(part for part in (product.inn, product.target, product.modality) if part)
    return f"{product.name} ({known})"


def _each(by_spelling: Mapping[str, Any]) -> Iterable[Any]:
    """Each row of a code list once, in the list's order."""
    return {row.pk: row for row in by_spelling.values()}.values()

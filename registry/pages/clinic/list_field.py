"""Choosing from the code lists in a form, each by its code and its name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registry.choices import Category, ProductOrigin
from registry.entry.infusions.row_reader import CodeLists
from registry.rules import SPONSOR_OF

Choices = list[tuple[str, Any]]


class ListSelect(forms.Select):
    """A list in groups of rows for the same categories; the rows for others than the chosen one are not offered.

    They are there, for the page's script to offer when another category is chosen.
    """

    category = ""  # as chosen; empty for none

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
        """Django's, with the categories."""
        option = super().create_option(name, value, label, selected, *args, **kwargs)
        if value in self.fits:
            option["attrs"]["data-for"] = " ".join(self.fits[value])
            if self.category and not selected and self.category not in self.fits[value]:
                option["attrs"] |= {"hidden": True, "disabled": True}
        return option

    def optgroups(self, name, value, attrs=None):
        """Django's, without the names of groups of which nothing is offered."""
        found = super().optgroups(name, value, attrs)
        return [
            (None if all("hidden" in option["attrs"] for option in options) else label, options, index)
            for label, options, index in found
        ]

    def say(self, value: str) -> str:
        """A row as people read it."""
        return self.labels.get(value, value)


def choose_trial(lists: CodeLists) -> ListSelect:
    """Trials by category: that of their sponsor (rules.SPONSOR_OF), and compassionate use; standard of care
    has none.
    """
    return ListSelect(
        (one.identifier, f"{one.identifier} {one.name}", [each for each in Category if _has_trial(each, one)])
        for one in _each(lists.trials)
    )


def choose_product(lists: CodeLists) -> ListSelect:
    """Products by category: standard of care has all but the investigational ones, also before they were
    authorised (the reader only doubts that); trials and compassionate use may have any.
    """
    return ListSelect(
        (one.name, _describe(one), [each for each in Category if each != Category.SOC or _is_care(one)])
        for one in _each(lists.products)
    )


def centres_of(lists: CodeLists) -> Choices:
    """The centres, of which none is chosen yet."""
    return [("", ""), *((centre.code, str(centre)) for centre in lists.centres.values())]


def indications_of(lists: CodeLists) -> Choices:
    """The indications in the page's language."""
    name = "name_en" if get_language() == "en" else "name_sv"
    spelled = ((one, str(getattr(one, name))) for one in _each(lists.indications))
    return [("", ""), *((one.code, f"{said} ({one.icd10})" if one.icd10 else said) for one, said in spelled)]


def sites_of(lists: CodeLists) -> Choices:
    """The manufacturing sites."""
    return [("", ""), *((site.code, site.name) for site in lists.sites.values())]


def _has_trial(category: Category, trial) -> bool:
    return category != Category.SOC and SPONSOR_OF.get(category, trial.sponsor) == trial.sponsor


def _is_care(product) -> bool:
    return product.origin != ProductOrigin.INVESTIGATIONAL


def _describe(product) -> str:
    """A product with what it sets: target and modality."""
    known = ", ".join(part for part in (product.inn, product.target, product.modality) if part)
    return f"{product.name} ({known})"


def _each(by_spelling: Mapping[str, Any]) -> Iterable[Any]:
    """Every row of a code list once, in its own order."""
    return {row.pk: row for row in by_spelling.values()}.values()

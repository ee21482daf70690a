"""Choosing from the code lists in a form, each by its code and its name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language

from registry.choices import Category, ProductOrigin
from registry.entry.reading import CodeLists
from registry.rules import SPONSOR_OF

Choices = list[tuple[str, Any]]


class ListSelect(forms.Select):
    """A list of which each row says for which categories it is; the page's script leaves out the others."""

    def __init__(self, rows: Iterable[tuple[str, str, Iterable[Category]]]):
        rows = list(rows)
        super().__init__(choices=[("", ""), *((value, label) for value, label, _fits in rows)])
        self.fits = {value: " ".join(fits) for value, _label, fits in rows}

    def create_option(self, name, value, *args, **kwargs):
        """Django's, with the categories."""
        option = super().create_option(name, value, *args, **kwargs)
        if value in self.fits:
            option["attrs"]["data-for"] = self.fits[value]
        return option


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

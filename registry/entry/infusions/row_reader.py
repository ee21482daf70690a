"""Reading one row of the exchange file: codes are looked up, and every wrong field is reported."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _

from registry.batch_numbers import read_batch
from registry.choices import Category, DatePrecision, IdentifierType, Kind, Sex
from registry.dates import read_date
from registry.digits import fold
from registry.entry.infusions.code_lists import CodeLists
from registry.entry.infusions.columns import TABLE, Chosen, Listed, Number
from registry.entry.infusions.row_fields import SHORT_LIST, SHORTENED, RowFields, spell
from registry.entry.infusions.spelling import Spelled, plain, spellings
from registry.errors import Problem
from registry.identity import IdentifierUnusable, IssuerUnclear, issuer_of, read_identifier
from registry.infusion_input import InfusionInput
from registry.infusion_rules import SPONSOR_OF, check_input, complete_input
from registry.keyed_digests import Identifier
from registry.models import Centre, Product

NAMES_TRIALS = {"trial_missing", "trial_sponsor_wrong"}
SPELLINGS: dict[type, Spelled] = {choices: spellings(choices) for choices in (Category, Kind, Sex, DatePrecision)}
# What each row has of its own; of the other cells a file has few different combinations.
OWN = ("patient_id", "infused_on", "sex", "age_at_infusion", "batch")
SHARED = frozenset(column.name for column in TABLE) - frozenset(OWN)
# Columns read specially or in a given order, as are columns of free text; the others are read alike.
READ_FIRST = {"centre", "category", "kind", "product", "modality", "date_precision"}
OTHERS = [(column.name, column.holds) for column in TABLE if column.holds and column.name not in READ_FIRST]
SHARED_OTHERS = [(name, holds) for name, holds in OTHERS if name in SHARED]
OWN_OTHERS = [(name, holds) for name, holds in OTHERS if name in OWN]
MOST_KEPT = 1_000  # combinations of the cells that rows share
LONGEST_KEPT = 1_000  # characters of such a row: a cell may have many spaces around its value


class RowReader:
    """Turns rows of strings into stated infusions."""

    def __init__(self, lists: CodeLists):
        self.lists = lists
        self.allowed: dict[str, str] = {}  # sentences about the trials of a category, cached
        # What the cells that rows share say, by these cells; of rows without a problem alone.
        self.shared: dict[tuple, dict[str, Any]] = {}

    def read(
        self, row: Mapping[str, str], *, person_known: bool = False, stored: Mapping[str, str] | None = None
    ) -> tuple[InfusionInput | None, list[Problem]]:
        """(stated infusion, or None if a field cannot be read; problems) of one row.

        person_known: the person is named by registry number, so the row needs no identifier. stored: the stored
        row that is corrected; unchanged fields are not judged again.
        """
        touched = None if stored is None else {name for name in row if row[name] != stored.get(name, "")}
        fields = RowFields(row, self.lists)
        stated = self._read_own(fields, self._read_shared(fields), person_known, touched)
        return self._judge(fields, stated, touched=touched)

    def read_next(self, row: Mapping[str, str]) -> tuple[InfusionInput | None, list[Problem]]:
        """As `read`, for one row of many: the cells that rows share are read and judged once."""
        names = tuple(row)
        cells = names, _take_shared(names)(row)
        shared = self.shared.get(cells)
        if shared is not None:
            fields = RowFields({name: row[name] for name in OWN if name in row}, self.lists)
            return self._judge(fields, self._read_own(fields, shared), settled=SHARED)
        fields = RowFields(row, self.lists)
        shared = self._read_shared(fields)
        stated, problems = self._judge(fields, self._read_own(fields, shared))
        if not problems and len(self.shared) < MOST_KEPT and sum(map(len, row.values())) <= LONGEST_KEPT:
            self.shared[cells] = shared
        return stated, problems

    def _read_shared(self, fields: RowFields) -> dict[str, Any]:
        """The values of the fields that rows share; None for a value that cannot be read."""
        lists = self.lists
        shared = {
            "centre": fields.look_up("centre", lists.centres, default=lists.default_centre),
            "category": fields.look_up("category", SPELLINGS[Category]),
            "product": fields.look_up("product", lists.products),
        }
        _check_modality(fields, shared["product"])
        shared["date_precision"] = fields.look_up("date_precision", SPELLINGS[DatePrecision], needed=False)
        shared["kind"] = fields.look_up("kind", SPELLINGS[Kind], needed=False)
        return shared | self._read_others(fields, SHARED_OTHERS)

    def _read_own(
        self,
        fields: RowFields,
        shared: Mapping[str, Any],
        person_known: bool = False,
        touched: Collection[str] | None = None,
    ) -> InfusionInput:
        """The values of all fields; None for a value that cannot be read."""
        infused_on, precision = _read_date(fields, shared["date_precision"])
        identifier = None if person_known else _read_identifier(fields, shared["centre"])
        own = self._read_others(fields, OWN_OTHERS)
        stated = InfusionInput(
            **{**shared, **own, "infused_on": infused_on, "date_precision": precision, "identifier": identifier}
        )
        read_batch_anew = touched is None or "batch" in touched
        stated.batch = _read_batch(fields, stated) if read_batch_anew else fields.cells.get("batch", "")
        return stated

    def _read_others(self, fields: RowFields, others: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        """The values of further fields that are not empty and can be read."""
        read = {name: self._read_other(fields, name, holds) for name, holds in others if name in fields.cells}
        return {name: value for name, value in read.items() if value is not None}

    def _read_other(self, fields: RowFields, name: str, holds: Listed | Chosen | Number) -> Any:
        if isinstance(holds, Listed):
            return fields.look_up(name, self.lists.of(name), needed=False)
        if isinstance(holds, Chosen):
            return fields.look_up(name, SPELLINGS[holds.choices], needed=False)
        return fields.number(name, holds.least, holds.most)

    def _judge(
        self, fields: RowFields, stated: InfusionInput, **what: Any
    ) -> tuple[InfusionInput | None, list[Problem]]:
        """(stated infusion, or None if a field cannot be read; problems), by the rules too."""
        if stated.infused_on:  # without a date no age can be derived
            complete_input(stated)
        if fields.refused:
            unread = {problem.field for problem in fields.problems}
            return None, fields.problems + self._check(stated, unread=unread, **what)
        return stated, fields.problems + self._check(stated, **what)

    def _check(self, stated: InfusionInput, **what: Any) -> list[Problem]:
        """The rules' problems; a problem with the trial lists the category's trials."""
        return [
            replace(problem, sentence=f"{problem.sentence} {self._name_trials(stated.category)}".strip())
            if problem.code in NAMES_TRIALS
            else problem
            for problem in check_input(stated, **what)
        ]

    def _name_trials(self, category: Category) -> str:
        if category not in self.allowed:
            fits = [
                trial
                for trial in self.lists.trials.values()
                if trial.sponsor == SPONSOR_OF.get(category) and trial.is_car_t is not False
            ]
            names = list(dict.fromkeys(spell(trial) for trial in fits))
            sentence = _("Write one of: %(values)s.") % {"values": ", ".join(names)}
            self.allowed[category] = sentence if 0 < len(names) <= SHORT_LIST else ""
        return self.allowed[category]


@lru_cache
def _take_shared(names: tuple[str, ...]) -> Callable[[Mapping[str, str]], Any]:
    """A function that takes the cells that rows share from a row with these columns."""
    shared = [name for name in names if name not in OWN]
    return itemgetter(*shared) if shared else tuple


def read_person(row: Mapping[str, str], lists: CodeLists) -> Identifier | None:
    """The identifier in a row, even if the row has other problems; None if it cannot be read."""
    centre = lists.centres.find((row.get("centre") or lists.default_centre).strip())
    try:
        return read_identifier_at(centre, row.get("patient_id", ""))
    except IdentifierUnusable:
        return None


def read_identifier_at(centre: Centre | None, text: str) -> Identifier:
    """Read an identifier as its centre writes it. Raises IdentifierUnusable.

    A reserve number that was another region's where the centre was listed before may be either's: it is asked.
    """
    code, county = (centre.code, centre.county_code) if centre else ("", "")
    identifier = read_identifier(text, centre=code, county=county)
    if centre and identifier.type == IdentifierType.RESERVE_REGIONAL:
        for former in centre.former_counties:
            before = _read_or_none(text, centre=code, county=former)
            if before and before != identifier:
                raise IssuerUnclear([issuer_of(identifier), issuer_of(before)])
    return identifier


def _read_or_none(text: str, *, centre: str, county: str) -> Identifier | None:
    try:
        return read_identifier(text, centre=centre, county=county)
    except IdentifierUnusable:
        return None


def _check_modality(fields: RowFields, product: Product | None) -> None:
    value = fields.cells.get("modality")
    if product and value and plain(value) != plain(product.modality):
        sentence = _("The product is a %(modality)s product.") % {"modality": product.modality}
        fields.refuse("modality", "modality_contradicts_product", sentence)


def _read_date(fields: RowFields, precision: str | None):
    value = fields.cells.get("infused_on")
    if not value:
        fields.refuse("infused_on", "missing", _("This field is required."))
        return None, None
    try:
        return read_date(fold(value), precision or "")
    except ValueError as error:
        fields.refuse("infused_on", "date_invalid", str(error))
        return None, None


def _read_batch(fields: RowFields, stated: InfusionInput) -> str:
    written = fields.cells.get("batch", "")
    if "+" in written and SHORTENED.fullmatch(written):
        fields.refuse("batch", "number_shortened", _say_shortened())
    batch, taken = read_batch(
        written, infused_on=stated.infused_on, precision=stated.date_precision, own=stated.identifier
    )
    if taken:
        fields.refuse(taken.field, taken.code, taken.sentence)
    return batch


def _say_shortened() -> str:
    return _("A spreadsheet has shortened this number: write it in full, in a cell that is formatted as text.")


def _read_identifier(fields: RowFields, centre: Centre | None) -> Identifier | None:
    value = fields.cells.get("patient_id")
    if not value:
        fields.refuse("patient_id", "missing", _("This field is required."))
        return None
    try:
        return read_identifier_at(centre, value)
    except IdentifierUnusable as error:
        if centre is None and isinstance(error, IssuerUnclear):  # a known centre would decide it
            return None
        shortened = SHORTENED.fullmatch(value)
        fields.refuse("patient_id", error.code, _say_shortened() if shortened else str(error))
        return None

"""One row of the exchange file, read: codes looked up, every wrong field named."""

import re
from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.batch_numbers import read_batch
from registry.choices import Category, DatePrecision, Kind, Sex
from registry.dates import read_date
from registry.digits import fold
from registry.entry.infusions.columns import LISTED
from registry.entry.infusions.spelling import MOST_GUESSES, Spelled, known_by_one, plain, spellings, spoken
from registry.errors import Problem
from registry.identity import (
    Identifier,
    IdentifierUnusable,
    IssuerUnclear,
    read_identifier,
)
from registry.infusion_input import InfusionInput
from registry.models import Centre, Indication, ManufacturingSite, Product, Trial
from registry.rules import MOST_A_DAY, SPONSOR_OF, check_input, complete_input

LONGEST_VALUE = 200
SHORT_LIST = 8
NAMES_TRIALS = {"trial_missing", "trial_sponsor_wrong"}
WHOLE = re.compile(r"(\d+)[.,]0*")  # as programs write a whole number that may be missing
# Characters that nobody sees, but for the ends of lines and tabs; halves of characters, and what stands for them.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd-\uffff]")
LOST = "\ufffd"  # stands where a letter was lost on the way
SHORTENED = re.compile(r"[-+]?\d(?:[.,]\d+)?[eE]\+\d{2,3}")  # 1,23457E+14, as a spreadsheet writes into a text
SPELLINGS = {choices: spellings(choices) for choices in (Category, Kind, Sex, DatePrecision)}
# What a row writes of each list, where that is not the value itself.
SPELLED_BY: dict[type, str] = {listed.model: listed.by for listed in LISTED.values()}


class CodeLists:
    """The code lists in memory, each by every spelling that a row may use."""

    def __init__(
        self, actor: Actor, *, centre: str | None = None, permission: Permission = Permission.WRITE_RECORDS
    ):
        """Of the centres where an actor holds a permission; centre limits the rows to one code, and is its
        default.
        """
        writable = centres_where(actor, permission)
        self.default_centre = centre or ""
        self.takes_all_centres = writable is NATIONWIDE and centre is None
        every = list(Centre.objects.all())
        mine = {one.pk for one in every if one.pk in writable and centre in {None, one.code}}
        named = known_by_one(
            (label, one) for one in every for label in (one.name, one.city_sv, one.city_en, str(one))
        )  # of all centres: two hospitals of a city have one name less
        self.centres = Spelled(
            ((one.code, one) for one in every if one.pk in mine),
            labels={label: one for label, one in named.items() if one.pk in mine},
        )
        self.products = Spelled(
            (name, product) for product in Product.objects.all() for name in (product.inn, product.name)
        )
        indications = list(Indication.objects.all())
        self.indications = Spelled(
            ((code or "", one) for one in indications for code in (one.key, one.icd10)),
            labels=known_by_one(
                (name, one) for one in indications for name in (one.name_sv, one.name_en, str(one))
            ),
        )
        trials = list(Trial.objects.all())
        self.trials = Spelled(
            ((one.identifier, one) for one in trials), labels=known_by_one((one.name, one) for one in trials)
        )
        sites = list(ManufacturingSite.objects.all())
        self.sites = Spelled(
            ((one.code, one) for one in sites), labels=known_by_one((one.name, one) for one in sites)
        )
        self.guesses = 0


class RowReader:
    """Turns rows of strings into drafts."""

    def __init__(self, lists: CodeLists):
        self.lists = lists
        self.allowed: dict[str, str] = {}  # the trials of a category in words, once for all rows

    def read(
        self, row: Mapping[str, str], *, person_known: bool = False, stored: Mapping[str, str] | None = None
    ) -> tuple[InfusionInput | None, list[Problem]]:
        """The draft of one row, None where a field cannot be read, and its problems.

        person_known: the person is named by registry number, so the row needs no identifier. stored: the
        row as it stands, where it is corrected; fields that say the same are not judged anew.
        """
        touched = None if stored is None else {name for name in row if row[name] != stored.get(name, "")}
        lists = self.lists
        fields = _Fields(row, lists)
        centre = fields.look_up("centre", lists.centres, default=lists.default_centre)
        category = fields.look_up("category", SPELLINGS[Category])
        product = fields.look_up("product", lists.products)
        _check_modality(fields, product)
        infused_on, precision = _read_date(fields)
        identifier = None if person_known else _read_identifier(fields, centre)
        kind = fields.look_up("kind", SPELLINGS[Kind], needed=False)
        sex = fields.look_up("sex", SPELLINGS[Sex], needed=False)
        indication = fields.look_up("indication", lists.indications, needed=False)
        trial = fields.look_up("trial", lists.trials, needed=False)
        site = fields.look_up("manufacturing_site", lists.sites, needed=False)
        sequence = fields.number("sequence", 1, MOST_A_DAY)
        age = fields.number("age_at_infusion", 0, 999)
        batch = fields.cells.get("batch", "")
        if touched is None or "batch" in touched:
            if "+" in batch and SHORTENED.fullmatch(batch):
                fields.refuse("batch", "number_shortened", _say_shortened())
            batch, taken = read_batch(batch, infused_on=infused_on, precision=precision, own=identifier)
            if taken:
                fields.refuse(taken.field, taken.code, taken.sentence)
        draft = InfusionInput(
            centre=centre,
            identifier=identifier,
            category=category,
            kind=kind,
            product=product,
            indication=indication,
            trial=trial,
            manufacturing_site=site,
            infused_on=infused_on,
            date_precision=precision,
            sequence=sequence or 1,
            age_at_infusion=age,
            sex=sex,
            batch=batch,
        )
        if infused_on:  # of no date follows no age
            complete_input(draft)
        if fields.refused:
            unread = {problem.field for problem in fields.problems}
            return None, fields.problems + self._check(draft, unread=unread, touched=touched)
        return draft, fields.problems + self._check(draft, touched=touched)

    def _check(self, draft: InfusionInput, **what) -> list[Problem]:
        """The rules' problems; one with the trial names those that the category may have."""
        return [
            replace(problem, sentence=f"{problem.sentence} {self._name_trials(draft.category)}".strip())
            if problem.code in NAMES_TRIALS
            else problem
            for problem in check_input(draft, **what)
        ]

    def _name_trials(self, category: Category) -> str:
        if category not in self.allowed:
            fits = [one for one in self.lists.trials.values() if one.sponsor == SPONSOR_OF.get(category)]
            names = list(dict.fromkeys(_spell(trial) for trial in fits))
            sentence = _("Write one of: %(values)s.") % {"values": ", ".join(names)}
            self.allowed[category] = sentence if 0 < len(names) <= SHORT_LIST else ""
        return self.allowed[category]


def read_person(row: Mapping[str, str], lists: CodeLists) -> Identifier | None:
    """Whom a row names, whatever else is wrong with it; None where the identifier cannot be read."""
    centre = lists.centres.find((row.get("centre") or lists.default_centre).strip())
    try:
        return read_identifier_at(centre, row.get("patient_id", ""))
    except IdentifierUnusable:
        return None


def read_identifier_at(centre: Centre | None, text: str) -> Identifier:
    """Read what a centre writes. Raises IdentifierUnusable."""
    code, county = (centre.code, centre.county_code) if centre else ("", "")
    return read_identifier(text, centre=code, county=county)


class _Fields:
    """The fields of one row, and what is wrong with them so far."""

    def __init__(self, row: Mapping[str, str], lists: CodeLists):
        self.lists = lists
        # All cells in one pass: reading them is a good part of an import's time.
        self.cells = {name: cell.strip() for name, cell in row.items() if cell}
        self.problems: list[Problem] = []
        self.refused = False
        for name, cell in self.cells.items():
            if len(cell) > LONGEST_VALUE or ((not cell.isprintable() or LOST in cell) and UNSTORABLE.search(cell)):
                self._refuse_cell(name, cell)

    def _refuse_cell(self, name: str, cell: str) -> None:
        """Refuse what no field can hold, and go on as if it were empty."""
        self.cells[name] = ""
        if len(cell) > LONGEST_VALUE:
            self.refuse(name, "too_long", _("The value is too long."))
        else:
            self.refuse(name, "character_invalid", _("The value contains a character that cannot be stored."))

    def refuse(self, name: str, code: str, sentence: str) -> None:
        """Add a problem; a field has one, so that what cannot be read is not called missing too."""
        if all(problem.field != name for problem in self.problems):
            self.problems.append(Problem(name, code, sentence))
        self.refused = True

    def look_up(self, name: str, known: Spelled, *, default: str = "", needed: bool = True):
        value = self.cells.get(name) or default
        if not value:
            if needed:
                self.refuse(name, "missing", _("This field is required."))
            return None
        found = known.get(value.lower()) or known.find(value)  # by far most are written as in the list
        if found is None:
            self.refuse(name, f"unknown_{name}", self._say_unknown(value, known))
        return found

    def _say_unknown(self, value: str, known: Spelled) -> str:
        """What to write instead; the value is not repeated: in a shifted row it may be an identity number."""
        sentences = []
        each = dict.fromkeys(map(_spell, known.values()))  # a product stands there under two names
        if self.lists.guesses < MOST_GUESSES:
            self.lists.guesses += 1
            if meant := known.guess(value):
                sentences.append(_("Did you mean %(value)s?") % {"value": _spell(meant)})
        if 0 < len(each) <= SHORT_LIST:
            sentences.append(_("Write one of: %(values)s.") % {"values": ", ".join(each)})
        if known is self.lists.centres and not self.lists.takes_all_centres:
            sentences.insert(0, self._say_not_yours())
        elif len(each) > SHORT_LIST or not each:
            sentences.insert(0, _("The value is not in the registry's list."))
        return " ".join(sentences)

    def _say_not_yours(self) -> str:
        """The same of another centre and of a code that there is none of."""
        if self.lists.default_centre:
            return _(
                "Only rows of the chosen centre are taken: correct the centre, take the row out of the file, or "
                "choose no centre."
            )
        return _(
            "This is not one of the centres that you may register for: correct the centre, or leave the row to "
            "that centre's staff."
        )

    def number(self, name: str, least: int, most: int) -> int | None:
        value = self.cells.get(name, "").removeprefix("'")
        if not value:
            return None
        if found := WHOLE.fullmatch(value):
            value = found[1]
        if not (value.isascii() and value.isdecimal() and least <= int(value) <= most):
            sentence = _("Write a whole number from %(least)s to %(most)s.")
            self.refuse(name, "number_invalid", sentence % {"least": least, "most": most})
            return None
        return int(value)


def _spell(listed: object) -> str:
    """As a row has to write it."""
    if type(listed) in SPELLED_BY:
        return str(getattr(listed, SPELLED_BY[type(listed)]))
    return spoken(listed) if isinstance(listed, Category | Kind | Sex | DatePrecision) else str(listed)


def _check_modality(fields: _Fields, product: Product | None) -> None:
    value = fields.cells.get("modality")
    if product and value and plain(value) != plain(product.modality):
        sentence = _("The product is a %(modality)s product.") % {"modality": product.modality}
        fields.refuse("modality", "modality_contradicts_product", sentence)


def _read_date(fields: _Fields):
    value = fields.cells.get("infused_on")
    precision = fields.look_up("date_precision", SPELLINGS[DatePrecision], needed=False)
    if not value:
        fields.refuse("infused_on", "missing", _("This field is required."))
        return None, None
    try:
        return read_date(fold(value), precision or "")
    except ValueError as error:
        fields.refuse("infused_on", "date_invalid", str(error))
        return None, None


def _say_shortened() -> str:
    return _("A spreadsheet has shortened this number: write it in full, in a cell that is formatted as text.")


def _read_identifier(fields: _Fields, centre: Centre | None) -> Identifier | None:
    value = fields.cells.get("patient_id")
    if not value:
        fields.refuse("patient_id", "missing", _("This field is required."))
        return None
    try:
        return read_identifier_at(centre, value)
    except IdentifierUnusable as error:
        if centre is None and isinstance(error, IssuerUnclear):  # which the centre will decide
            return None
        shortened = SHORTENED.fullmatch(value)
        fields.refuse("patient_id", error.code, _say_shortened() if shortened else str(error))
        return None

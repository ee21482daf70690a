"""The cells of a row as what they state of a trial, with a problem for each that is wrong."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.access import Actor, Permission
from registry.choices import AtmpClass, DatePrecision, Phase, Sponsor, TrialStatus
from registry.dates import first_day, understand_date
from registry.entry.infusions.row_fields import UNSTORABLE
from registry.entry.infusions.spelling import plain
from registry.entry.trials.file_rows import Line
from registry.entry.trials.joining import StatedTrial
from registry.entry.trials.rules import check_since, check_texts, read_identifiers
from registry.entry.trials.site_trials import SiteStatus
from registry.errors import Problem
from registry.models import Centre, Trial, TrialArea

LONGEST: dict[str, int] = {
    name: Trial._meta.get_field(name).max_length or 0  # type: ignore[union-attr]
    for name in ("name", "sponsor_name")
}
CHOSEN: Mapping[str, type[TextChoices]] = {
    "phase": Phase, "sponsor": Sponsor, "class": AtmpClass, "status": TrialStatus, "date_precision": DatePrecision,
}  # fmt: skip
ARABIC = {"1": "I", "1/2": "I/II", "2": "II", "2/3": "II/III", "3": "III", "4": "IV"}
ALSO = {"status": {"uppföljning": TrialStatus.FOLLOW_UP, "avslutad": TrialStatus.CLOSED}}


class StatedRow(NamedTuple):
    """A row that could be read."""

    line: int
    centre: Centre
    trial: StatedTrial
    status: SiteStatus


class Lists:
    """The centres whose trials the actor states, and the areas, by what a file may call them."""

    def __init__(self, by: Actor):
        centres = Centre.objects.visible_to(by, Permission.STATE_TRIALS)
        self.centres = {centre.code.casefold(): centre for centre in centres}
        self.areas = {
            plain(word): area
            for area in TrialArea.objects.all()
            for word in (area.key, area.name_sv, area.name_en)
        }


def read_row(line: Line, lists: Lists) -> tuple[StatedRow | None, list[Problem]]:
    """A row as it is stated, None if a cell cannot be read; all problems of its cells."""
    problems = list(line.problems)
    cells = {name: cell for name, cell in line.cells.items() if cell}
    problems += _check_characters(cells)
    identifiers, wrong = read_identifiers(cells.get("identifier", ""))
    problems += wrong
    centre = lists.centres.get(cells.get("centre", "").casefold())
    if centre is None:
        problems.append(_refuse_centre(cells))
    area = lists.areas.get(plain(cells.get("area", "")))
    if area is None and plain(cells.get("area", "")) not in {"", "unknown", "okänd", "okänt"}:
        problems.append(_unknown("area", (area.key for area in TrialArea.objects.all())))
    chosen = {name: _choose(name, cells.get(name, ""), problems) for name in CHOSEN}
    since, precision = _read_since(cells, chosen["date_precision"], problems)
    if centre is None or since is None or any(not problem.warning for problem in problems):
        return None, problems
    trial = StatedTrial(
        identifiers, name=cells.get("name", ""), sponsor_name=cells.get("sponsor_name", ""), area=area,
        sponsor=chosen["sponsor"] or Sponsor.UNKNOWN, phase=chosen["phase"] or Phase.UNKNOWN,
        atmp_class=chosen["class"] or AtmpClass.UNKNOWN,
    )  # fmt: skip
    return StatedRow(line.number, centre, trial, SiteStatus(chosen["status"] or "", since, precision)), problems


def _check_characters(cells: Mapping[str, str]) -> Iterable[Problem]:
    for name, cell in cells.items():
        if UNSTORABLE.search(cell):
            yield Problem(name, "character_invalid", _("The value contains a character that cannot be stored."))
        elif len(cell) > LONGEST.get(name, 200):
            yield Problem(name, "too_long", _("The value is too long."))
    yield from check_texts({name: cells[name] for name in LONGEST if name in cells})


def _refuse_centre(cells: Mapping[str, str]) -> Problem:
    if "centre" not in cells:
        return Problem("centre", "missing", _("This field is required."))
    return Problem("centre", "unknown_centre", _("This is not one of the centres whose trials you state."))


def _choose(name: str, text: str, problems: list[Problem]) -> str:
    """The choice that a text names; "" for none."""
    if not text:
        if name == "status":
            problems.append(Problem(name, "missing", _("This field is required.")))
        return ""
    found = spellings(name).get(_bare(text))
    if found is None:
        problems.append(_unknown(name, CHOSEN[name].values))
    return found or ""


def _unknown(name: str, values: Iterable[str]) -> Problem:
    sentence = _("Write one of: %(values)s.") % {"values": ", ".join(values)}
    return Problem(name, "unknown_value", sentence)


def _read_since(
    cells: Mapping[str, str], precision: str, problems: list[Problem]
) -> tuple[date | None, DatePrecision]:
    """The first day of the period, with its precision."""
    text = cells.get("since", "")
    try:
        if not text:
            problems.append(Problem("since", "missing", _("This field is required.")))
            return None, DatePrecision.DAY
        since, found = understand_date(text)
        if precision and precision != found:
            if found != DatePrecision.DAY or since != first_day(since, precision):
                raise ValueError(_("The date and its precision do not fit together."))
            found = DatePrecision(precision)
    except ValueError as unreadable:
        problems.append(Problem("since", "date_invalid", str(unreadable)))
        return None, DatePrecision.DAY
    problems += check_since(since, found)
    return since, found


def _bare(text: str) -> str:
    text = "".join(text.casefold().split())
    return text.removeprefix("phase").removeprefix("fas")


@cache
def spellings(name: str) -> dict[str, Any]:
    """The choices of a column by what a file may call them, in both languages."""
    found: dict[str, Any] = {_bare(word): value for word, value in ALSO.get(name, {}).items()}
    if name == "phase":
        found |= ARABIC
    for language, _language_name in settings.LANGUAGES:
        with override(language):
            found |= {_bare(str(choice.label)): choice.value for choice in CHOSEN[name]}
    return found | {_bare(value): value for value in CHOSEN[name].values}

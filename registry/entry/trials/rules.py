"""The rules of trials at hospitals: what is refused, and what is warned of (ATMP.md, "Model")."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from registry.choices import TrialStatus
from registry.dates import first_day, last_day, today, years_before
from registry.digits import fold
from registry.errors import Problem
from registry.infusion_rules import EARLIEST
from registry.models.trial import TRIAL_PATTERN
from registry.numbers_in_text import holds_identity_number
from registry.sentences import Sentence as _
from registry.trial_rules import ONGOING, order_of

LONG = 15  # years for which a trial is seldom ongoing
BETWEEN = re.compile(r"[\s/,;]+")
FORM = re.compile(TRIAL_PATTERN)


class SiteStatus(NamedTuple):
    """A status of a trial at a hospital; since is the first day of its period."""

    status: str
    since: date
    date_precision: str = "day"
    explanation: str = ""


def read_identifiers(text: str) -> tuple[list[str], list[Problem]]:
    """The numbers in a text, with spaces, commas or / between, each once and as registers write them."""
    found = list(dict.fromkeys(part.upper() for part in BETWEEN.split(fold(text)) if part))
    if not found:
        return [], [Problem("identifier", "missing", _("Write the trial's number."))]
    if all(map(FORM.fullmatch, found)):
        return found, []
    sentence = _("Write NCT and 8 digits, an EU CT number (2022-501234-12-00) or EudraCT (2012-001234-56).")
    return [], [Problem("identifier", "trial_identifier_invalid", sentence)]


def check_texts(texts: Mapping[str, str]) -> Iterator[Problem]:
    """An error for each text that holds an identity number, which would be stored for good."""
    for field, text in texts.items():
        if holds_identity_number(text):
            yield Problem(field, "identifier_in_text", _("This looks like an identity number."))


def check_since(since: date, precision: str) -> Iterator[Problem]:
    """Errors of the day from which a status holds."""
    if since != first_day(since, precision):
        yield Problem("since", "date_invalid", _("The date and its precision do not fit together."))
    elif since > today():
        yield Problem("since", "date_in_future", _("The date lies in the future."))
    elif since < EARLIEST:
        yield Problem("since", "date_too_early", _("Write a day from 1990 to today."))


def in_order(statuses: Iterable[SiteStatus]) -> list[SiteStatus]:
    """Statuses in the order in which they hold."""
    return sorted(statuses, key=lambda one: order_of(one.since, one.status))


def check_course(statuses: Iterable[SiteStatus]) -> Iterator[Problem]:
    """Errors of a trial's statuses at a hospital together."""
    seen: set[tuple[str, date]] = set()
    is_closed = False
    for one in in_order(statuses):
        if (one.status, one.since) in seen:
            sentence = _("The trial has this status from this day already: correct that instead.")
            yield Problem("status", "status_stated", sentence)
        seen.add((one.status, one.since))
        if one.status == TrialStatus.CLOSED:
            is_closed = True
        elif one.status == TrialStatus.RECRUITING:
            if is_closed and not one.explanation:
                sentence = _("The trial was closed before: explain why it recruits again.")
                yield Problem("explanation", "reopened_unexplained", sentence)
            is_closed = False


def status_on(statuses: Iterable[SiteStatus], day: date) -> str | None:
    """The status on a day; None before the first."""
    return next((one.status for one in reversed(in_order(statuses)) if one.since <= day), None)


def was_ongoing(course: list[SiteStatus], first: date, precision: str) -> bool:
    """Whether a trial was ongoing on some day of a period."""
    last = last_day(first, precision)
    begun = [one.status for one in in_order(course) if first < one.since <= last]
    return any(status in ONGOING for status in (status_on(course, first), *begun))


def doubt_course(statuses: Sequence[SiteStatus]) -> Iterator[Problem]:
    """Warnings about a trial's statuses at a hospital."""
    course = in_order(statuses)
    if course and course[-1].status in ONGOING:
        begun = course[-1].since
        for one in reversed(course):
            if one.status not in ONGOING:
                break
            begun = one.since
        if begun < years_before(today(), LONG):
            sentence = _("The trial has been ongoing for over 15 years: is it right?")
            yield Problem("status", "ongoing_long", sentence, True)

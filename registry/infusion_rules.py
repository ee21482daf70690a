"""Validation of an infusion's fields: errors and warnings.

Each rule has one place, with its code and sentence. Rules that the database can enforce are named constraints too
(models/).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

from django.utils.translation import gettext_noop

from registry.ages import Age, contradicts
from registry.choices import Category, CentreStatus, DatePrecision, ProductOrigin, Sex, Sponsor
from registry.course_kinds import find_earlier
from registry.course_order import Step
from registry.dates import age_on, first_day, last_day, today
from registry.errors import Problem
from registry.infusion_input import InfusionInput
from registry.sentences import Sentence as _

Checks = tuple[tuple[Callable[[InfusionInput], Problem | None], frozenset[str]], ...]

CHILD_BELOW = 18  # years, COUNTING.md "children"
IMPROBABLE_AGE = 90
OLDEST_AGE = 120
HUNDRED = 100
MOST_A_DAY = 9
LONGEST_BATCH = 60
EARLIEST = date(1990, 1, 1)  # no engineered T cell was given earlier
FIRST_TREATMENT = date(2014, 1, 1)  # the first in the country was that year, where the figure begins
IMPROBABLE_BEFORE = date(2010, 1, 1)  # the first person was treated with CD19 CAR-T in 2010
LONG_AGO = timedelta(days=365)  # a weekend date is probably right if recent, and mistyped if old
MANY = 3  # infusions of one person
SATURDAY = 5
OTHER_SPONSOR = {
    Sponsor.ACADEMIC: gettext_noop("%(category)s needs an academic trial, and %(trial)s is an industry trial."),
    Sponsor.INDUSTRY: gettext_noop("%(category)s needs an industry trial, and %(trial)s is an academic trial."),
}
UNKNOWN_SPONSOR = gettext_noop("The sponsor of %(trial)s is unknown, so it is no trial of %(category)s yet.")
SPONSOR_OF = {Category.ACT: Sponsor.ACADEMIC, Category.ICT: Sponsor.INDUSTRY}


def complete_input(stated: InfusionInput) -> None:
    """Fill in the age and the sex from the identifier, where the clinic has not stated them."""
    identifier = stated.identifier
    if identifier is None:
        return
    if stated.sex in {None, Sex.UNKNOWN}:
        stated.sex = identifier.sex or Sex.UNKNOWN
    if stated.age_at_infusion is None and identifier.born_on:
        stated.age_at_infusion = max(0, age_on(identifier.born_on, stated.infused_on))


def check_input(
    stated: InfusionInput,
    *,
    unread: Collection[str] = (),
    touched: Collection[str] | None = None,
    settled: frozenset[str] = frozenset(),
) -> list[Problem]:
    """All errors and warnings of one infusion.

    unread: fields that could not be read; rules that need them are skipped, so that all other errors are reported
    at once. touched: the fields that a correction changes; errors in other fields alone are older than the
    correction and are skipped, since they would make the row uncorrectable. settled: fields that are right
    beside each other, as is known from another infusion with the same.
    """
    checks = _checks_beside(settled)
    if unread:
        checks = tuple((check, fields) for check, fields in checks if fields.isdisjoint(unread))
    if touched is not None:
        checks = tuple((check, fields) for check, fields in checks if not fields.isdisjoint(touched))
    return [problem for check, _fields in checks if (problem := check(stated))]


def _check_date(stated: InfusionInput) -> Problem | None:
    if stated.infused_on != first_day(stated.infused_on, stated.date_precision):
        return Problem("infused_on", "date_invalid", _("The date and its precision do not fit together."))
    if stated.infused_on > today():
        return Problem("infused_on", "date_in_future", _("The date lies in the future."))
    if stated.infused_on < EARLIEST:
        return Problem("infused_on", "date_too_early", _("No infusion was given before 1990."))
    earliest, _latest = _births(stated)
    if earliest and last_day(stated.infused_on, stated.date_precision) < earliest:
        return Problem("infused_on", "date_before_birth", _("The date lies before the person's birth."))
    if stated.infused_on < IMPROBABLE_BEFORE:
        return Problem(
            "infused_on", "date_improbable", _("The date lies before CAR-T was in use: is it right?"), True
        )
    return None


def _check_centre(stated: InfusionInput) -> Problem | None:
    if stated.centre.status != CentreStatus.UPCOMING:
        return None
    return Problem(
        "centre",
        "centre_upcoming",
        _("%(centre)s has not begun yet. An administrator makes it active before its first infusion.")
        % {"centre": stated.centre.code},
    )


def _check_trial(stated: InfusionInput) -> Problem | None:
    needed = SPONSOR_OF.get(stated.category)
    if stated.trial is None:
        if needed is None:
            return None
        return Problem(
            "trial", "trial_missing", _("%(category)s needs its trial.") % {"category": stated.category}
        )
    if stated.category == Category.SOC:
        return Problem("trial", "trial_not_allowed", _("Standard of care has no trial."))
    if needed and stated.trial.sponsor != needed:
        sentence = OTHER_SPONSOR[needed] if stated.trial.sponsor in OTHER_SPONSOR else UNKNOWN_SPONSOR
        return Problem(
            "trial",
            "trial_sponsor_wrong",
            _(sentence) % {"trial": stated.trial.identifier, "category": stated.category},
        )
    return None


def _doubt_trial(stated: InfusionInput) -> Problem | None:
    if stated.category != Category.CUP or stated.trial is None or stated.trial.sponsor != Sponsor.INDUSTRY:
        return None
    sentence = _("%(trial)s is an industry trial: is the category CUP right?")
    return Problem("trial", "cup_in_industry_trial", sentence % {"trial": stated.trial.identifier}, True)


def _check_age(stated: InfusionInput) -> Problem | None:
    age = stated.age_at_infusion
    if age is None:
        return Problem("age_at_infusion", "age_missing", _("The number does not give the age: write it."))
    if not 0 <= age <= OLDEST_AGE:
        return Problem("age_at_infusion", "age_impossible", _("An age is between 0 and 120 years."))
    earliest, latest = _births(stated)
    if earliest and latest:
        youngest = max(0, age_on(latest, stated.infused_on))
        oldest = age_on(earliest, last_day(stated.infused_on, stated.date_precision))
        if not youngest <= age <= max(youngest, oldest):
            return Problem(
                "age_at_infusion",
                "age_contradicts_identifier",
                _("The age does not agree with the identifier and the date."),
            )
    if age > IMPROBABLE_AGE:
        return Problem("age_at_infusion", "age_improbable", _("The person is very old: is it right?"), True)
    return None


def _births(stated: InfusionInput) -> tuple[date | None, date | None]:
    """The first and last possible date of birth by the identifier."""
    identifier = stated.identifier
    if identifier is None or identifier.birth_year is None:
        return None, None
    year = identifier.birth_year
    return identifier.born_on or date(year, 1, 1), identifier.born_on or date(year, 12, 31)


def _check_century(stated: InfusionInput) -> Problem | None:
    """A warning for an inferred century, where the other century is as likely."""
    identifier = stated.identifier
    if identifier is None or identifier.birth_year is None or identifier.century_written:
        return None
    earliest, latest = (birth or stated.infused_on for birth in _births(stated))
    if age_on(earliest, last_day(stated.infused_on, stated.date_precision)) >= HUNDRED:
        sentence = _(
            "With the + the person is over a hundred: if that is wrong, write all four digits of the "
            "year of birth."
        )
    elif age_on(latest, stated.infused_on) < 1:
        sentence = _(
            "According to the number the person is under one year old: if that is wrong, write all four digits "
            "of the year of birth."
        )
    else:
        return None
    return Problem("patient_id", "century_doubted", sentence, True)


def _check_reserve_number(stated: InfusionInput) -> Problem | None:
    if stated.identifier is None or not stated.identifier.unconfirmed:
        return None
    sentence = _("This reserve number has a format that the registry cannot check: is it right?")
    return Problem("patient_id", "reserve_number_unconfirmed", sentence, True)


def _check_sex(stated: InfusionInput) -> Problem | None:
    said = stated.identifier.sex if stated.identifier else None
    if said is None or stated.sex in {None, said, Sex.UNKNOWN}:
        return None
    return Problem("sex", "sex_contradicts_identifier", _("The sex does not agree with the identifier."))


def _check_product(stated: InfusionInput) -> Problem | None:
    authorised_on = stated.product.authorised_on
    if stated.category != Category.SOC or authorised_on is None:
        return None
    if last_day(stated.infused_on, stated.date_precision) >= authorised_on:
        return None
    return Problem(
        "product",
        "product_before_authorisation",
        _("%(product)s was not authorised yet on that date: is it right?") % {"product": stated.product.name},
        True,
    )


def _doubt_product(stated: InfusionInput) -> Problem | None:
    if stated.category != Category.SOC or stated.product.origin != ProductOrigin.INVESTIGATIONAL:
        return None
    sentence = _("%(product)s is investigational, and standard of care has none: is the category SOC right?")
    return Problem("product", "investigational_in_care", sentence % {"product": stated.product.name}, True)


def _check_sequence(stated: InfusionInput) -> Problem | None:
    if 1 <= stated.sequence <= MOST_A_DAY:
        return None
    return Problem("sequence", "number_invalid", _("A sequence is between 1 and 9."))


def _check_batch(stated: InfusionInput) -> Problem | None:
    if len(stated.batch) <= LONGEST_BATCH:
        return None
    return Problem("batch", "too_long", _("A batch has at most 60 characters."))


DATE = frozenset({"infused_on", "date_precision"})
# Each rule with the fields that it needs.
CHECKS: Checks = (
    (_check_date, DATE),
    (_check_centre, frozenset({"centre"})),
    (_check_trial, frozenset({"category", "trial"})),
    (_doubt_trial, frozenset({"category", "trial"})),
    (_check_age, DATE | {"patient_id", "age_at_infusion"}),
    (_check_century, DATE | {"patient_id"}),
    (_check_reserve_number, frozenset({"patient_id"})),
    (_check_sex, frozenset({"patient_id", "sex"})),
    (_check_product, DATE | {"category", "product"}),
    (_doubt_product, frozenset({"category", "product"})),
    (_check_sequence, frozenset({"sequence"})),
    (_check_batch, frozenset({"batch"})),
)


@lru_cache
def _checks_beside(settled: frozenset[str]) -> Checks:
    """The rules that need other fields than these."""
    return tuple((check, fields) for check, fields in CHECKS if not fields <= settled)


def check_age_by_birth_year(stated: InfusionInput, birth_year: int | None) -> Problem | None:
    """An error for an age that contradicts the stored year of birth, where no identifier is stated."""
    if birth_year is None or stated.age_at_infusion is None:
        return None
    if not contradicts(Age(stated.infused_on, stated.date_precision, stated.age_at_infusion), (), birth_year):
        return None
    return Problem(
        "age_at_infusion",
        "age_contradicts_birth_year",
        _("The age does not agree with the person's year of birth and the date: correct both together."),
    )


def doubt_entry(stated: InfusionInput, others: Sequence[Step]) -> Iterable[Problem]:
    """Warnings for typed infusions only: in a file of many years such rows are common and correct, and would hide
    the warnings that matter.
    """
    day = stated.infused_on
    on_weekend = stated.date_precision == DatePrecision.DAY and day.weekday() >= SATURDAY
    if on_weekend and today() - day > LONG_AGO:
        yield Problem("infused_on", "date_on_weekend", _("The date was a weekend day: is it right?"), True)
    if len(find_earlier(stated.step, others)) + 1 >= MANY:
        sentence = _("This is the person's third infusion or a later one: is it right?")
        yield Problem("kind", "third_infusion", sentence, True)


def doubt_sex(stated: str | None, known: str) -> Iterable[Problem]:
    """A warning for a sex that differs from the person's known sex. It is not an error: a person who changes legal
    sex in Sweden gets a new number.
    """
    if known != Sex.UNKNOWN and stated not in {None, Sex.UNKNOWN, known}:
        sentence = _("The sex differs from that of another infusion of this person: is it right?")
        yield Problem("sex", "sex_differs", sentence, True)

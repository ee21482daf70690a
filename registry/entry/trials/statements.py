"""What a hospital states of the hospital exemption, and a manufacturing site of what it has made.

A later statement is another row, and so is a correction (ATMP.md, small case 10).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AtmpClass
from registry.dates import today
from registry.entry.publish_request import announce_change
from registry.entry.trials.refusal import refuse_if_wrong
from registry.entry.trials.rules import check_texts
from registry.errors import Problem, TrialsRefused
from registry.models import (
    Centre,
    ExemptionYear,
    ManufacturingSite,
    ManufacturingStatement,
    StatementClass,
    StatementCountry,
)
from registry.published.statements import MEASURES
from registry.sentences import Sentence as _


class Origin(NamedTuple):
    """Who stated it, from what, and whether the numbers are approximate."""

    stated_by: str
    source: str
    about: bool = False


def state_exemption(
    *, centre: Centre, product: str, year: int, origin: Origin, by: Actor,
    first_year: int | None = None, through: date | None = None, atmp_class: str = AtmpClass.UNKNOWN,
    patients: int | None = None, deliveries: int | None = None,
) -> ExemptionYear:  # fmt: skip
    """Store a product's patients and deliveries in a year, or in several that are not stated one by one.

    through: the last day of what is counted; the year's last one unless stated. A statement without numbers takes
    back what was stated. Raises NotPermitted, TrialsRefused.
    """
    require(by, Permission.STATE_TRIALS, centre=centre.pk)
    row = ExemptionYear(
        centre=centre, product=product.strip(), year=year, first_year=first_year, atmp_class=atmp_class,
        through=through or date(year, 12, 31), patients=patients, deliveries=deliveries,
        entered_by=by.username, **origin._asdict(),
    )  # fmt: skip
    refuse_if_wrong([*check_texts({"product": product, **_texts(origin)}), *check_exemption(row)])
    return _save(row, by)


def state_manufacturing(
    *, site: ManufacturingSite, as_of: date, counts: Mapping[str, int | None], origin: Origin, by: Actor,
    classes: Mapping[str, int] | None = None, countries: Sequence[str] = (),
) -> ManufacturingStatement:  # fmt: skip
    """Store what a site has made since its start. Raises NotPermitted, TrialsRefused.

    counts: by name as in MEASURES. classes: kinds of product by class. countries: by ISO 3166-1.
    """
    require(by, Permission.STATE_TRIALS, centre=site.centre_id)
    row = ManufacturingStatement(
        site=site, as_of=as_of, entered_by=by.username, **origin._asdict(),
        **{name: counts.get(name) for name in MEASURES},
    )  # fmt: skip
    problems = [*check_texts(_texts(origin)), *check_manufacturing(row, classes or {}, countries)]
    refuse_if_wrong(problems)
    with acting_as(by):
        _save(row, by)
        StatementClass.objects.bulk_create(
            StatementClass(statement=row, atmp_class=name, products=number)
            for name, number in (classes or {}).items()
        )
        StatementCountry.objects.bulk_create(
            StatementCountry(statement=row, country=country) for country in countries
        )
    return row


def check_exemption(row: ExemptionYear) -> Iterator[Problem]:
    """Errors of a year of the hospital exemption."""
    if row.through > today():
        sentence = _("The day lies in the future: write the last day of what is counted.")
        yield Problem("through", "date_in_future", sentence)
    if row.through.year != row.year:
        yield Problem("through", "date_invalid", _("The last day has to lie in the year."))
    if row.first_year is not None and row.first_year >= row.year:
        yield Problem("first_year", "number_invalid", _("The first year has to be before the year."))


def check_manufacturing(
    row: ManufacturingStatement, classes: Mapping[str, int], countries: Sequence[str]
) -> Iterator[Problem]:
    """Errors of a statement on manufacture."""
    if row.as_of > today():
        yield Problem("as_of", "date_in_future", _("The date lies in the future."))
    if classes and sum(classes.values()) != row.products:
        sentence = _("The classes add up to %(sum)s kinds of product, which has to be the number stated.")
        yield Problem("products", "classes_not_products", sentence % {"sum": sum(classes.values())})
    if len(set(countries)) != len(countries):
        yield Problem("receiving_countries", "value_repeated", _("A country stands twice."))
    if countries and (row.countries is None or row.countries < len(set(countries))):
        sentence = _("More countries are named (%(named)s) than are stated.")
        yield Problem("countries", "countries_too_few", sentence % {"named": len(set(countries))})
    if row.patients is None or row.patients_with_imports is None:
        return
    if row.patients > row.patients_with_imports:
        sentence = _("The patients with imports are not fewer than the patients.")
        yield Problem("patients_with_imports", "patients_exceed_imports", sentence)
    elif row.imports == 0 and row.patients != row.patients_with_imports:
        sentence = _("Without imports both numbers of patients are the same.")
        yield Problem("patients_with_imports", "patients_exceed_imports", sentence)


def _texts(origin: Origin) -> dict[str, str]:
    return {"stated_by": origin.stated_by, "source": origin.source}


def _save(row: Any, by: Actor) -> Any:
    """Store a statement. Raises TrialsRefused for a value that its column cannot hold."""
    try:
        row.clean_fields(exclude=["entered_by"])
    except ValidationError as wrong:
        raise TrialsRefused(
            [
                Problem(field, "unknown_value", " ".join(map(str, messages)))
                for field, messages in wrong.message_dict.items()
            ]
        ) from None
    with acting_as(by):
        row.save()
        announce_change()
    return row

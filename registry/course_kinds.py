"""What an infusion is in a person's course: first, further dose or reinfusion (COUNTING.md)."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils.translation import gettext_noop

from registry.choices import Kind
from registry.course_order import Order, Step
from registry.course_rules import doubt_kind, is_planned
from registry.errors import InfusionRefused, KindUnclear, KnownElsewhere, Problem
from registry.sentences import Sentence as _

LONG_GAP = timedelta(days=5 * 365)

# The sentences give no date and no centre: the earlier infusion may be another centre's (DOMAIN.md).
BEFORE_FIRST = gettext_noop(
    "The date falls before the person's registered first infusion. Say which of the two is the first."
)
SECOND_FIRST = gettext_noop("The person's first infusion is already registered.")
KIND_OPEN = gettext_noop("The person has other infusions: say whether this is a further dose or a reinfusion.")
NOT_EARLIEST = gettext_noop("An earlier infusion of this person is registered, so this cannot be the first.")
NO_COURSE = gettext_noop("A further dose belongs to a course, and the person has no earlier infusion.")


def classify(*, step: Step, others: Sequence[Step], elsewhere: bool = False) -> tuple[Kind, list[Problem]]:
    """The kind of an infusion in a person's course, and warnings about it.

    others: the person's other submitted infusions that the actor may see; elsewhere: other centres have more, of
    which nothing else may be revealed. Raises InfusionRefused, KnownElsewhere, or KindUnclear when the infusion
    is before the recorded first (COUNTING.md, small cases 1, 3, 4 and 11).
    """
    refuse_taken_place(step, others)
    if elsewhere and step.kind in {None, Kind.FIRST}:
        raise KnownElsewhere
    if is_before_first(step, others):
        raise KindUnclear([_kind_problem("kind_unclear", BEFORE_FIRST)])
    has_earlier = bool(find_earlier(step, others))
    if step.kind is None:
        if has_earlier:
            raise KindUnclear([_kind_problem("kind_unclear", KIND_OPEN)])
        return Kind.FIRST, []
    if step.kind == Kind.FIRST and _find_first(others):
        raise InfusionRefused([_kind_problem("second_first", SECOND_FIRST)])
    if step.kind == Kind.FIRST and has_earlier:
        raise InfusionRefused([_kind_problem("first_not_earliest", NOT_EARLIEST)])
    if step.kind == Kind.FURTHER_DOSE and not has_earlier and not elsewhere:
        raise InfusionRefused([_kind_problem("further_dose_without_earlier", NO_COURSE)])
    return step.kind, list(doubt_in_course(step, others, elsewhere=elsewhere))


def propose_kind(step: Step, others: Sequence[Step]) -> Kind:
    """The probable kind, for the clinic to confirm: the next dose of the product's plan is a further dose, any
    other later infusion is a reinfusion.
    """
    earlier = find_earlier(step, others)
    if not earlier:
        return Kind.FIRST
    return Kind.FURTHER_DOSE if is_planned(step, earlier) else Kind.REINFUSION


def refuse_taken_place(step: Step, others: Iterable[Step]) -> None:
    """Raise InfusionRefused where the person has another infusion with the same date and sequence."""
    for other in others:
        if other.slot != step.slot:
            continue
        if other.product == step.product:
            sentence = _("The same infusion (person, date, sequence, product) is already registered.")
            raise InfusionRefused([Problem("patient_id", "duplicate", sentence)])
        sentence = _("The person has another infusion that day with this sequence: write 2, or the next.")
        raise InfusionRefused([Problem("sequence", "sequence_taken", sentence)])


def doubt_in_course(step: Step, others: Sequence[Step], *, elsewhere: bool) -> Iterable[Problem]:
    """Warnings about the stated kind, given the person's other infusions."""
    earlier = find_earlier(step, others)
    if step.kind == Kind.REINFUSION and not earlier and not elsewhere:
        sentence = _("The registry has no earlier infusion of this person: was it given elsewhere?")
        yield Problem("kind", "no_earlier_infusion", sentence, True)
    order = Order([*others, step])
    if earlier and order.place(step).counts_from - order.place(earlier[-1]).counts_from > LONG_GAP:
        sentence = _("The person's previous infusion was a long time before: is the date right?")
        yield Problem("infused_on", "long_gap", sentence, True)
    yield from doubt_kind(step, earlier)


def is_before_first(step: Step, others: Sequence[Step]) -> bool:
    """Whether an infusion is before the person's recorded first."""
    first, order = _find_first(others), Order([*others, step])
    return first is not None and order.place(step) < order.place(first)


def _find_first(course: Iterable[Step]) -> Step | None:
    return next((step for step in course if step.kind == Kind.FIRST), None)


def find_earlier(step: Step, others: Sequence[Step]) -> list[Step]:
    """The person's infusions before this infusion, in order."""
    order = Order([*others, step])
    return sorted((other for other in others if order.place(other) < order.place(step)), key=order.place)


def _kind_problem(code: str, sentence: str) -> Problem:
    return Problem("kind", code, _(sentence))

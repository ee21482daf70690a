"""Questions that a change to one infusion raises about the others of the person.

A withdrawal leaves a further dose alone, a corrected product makes the next dose one of another course. Each
infusion is judged by its own centre's rows and by whether there are others, so that no question tells a
clinic what another has recorded.
"""

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from registry.access import Actor
from registry.course_rules import doubt_alone, doubt_kind
from registry.entry.questions import ask_by_rules
from registry.errors import Problem
from registry.models import Infusion, Patient
from registry.order import Order

Doubts = Collection[tuple[UUID, str]]


def read_doubts(*patients: Patient) -> Doubts:
    """What is improbable now in the kinds of these persons' infusions: (infusion, code)."""
    return {(infusion.pk, doubt.code) for patient in patients for infusion, doubt in _find_doubts(patient)}


def ask_about_course(patient: Patient, *, before: Doubts, by: Actor) -> None:
    """Ask about what has become improbable since `before`; within the transaction of the change."""
    for infusion, doubt in _find_doubts(patient):
        if (infusion.pk, doubt.code) not in before:
            ask_by_rules(infusion=infusion, warnings=[doubt], by=by)


def _find_doubts(patient: Patient) -> Iterator[tuple[Infusion, Problem]]:
    found = list(patient.infusions.counted().select_related("centre", "product"))
    for centre in sorted({infusion.centre_id for infusion in found}):
        own = [infusion for infusion in found if infusion.centre_id == centre]
        yield from _judge(own, elsewhere=len(own) < len(found))


def _judge(own: Sequence[Infusion], *, elsewhere: bool) -> Iterator[tuple[Infusion, Problem]]:
    order = Order(infusion.step for infusion in own)
    in_order = sorted(own, key=lambda infusion: order.place(infusion.step))
    steps = [infusion.step for infusion in in_order]
    if not elsewhere:
        yield from ((in_order[0], doubt) for doubt in doubt_alone(steps[0]))
    for place, infusion in enumerate(in_order):
        yield from ((infusion, doubt) for doubt in doubt_kind(steps[place], steps[:place]))

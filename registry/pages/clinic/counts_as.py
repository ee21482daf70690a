"""Sentences about what an infusion counts as."""

from django.utils.translation import gettext as _

from registry.choices import Kind
from registry.entry.infusions.proposal import Proposal
from registry.errors import KnownElsewhere
from registry.infusion_input import InfusionInput


def say_consequence(proposal: Proposal, stated: InfusionInput) -> str:
    """What an infusion counts as at the centre and nationally (COUNTING.md, "Measures of a cell").

    Empty where the registry's steward must settle the order first.
    """
    if proposal.question and proposal.question.code == KnownElsewhere.code:
        return ""
    where = {"category": stated.category.value, "centre": stated.centre.code}
    further = proposal.kind == Kind.FURTHER_DOSE
    if proposal.enters_cell and proposal.counted_in_cell:  # before a recorded infusion
        sentence = _("Counts as the person's first in %(category)s at %(centre)s; the person is counted already.")
    elif proposal.enters_nation and proposal.counted_in_nation:
        sentence = _(
            "Counts as a new patient in %(category)s at %(centre)s; nationally the person is counted already."
        )
    elif proposal.enters_nation:
        sentence = _("Counts as a new patient in %(category)s at %(centre)s, and nationally.")
    elif proposal.enters_cell and further:
        sentence = _("Counts as a new patient in %(category)s at %(centre)s, and nationally as a further dose.")
    elif proposal.enters_cell:
        sentence = _("Counts as a new patient in %(category)s at %(centre)s, and nationally as a reinfusion.")
    elif further:
        sentence = _("Counts as a further dose in %(category)s at %(centre)s; the person is counted already.")
    else:
        sentence = _("Counts as a reinfusion in %(category)s at %(centre)s; the person is counted already.")
    return sentence % where


def say_proposed(kind: Kind | None) -> str:
    """A note on the kind that the page proposes from the earlier infusions; empty for a first infusion or none."""
    if kind in {None, Kind.FIRST}:
        return ""
    sentence = _("Proposed from the person's earlier infusions: %(kind)s. Choose another if that is wrong.")
    return sentence % {"kind": Kind(kind).label.lower()}

"""Sentences of the clinic's pages that depend on more than a template should decide."""

from django.utils.translation import gettext as _

from registry.choices import Kind
from registry.draft import InfusionDraft
from registry.entry.proposal import Proposal


def say_consequence(proposal: Proposal, stated: InfusionDraft) -> str:
    """What an infusion counts as, at the centre and in the nation (COUNTING.md, "Measures of a cell")."""
    where = {"category": stated.category.value, "centre": stated.centre.code}
    further = proposal.kind == Kind.FURTHER_DOSE
    if proposal.enters_cell and proposal.enters_nation:
        return _("Counts as a new patient in %(category)s at %(centre)s, and nationally.") % where
    if proposal.enters_cell and further:
        return (
            _("Counts as a new patient in %(category)s at %(centre)s, and nationally as a further dose.") % where
        )
    if proposal.enters_cell:
        return _("Counts as a new patient in %(category)s at %(centre)s, and nationally as a reinfusion.") % where
    if further:
        return _("Counts as a further dose in %(category)s at %(centre)s; the person is counted already.") % where
    return _("Counts as a reinfusion in %(category)s at %(centre)s; the person is counted already.") % where

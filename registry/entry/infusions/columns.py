"""A stored infusion as a row of the exchange file: what a form starts from, and what is exported."""

from registry.dates import write_date
from registry.infusion_input import InfusionInput
from registry.models import Infusion

# What a row of an infusion is written from, for select_related.
RELATED = ("centre", "patient", "product", "indication", "trial", "manufacturing_site")


def row_of(infusion: Infusion) -> dict[str, str]:
    """The columns of INTERFACE.md's exchange file, all but the person's (identifier and sex), as RowReader
    reads them.

    infusion: with RELATED selected.
    """
    return {
        "centre": infusion.centre.code,
        "category": infusion.category,
        "kind": infusion.kind,
        "product": infusion.product.name,
        "modality": infusion.product.modality,
        "indication": infusion.indication.code if infusion.indication else "",
        "trial": infusion.trial.identifier if infusion.trial else "",
        "manufacturing_site": infusion.manufacturing_site.code if infusion.manufacturing_site else "",
        "infused_on": infusion.written_on,
        "date_precision": infusion.date_precision,
        "sequence": str(infusion.sequence),
        "age_at_infusion": str(infusion.age_at_infusion),
        "batch": infusion.batch,
    }


def row_of_draft(draft: InfusionInput) -> dict[str, str]:
    """The same of an infusion that is not stored yet; columns without a value are left out."""
    columns = {
        "centre": draft.centre.code,
        "sex": draft.sex or "",
        "category": draft.category,
        "kind": draft.kind or "",
        "product": draft.product.name,
        "indication": getattr(draft.indication, "code", ""),
        "trial": draft.trial.identifier if draft.trial else "",
        "manufacturing_site": getattr(draft.manufacturing_site, "code", ""),
        "infused_on": write_date(draft.infused_on, draft.date_precision),
        "date_precision": draft.date_precision,
        "sequence": str(draft.sequence),
        "age_at_infusion": "" if draft.age_at_infusion is None else str(draft.age_at_infusion),
        "batch": draft.batch,
    }
    return {name: str(value) for name, value in columns.items() if value}

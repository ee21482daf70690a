"""Tables: records (which hold people) and snapshots (which do not)."""

from registry.models.account import Membership, User
from registry.models.centre import Centre, ManufacturingSite
from registry.models.history import Revision
from registry.models.infusion import Infusion
from registry.models.patient import Erasure, Patient, PatientIdentifier, Refusal
from registry.models.product import Indication, Product, Trial
from registry.models.snapshot import Fact, Publication, Run, Snapshot

__all__ = [
    "Centre",
    "Erasure",
    "Fact",
    "Indication",
    "Infusion",
    "ManufacturingSite",
    "Membership",
    "Patient",
    "PatientIdentifier",
    "Product",
    "Publication",
    "Refusal",
    "Revision",
    "Run",
    "Snapshot",
    "Trial",
    "User",
]

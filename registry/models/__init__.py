"""Tables: records (which hold people) and snapshots (which do not)."""

from registry.models.access_log import AccessLog
from registry.models.account import Invitation, Membership, Token, User
from registry.models.centre import Centre, ManufacturingSite
from registry.models.clinic import Coverage, Draft
from registry.models.infusion import Infusion
from registry.models.lookup import Lookup
from registry.models.patient import Erasure, Patient, PatientIdentifier, Refusal
from registry.models.product import Indication, Product, Trial
from registry.models.question import Message, Question, Referral
from registry.models.release import Release, ReleasedInfusion, ReleaseFile
from registry.models.snapshot import Publication, Revision, Run, Snapshot
from registry.models.transfer import IdempotencyKey, ImportJob, ImportProblem, ImportRow, SealedUpload

__all__ = [
    "AccessLog",
    "Centre",
    "Coverage",
    "Draft",
    "Erasure",
    "IdempotencyKey",
    "ImportJob",
    "ImportProblem",
    "ImportRow",
    "Indication",
    "Infusion",
    "Invitation",
    "Lookup",
    "ManufacturingSite",
    "Membership",
    "Message",
    "Patient",
    "PatientIdentifier",
    "Product",
    "Publication",
    "Question",
    "Referral",
    "Refusal",
    "Release",
    "ReleaseFile",
    "ReleasedInfusion",
    "Revision",
    "Run",
    "SealedUpload",
    "Snapshot",
    "Token",
    "Trial",
    "User",
]

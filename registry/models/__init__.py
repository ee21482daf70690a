"""Tables: records (which hold people) and snapshots (which do not)."""

from registry.models.access_log import AccessLog
from registry.models.centre import Centre
from registry.models.chain import ChainLink, HistoryHeads
from registry.models.coverage import Coverage
from registry.models.draft import Draft
from registry.models.erasure import Erasure, Refusal
from registry.models.idempotency_key import IdempotencyKey
from registry.models.identity_key import IdentityKeyInUse
from registry.models.import_job import ImportJob, SealedUpload
from registry.models.import_row import ImportProblem, ImportRow
from registry.models.indication import Indication
from registry.models.infusion import Infusion
from registry.models.invitation import Invitation
from registry.models.kept_apart import KeptApart
from registry.models.last_seen import LastSeen
from registry.models.lookup import Lookup
from registry.models.manufacturing_site import ManufacturingSite
from registry.models.message import Message
from registry.models.patient import Patient
from registry.models.patient_identifier import PatientIdentifier
from registry.models.population import Population
from registry.models.possible_doubles import ChangedPerson, PossibleDoubles
from registry.models.product import Product
from registry.models.publication import Publication
from registry.models.question import Question
from registry.models.referral import Referral
from registry.models.release import Release, ReleaseFile
from registry.models.released_infusion import ReleasedInfusion
from registry.models.revision import Revision
from registry.models.run import Run
from registry.models.saved_filter import SavedFilter
from registry.models.schedule_lease import ScheduleLease
from registry.models.site_trial import SiteTrial, SiteTrialStatus, TrialConfirmation
from registry.models.snapshot import Snapshot
from registry.models.stated_purpose import StatedPurpose
from registry.models.statement import (
    ExemptionYear,
    ManufacturingStatement,
    StatementClass,
    StatementCountry,
)
from registry.models.token import Token
from registry.models.trial import Trial
from registry.models.trial_area import TrialArea
from registry.models.user import Membership, User

__all__ = [
    "AccessLog", "Centre", "ChainLink", "ChangedPerson", "Coverage", "Draft", "Erasure", "ExemptionYear",
    "HistoryHeads", "IdempotencyKey", "IdentityKeyInUse", "ImportJob", "ImportProblem", "ImportRow",
    "Indication", "Infusion", "Invitation", "KeptApart", "LastSeen", "Lookup", "ManufacturingSite",
    "ManufacturingStatement", "Membership", "Message", "Patient", "PatientIdentifier", "Population",
    "PossibleDoubles", "Product", "Publication", "Question", "Referral", "Refusal", "Release", "ReleaseFile",
    "ReleasedInfusion", "Revision", "Run", "SavedFilter", "ScheduleLease", "SealedUpload", "SiteTrial",
    "SiteTrialStatus", "Snapshot", "StatedPurpose", "StatementClass", "StatementCountry", "Token", "Trial",
    "TrialArea", "TrialConfirmation", "User",
]  # fmt: skip

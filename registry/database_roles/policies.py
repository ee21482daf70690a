"""Row-level security: which rows of the records each role reaches.

Of the clinic's role, and of the importer's, it is what the transaction's signed context says
(registry/signed_context.py); without one there is no row. The functions are in migration 0047. Each is called in a
subquery, which is carried out once for a statement and not for each row. A table's owner is not bound by policies;
triggers act for it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from registry.database_roles.grants import IMPORTER_READS
from swecar.postgresql.roles import CLINIC, IMPORTER, WORKER

OWN = "ANY ((SELECT seen_centres())::bigint[])"
OPEN = "ANY ((SELECT open_persons())::bigint[])"
NATION = "(SELECT sees_nation('records'))"
LOG = "(SELECT sees_nation('log'))"
USER = "(SELECT acting_user())"


class Policy(NamedTuple):
    """A policy of PostgreSQL, named for what it allows. The condition holds for reading and for writing."""

    name: str
    using: str
    command: str = "ALL"
    role: str = CLINIC


def exists(table: str, condition: str) -> str:
    """A row that the role reaches itself."""
    return f"EXISTS (SELECT FROM {table} AS seen WHERE {condition})"


nation = Policy("nation", NATION)
for_the_log = Policy("nation_for_the_log", LOG, "SELECT")
worker = Policy("worker_all", "true", role=WORKER)
own_centre = Policy("own_centre", f"centre_id = {OWN}")
own_job = exists("registry_importjob", "seen.id = job_id")

CLINICS: Mapping[str, tuple[Policy, ...]] = {
    "registry_infusion": (own_centre, nation, Policy("open_person", f"patient_id = {OPEN}", "SELECT")),
    "registry_patient": (
        Policy(
            "own_centre",
            exists("registry_infusion", f"seen.patient_id = registry_patient.id AND seen.centre_id = {OWN}"),
        ),
        nation,
        Policy("open_person", f"id = {OPEN}"),
        for_the_log,
    ),
    "registry_patientidentifier": (Policy("seen_person", exists("registry_patient", "seen.id = patient_id")),),
    "registry_draft": (own_centre, nation),
    "registry_referral": (own_centre, nation),
    "registry_question": (
        Policy("own_centre", f"centre_id = {OWN}"),
        Policy("seen_infusion", exists("registry_infusion", "seen.id = infusion_id")),
        Policy("seen_referral", exists("registry_referral", "seen.id = referral_id")),
        nation,
    ),
    "registry_message": (Policy("seen_question", exists("registry_question", "seen.id = question_id")),),
    "registry_importjob": (Policy("own_file", f"uploaded_by_id = {USER}"), nation),
    "registry_importrow": (Policy("own_file", own_job),),
    "registry_importproblem": (Policy("own_file", own_job),),
    "registry_sealedupload": (Policy("own_file", own_job),),
    "registry_idempotencykey": (Policy("own_requests", f"owner_id = {USER}"), nation),
    "registry_lookup": (Policy("own_look_ups", f"user_id = {USER}"), nation),
    "registry_changedperson": (nation,),
    "registry_possibledoubles": (nation,),
    "registry_keptapart": (nation,),
    "registry_releasedinfusion": (nation,),
    "registry_erasure": (nation,),
    "registry_infusionhistory": (
        Policy("seen_infusion", exists("registry_infusion", "seen.id = pgh_obj_id"), "SELECT"),
        Policy("open_person", f"patient_id = {OPEN}", "SELECT"),
        nation,
        for_the_log,
    ),
    "registry_patienthistory": (
        Policy("seen_person", exists("registry_patient", "seen.id = pgh_obj_id"), "SELECT"),
        Policy("open_person", f"pgh_obj_id = {OPEN}", "SELECT"),  # also one since merged into another
        nation,
        for_the_log,
    ),
    "registry_patientidentifierhistory": (
        Policy("seen_person", exists("registry_patient", "seen.id = patient_id"), "SELECT"),
        nation,
        for_the_log,
    ),
    "registry_questionhistory": (
        Policy("seen_question", exists("registry_question", "seen.id = pgh_obj_id"), "SELECT"),
        nation,
    ),
    "registry_accesslog": (Policy("own_lines", "actor = (SELECT acting())"), for_the_log),
}
POLICIES: Mapping[str, tuple[Policy, ...]] = {
    table: (
        *(one._replace(role=f"{CLINIC}, {IMPORTER}") if table in IMPORTER_READS else one for one in found),
        worker,
    )
    for table, found in CLINICS.items()
}

# Tables of the clinic's process without policies, and why.
NO_PATIENT = "It holds no patient."
ACCOUNT = "An account is found before anybody acts; it holds no patient."
WITHOUT: Mapping[str, str] = {
    "registry_refusal": "Keyed tokens, which are recognised by who has the number and by nobody else.",
    "registry_identitykeyinuse": NO_PATIENT,
    "registry_coverage": NO_PATIENT,
    "registry_savedfilter": NO_PATIENT,
    "registry_population": NO_PATIENT,
    **dict.fromkeys(
        (
            "registry_exemptionyear",
            "registry_manufacturingstatement",
            "registry_sitetrial",
            "registry_sitetrialstatus",
            "registry_statementclass",
            "registry_statementcountry",
            "registry_trialarea",
            "registry_trialconfirmation",
        ),
        NO_PATIENT,
    ),
    **dict.fromkeys(
        (
            "registry_centrehistory",
            "registry_coveragehistory",
            "registry_indicationhistory",
            "registry_invitationhistory",
            "registry_manufacturingsitehistory",
            "registry_membershiphistory",
            "registry_populationhistory",
            "registry_producthistory",
            "registry_sitetrialhistory",
            "registry_sitetrialstatushistory",
            "registry_tokenhistory",
            "registry_trialareahistory",
            "registry_trialconfirmationhistory",
            "registry_trialhistory",
        ),
        NO_PATIENT,
    ),
    "registry_userhistory": ACCOUNT,
    **dict.fromkeys(
        (
            "registry_user",
            "registry_user_groups",
            "registry_user_user_permissions",
            "registry_membership",
            "registry_invitation",
            "registry_token",
            "auth_group",
            "auth_group_permissions",
            "auth_permission",
            "django_content_type",
            "django_session",
            "django_admin_log",
            "account_emailaddress",
            "account_emailconfirmation",
            "axes_accessattempt",
            "axes_accessattemptexpiration",
            "axes_accessfailurelog",
            "axes_accesslog",
            "mfa_authenticator",
            "socialaccount_socialaccount",
            "socialaccount_socialapp",
            "socialaccount_socialtoken",
        ),
        ACCOUNT,
    ),
    "registry_schedulelease": NO_PATIENT,
}

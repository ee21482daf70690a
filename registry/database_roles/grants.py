"""The roles that processes connect as, and what each may do with each table.

The owner of the tables is a fourth role, which migrates and does nothing else. A fifth, the importer, is what the
worker becomes to judge an uploaded file. None is a superuser, and none but the first an owner, so no process can
TRUNCATE, switch off a trigger, change a table or read a file of the server.
"""

from collections.abc import Mapping
from typing import NamedTuple

from swecar.postgresql.roles import ROLES

VERBS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}  # PostgreSQL's own letters


class Grant(NamedTuple):
    """The letters of what each role may do with a table."""

    clinic: str = ""
    worker: str = ""
    public: str = ""

    def of(self, role: str) -> set[str]:
        """The privileges of a role, in PostgreSQL's words."""
        return {VERBS[letter] for letter in self[ROLES.index(role)]}


WRITTEN = Grant("rawd", "rawd")  # by both sides
OF_CLINIC = Grant("rawd")
SHOWN_TO_WORKER = Grant("rawd", "r")
EXPIRING = Grant("rawd", "d")  # what the worker reads to find what is old stands in WORKER_COLUMNS
OF_WORKER = Grant("r", "rawd")
READ = Grant("r", "r")  # written by triggers, which act for the owner
HISTORY = Grant("rd", "r")  # an erasure deletes
STATED = Grant("ra", "r")  # a later statement is another row
LIST = Grant("rawd", "r", "r")
PUBLISHED = Grant("r", "rawd", "r")
UNUSED = Grant()  # of installed applications
UNLISTED = Grant()  # what an operator has made; a table of ours fails a test

TABLES: Mapping[str, Grant] = {
    # Persons, and what is told about them.
    "registry_patient": WRITTEN,
    "registry_patientidentifier": WRITTEN,
    "registry_infusion": WRITTEN,
    "registry_draft": EXPIRING,
    "registry_referral": WRITTEN,
    "registry_question": WRITTEN,
    "registry_message": WRITTEN,
    "registry_refusal": Grant("rawd", "rw"),  # a command of the worker carries digests on to a newer key
    "registry_identitykeyinuse": Grant("raw", "raw"),
    "registry_erasure": SHOWN_TO_WORKER,  # a chain
    "registry_importjob": WRITTEN,
    "registry_importrow": WRITTEN,
    "registry_importproblem": WRITTEN,
    "registry_sealedupload": Grant("rawd", "rd"),
    "registry_idempotencykey": EXPIRING,
    "registry_lookup": WRITTEN,
    "registry_changedperson": WRITTEN,
    "registry_possibledoubles": WRITTEN,
    "registry_keptapart": SHOWN_TO_WORKER,  # which leaves these pairs out of the search
    "registry_releasedinfusion": WRITTEN,
    "registry_coverage": SHOWN_TO_WORKER,  # is published
    # Who did what.
    "registry_accesslog": Grant("ra", "rad"),
    "registry_chainlink": Grant("", "r"),
    "registry_historyheads": Grant("", "rawd"),
    "registry_centrehistory": READ,
    "registry_coveragehistory": READ,
    "registry_indicationhistory": READ,
    "registry_infusionhistory": HISTORY,
    "registry_invitationhistory": READ,
    "registry_manufacturingsitehistory": READ,
    "registry_membershiphistory": READ,
    "registry_patienthistory": HISTORY,
    "registry_patientidentifierhistory": HISTORY,
    "registry_populationhistory": READ,
    "registry_producthistory": READ,
    "registry_sitetrialhistory": READ,
    "registry_sitetrialstatushistory": READ,
    "registry_trialareahistory": READ,
    "registry_trialconfirmationhistory": READ,
    "registry_questionhistory": HISTORY,
    "registry_tokenhistory": READ,
    "registry_trialhistory": READ,
    "registry_userhistory": READ,
    "pghistory_context": UNUSED,
    "registry_contextkey": UNUSED,  # read by the function that checks a context
    # Code lists.
    "registry_centre": LIST,
    "registry_product": LIST,
    "registry_indication": LIST,
    "registry_manufacturingsite": LIST,
    "registry_trial": LIST,
    "registry_trialarea": SHOWN_TO_WORKER,
    "registry_population": SHOWN_TO_WORKER,  # is published
    # What is published of advanced therapies; it holds no person.
    "registry_sitetrial": SHOWN_TO_WORKER,
    "registry_sitetrialstatus": SHOWN_TO_WORKER,
    "registry_trialconfirmation": SHOWN_TO_WORKER,
    "registry_exemptionyear": STATED,
    "registry_manufacturingstatement": STATED,
    "registry_statementclass": STATED,
    "registry_statementcountry": STATED,
    # What is published.
    "registry_snapshot": PUBLISHED,
    "registry_publication": PUBLISHED,
    "registry_release": Grant("ra", "r", "r"),  # the steward's act
    "registry_releasefile": Grant("ra", "r", "r"),
    # The state of the service.
    "registry_revision": Grant("r", "r", "r"),
    "registry_run": Grant("rawd", "rawd", "r"),
    "registry_lastseen": Grant("rawd", "rawd", "r"),
    "registry_schedulelease": OF_WORKER,
    "registry_statedpurpose": Grant("ra", "ra", "r"),
    "django_migrations": Grant("r", "r", "r"),
    # Accounts.
    "registry_user": OF_CLINIC,
    "registry_user_groups": OF_CLINIC,
    "registry_user_user_permissions": OF_CLINIC,
    "registry_membership": SHOWN_TO_WORKER,  # where an uploader may register
    "registry_savedfilter": OF_CLINIC,
    "registry_invitation": OF_CLINIC,
    "registry_token": OF_CLINIC,
    "auth_group": OF_CLINIC,
    "auth_group_permissions": OF_CLINIC,
    "auth_permission": Grant("r"),
    "django_content_type": Grant("r"),
    "django_session": OF_CLINIC,
    "django_admin_log": OF_CLINIC,
    "account_emailaddress": OF_CLINIC,
    "account_emailconfirmation": OF_CLINIC,
    "axes_accessattempt": OF_CLINIC,
    "axes_accessattemptexpiration": OF_CLINIC,
    "axes_accessfailurelog": EXPIRING,
    "axes_accesslog": EXPIRING,
    "mfa_authenticator": OF_CLINIC,
    "socialaccount_socialaccount": OF_CLINIC,
    "socialaccount_socialapp": OF_CLINIC,
    "socialaccount_socialtoken": OF_CLINIC,
}

# What the worker reads of records and lists as the importer, under the policies of whoever has uploaded the file.
IMPORTER_READS = frozenset(
    {
        "registry_patient",
        "registry_infusion",
        "registry_referral",
        "registry_importjob",
        "registry_importrow",
        "registry_importproblem",
        "registry_centre",
        "registry_product",
        "registry_indication",
        "registry_manufacturingsite",
        "registry_trial",
    }
)

# What the worker may do with single columns, where it needs no more of a row: it closes unused accounts, mails
# what is new, acts as whoever has uploaded a file, and deletes what has expired. Of a password, a second factor,
# a token, a session, a draft and a stored response it reads nothing.
WORKER_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "registry_user": {
        "SELECT": (
            "id",
            "username",
            "first_name",
            "last_name",
            "email",
            "is_active",
            "is_staff",
            "is_superuser",
            "national_role",
            "date_joined",
            "last_login",
            "dormant_told_on",
            "changes_seen_at",
            "news_mail",
            "news_until",
            "password_is_anothers",
            "factor_removed",
        ),
        "UPDATE": ("is_active", "dormant_told_on", "news_until"),
    },
    "registry_token": {"SELECT": ("id", "owner_id", "last_used_at")},
    "registry_draft": {"SELECT": ("id", "saved_at", "is_autosave")},
    "registry_idempotencykey": {"SELECT": ("id", "created_at")},
    "axes_accessfailurelog": {"SELECT": ("id", "attempt_time")},
    "axes_accesslog": {"SELECT": ("id", "attempt_time")},
}

"""The roles that processes connect as, and what each may do with each table.

The owner of the tables is a fourth role, which migrates and does nothing else. None of these three is a superuser
or an owner, so none can TRUNCATE, switch off a trigger, change a table or read a file of the server.
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
OF_CLINIC = Grant("rawd", "r")
OF_WORKER = Grant("r", "rawd")
READ = Grant("r", "r")  # written by triggers, which act for the owner
HISTORY = Grant("rd", "r")  # an erasure deletes
LIST = Grant("rawd", "r", "r")
PUBLISHED = Grant("r", "rawd", "r")
UNUSED = Grant()  # of installed applications
UNLISTED = Grant()  # what an operator has made; a table of ours fails a test

TABLES: Mapping[str, Grant] = {
    # Persons, and what is told about them.
    "registry_patient": WRITTEN,
    "registry_patientidentifier": WRITTEN,
    "registry_infusion": WRITTEN,
    "registry_draft": WRITTEN,
    "registry_referral": WRITTEN,
    "registry_question": WRITTEN,
    "registry_message": WRITTEN,
    "registry_refusal": Grant("rawd", "rw"),  # a command of the worker carries digests on to a newer key
    "registry_identitykeyinuse": Grant("raw", "raw"),
    "registry_erasure": OF_CLINIC,
    "registry_importjob": WRITTEN,
    "registry_importrow": WRITTEN,
    "registry_importproblem": WRITTEN,
    "registry_sealedupload": WRITTEN,
    "registry_idempotencykey": WRITTEN,
    "registry_lookup": WRITTEN,
    "registry_changedperson": WRITTEN,
    "registry_possibledoubles": WRITTEN,
    "registry_releasedinfusion": WRITTEN,
    "registry_coverage": OF_CLINIC,
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
    "registry_producthistory": READ,
    "registry_questionhistory": HISTORY,
    "registry_tokenhistory": READ,
    "registry_trialhistory": READ,
    "registry_userhistory": Grant("ra", "r"),  # a row where no field is changed
    "pghistory_context": UNUSED,
    "registry_contextkey": UNUSED,  # read by the function that checks a context
    # Code lists.
    "registry_centre": LIST,
    "registry_product": LIST,
    "registry_indication": LIST,
    "registry_manufacturingsite": LIST,
    "registry_trial": LIST,
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
    "registry_user": Grant("rawd", "rw"),
    "registry_user_groups": OF_CLINIC,
    "registry_user_user_permissions": OF_CLINIC,
    "registry_membership": OF_CLINIC,
    "registry_invitation": OF_CLINIC,
    "registry_token": Grant("rawd", "rw"),
    "auth_group": OF_CLINIC,
    "auth_group_permissions": OF_CLINIC,
    "auth_permission": READ,
    "django_content_type": READ,
    "django_session": OF_CLINIC,
    "django_admin_log": OF_CLINIC,
    "account_emailaddress": OF_CLINIC,
    "account_emailconfirmation": OF_CLINIC,
    "axes_accessattempt": Grant("rawd", "rd"),
    "axes_accessattemptexpiration": Grant("rawd", "rd"),
    "axes_accessfailurelog": Grant("rawd", "rd"),
    "axes_accesslog": Grant("rawd", "rd"),
    "mfa_authenticator": OF_CLINIC,
    "socialaccount_socialaccount": OF_CLINIC,
    "socialaccount_socialapp": OF_CLINIC,
    "socialaccount_socialtoken": OF_CLINIC,
}

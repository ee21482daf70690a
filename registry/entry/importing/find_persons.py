"""Looking up the persons of a file before its rows are judged; the look-ups are logged and counted.

In a separate transaction, so that they also count for a file that is refused or only checked. Rows that cannot
be read are looked up too, since their report may say that the person is blocked from registration.
"""

from django.conf import settings
from django.db import connection

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import AccessAction
from registry.entry.importing.staging_sql import KNOWN, PERSON
from registry.entry.patients.key_in_use import require_newest_key
from registry.entry.patients.lookup_budget import FROM_FILE, REFUSED, charge, has_budget
from registry.errors import TooManyLookups
from registry.identity_keys import key_ids
from registry.models import User
from registry.models.access_log import ONE_SALT, UNIT, log_persons, roles_of

# For each person of the file: the stored patient, and whether one of the actor's centres knows them.
FIND = f"""
CREATE TEMPORARY TABLE import_lookup ON COMMIT DROP AS
SELECT staged.person, staged.centre_id, known.patient_id,
       known.patient_id IS NOT NULL AND (%(nationwide)s OR EXISTS (
           SELECT FROM registry_infusion AS own
           WHERE own.patient_id = known.patient_id AND own.centre_id = ANY(%(centres)s::bigint[]))) AS is_own
FROM (
    SELECT DISTINCT ON (person) person, chain, centre_id
    FROM (
        SELECT line, person, chain, centre_id FROM import_row
        UNION ALL SELECT line, {PERSON}, chain, NULL FROM import_unread
    ) AS row
    ORDER BY person, line
) AS staged
{KNOWN}
"""

FOREIGN = "SELECT person FROM import_lookup WHERE NOT is_own LIMIT %s"

LOG = f"""
INSERT INTO registry_accesslog (salt, at, actor, unit, action, patient, infusion, detail)
SELECT {ONE_SALT}, now(), %(actor)s, {UNIT}, %(searched)s, registry_number, NULL, %(detail)s
FROM import_lookup AS looked_up
LEFT JOIN registry_patient AS patient ON patient.id = looked_up.patient_id
LEFT JOIN registry_centre AS centre ON centre.id = coalesce(looked_up.centre_id, %(only)s)
"""


def look_up_staged(by: Actor) -> TooManyLookups | None:
    """Look up all persons of the staged rows, in a transaction that is committed either way.

    Returns an error to raise after the commit where the file names more persons unknown to the actor's centres
    than the actor's hourly budget has left. Raises IdentityKeyUnknown.
    """
    require_newest_key()
    centres = centres_where(by, Permission.READ_RECORDS)
    roles = roles_of(by)
    with connection.cursor() as cursor:
        cursor.execute(
            FIND,
            {
                "nationwide": centres is NATIONWIDE,
                "centres": list(centres),
                "keys": key_ids(),
            },
        )
        wait = _charge_foreign(by, cursor) if has_budget(by, Permission.READ_RECORDS) else 0
        if not wait:
            cursor.execute(
                LOG,
                {
                    "actor": by.username,
                    **roles._asdict(),
                    "only": roles.own[0] if len(roles.own) == 1 else None,  # for a row whose centre cannot be read
                    "searched": AccessAction.SEARCH,
                    "detail": FROM_FILE,
                },
            )
        cursor.execute("DROP TABLE import_lookup")
    if wait:
        log_persons(by=by, action=AccessAction.SEARCH, detail=REFUSED)
        return TooManyLookups(wait)
    return None


def _charge_foreign(by: User, cursor) -> int:
    # One more than the largest budget is enough to know that there are too many.
    most = settings.LOOKUPS_PER_HOUR_IMPORT + settings.LOOKUPS_PER_HOUR + 1
    cursor.execute(FOREIGN, [most])
    foreign = [bytes(person) for (person,) in cursor.fetchall()]
    return charge(by=by, persons=foreign, by_import=True) if foreign else 0

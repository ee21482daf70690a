"""Rows of a file that were sent to the registry's steward before: reported, not stored, and no reason to refuse.

A referral keeps a keyed digest of its date, sequence and product, which identifies the row even after its
content is erased; its digests or its person say whose it is.
"""

from collections.abc import Iterator
from datetime import date

from django.db import connection
from django.utils.translation import gettext as _

from registry.choices import ReferralState
from registry.entry.importing import staging
from registry.errors import KnownElsewhere, Problem
from registry.identity_keys import DIGEST_BYTES
from registry.infusion_input import InfusionInput
from registry.keyed_digests import seal_mark

SENT, DECLINED = "sent_to_steward", "declined_by_steward"

# Where the newest digest stands in what is kept of a referral, which may be from before a key came.
LAST = f"length(sent.chain) - {DIGEST_BYTES - 1}"
# Rows of the file with no other refusal, joined with what their centre has sent about their person; open
# referrals last.
BESIDE = f"""
SELECT line, infused_on, date_precision, sequence, product_id, sent.place, sent.state
FROM registry_referral AS sent
JOIN import_row AS staged ON staged.centre_id = sent.centre_id
JOIN import_person AS person USING (person)
WHERE sent.place IS NOT NULL AND sent.state = ANY(%(states)s)
  AND (sent.patient_id = person.patient_id
       OR substr(sent.chain, {LAST}, {DIGEST_BYTES}) = substr(staged.chain, {LAST}, {DIGEST_BYTES}))
  AND line IN (SELECT line FROM import_verdict UNION ALL SELECT line FROM import_problem WHERE code = %(refused)s)
  AND (sent.state = %(open)s OR line IN (SELECT line FROM import_problem WHERE code = %(refused)s))
ORDER BY line, sent.state
"""
FORGET = (
    "DELETE FROM import_verdict WHERE line = ANY(%(lines)s)",
    "DELETE FROM import_problem WHERE line = ANY(%(lines)s) AND code = %(refused)s",
)
COUNT = """
SELECT count(DISTINCT line) FROM import_problem
WHERE warning AND code = ANY(%s) AND line NOT IN (SELECT line FROM import_problem WHERE NOT warning)
"""


def seal_place(stated: InfusionInput) -> bytes:
    """A keyed digest of which infusion of a person the referral's row is."""
    return _seal(stated.infused_on, stated.date_precision, stated.sequence, stated.product.pk)


def name_sent_rows() -> None:
    """Report the judged rows that wait for the steward or were declined, and keep them from being stored."""
    found = dict(_find_sent())
    values: dict[str, list[int] | str] = {"lines": list(found), "refused": KnownElsewhere.code}
    with connection.cursor() as cursor:
        for statement in FORGET:
            cursor.execute(statement, values)
    staging.stage_problems((line, _say(state)) for line, state in found.items())


def count_sent_rows() -> int:
    """How many rows sent before have no refusal."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [[SENT, DECLINED]])
        return cursor.fetchone()[0]


def _find_sent() -> Iterator[tuple[int, str]]:
    states = [ReferralState.OPEN.value, ReferralState.DECLINED.value]
    values: dict[str, list[str] | str] = {
        "states": states, "open": ReferralState.OPEN, "refused": KnownElsewhere.code,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(BESIDE, values)
        for line, *what, place, state in cursor.fetchall():
            if _seal(*what) == bytes(place):
                yield line, state


def _say(state: str) -> Problem:
    if state == ReferralState.OPEN:
        sentence = _(
            "This infusion has been sent to the registry's steward and is waiting there: it is not stored now."
        )
        return Problem("kind", SENT, sentence, True)
    sentence = _("The registry's steward has declined this infusion, and has written why: it is not stored.")
    return Problem("kind", DECLINED, sentence, True)


def _seal(infused_on: date, precision: str, sequence: int, product: int) -> bytes:
    return seal_mark(f"{infused_on.isoformat()} {precision} {sequence} {product}")

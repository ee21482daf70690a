"""What waits for the registry's steward, on the start page: each line leads to its page, and leaves when done."""

from typing import Any

from registry.access import NATIONWIDE, Permission, centres_where
from registry.choices import Outcome
from registry.entry.coverage import read_behind
from registry.entry.patients.duplicates import update_doubles
from registry.entry.patients.lookup_budget import read_askers
from registry.entry.questions.question_list import read_awaited, read_doubted, read_for_steward
from registry.entry.questions.referrals import read_open
from registry.entry.questions.settling import read_unsettled
from registry.entry.trials.confirmations import read_unconfirmed
from registry.models import Run, User
from registry.publishing.release_due import read_due_release

LISTED = 50  # of a kind; lists of their own have all
NEEDED = (
    Permission.ASK_QUESTIONS, Permission.SETTLE_ORDER, Permission.MERGE_PATIENTS, Permission.PUBLISH,
)  # fmt: skip
TROUBLED = (Outcome.PROOF_FAILED, Outcome.ALTERED, Outcome.FAILED, Outcome.LOST)


def describe_desk(user: User) -> dict[str, Any]:
    """What waits, by kind; nothing for anyone who is not the registry's steward."""
    if any(centres_where(user, permission) is not NATIONWIDE for permission in NEEDED):
        return {}
    doubles = update_doubles()
    return {
        "threads": list(read_for_steward(by=user)[:LISTED]),
        "sent": list(read_open(by=user)[:LISTED]),
        "unsettled": read_unsettled(by=user),
        "doubted": read_doubted(by=user),
        "doubles": len(doubles.pairs or ()),
        "more_doubles": doubles.known_to is not None,
        "behind": read_behind(by=user),
        "unconfirmed": read_unconfirmed(by=user),
        "runs": read_troubled(),
        "askers": read_askers(by=user, near=True),
        "release_due": read_due_release(),
        "awaited": read_awaited(by=user),
    }


def read_troubled() -> list[Run]:
    """Of each task the last run, where it did not do its work, and what is stuck."""
    last = [run for run in Run.objects.last_of_each_task() if run.outcome in TROUBLED]
    return [*last, *Run.objects.with_stuck().filter(is_stuck=True)]

"""The start page's worklist: what waits for the user, each line with the address of its page.

A line is there as long as it is true, and is stored nowhere.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from registry.access import Permission
from registry.entry.accounts.sign_ins import visit_before
from registry.entry.coverage import read_due
from registry.entry.importing.job import read_unfinished
from registry.entry.infusions.changed_by_others import read_changed_by_others
from registry.entry.infusions.form_drafts import drafts_of, open_draft
from registry.entry.questions.questions import RELATED
from registry.entry.questions.referrals import read_waiting
from registry.entry.trials.confirmations import read_due as read_due_trials
from registry.models import Draft, Infusion, Question, User
from registry.pages.clinic.base import SignedInRequest
from registry.pages.clinic.sign_ins import VISIT_BEFORE
from registry.pages.clinic.steward_worklist import describe_desk

LISTED = 50  # of a kind; lists of their own have all
CHANGES = 10


def describe_worklist(request: SignedInRequest) -> dict[str, Any]:
    """What waits for the user, by kind; "is_empty" if nothing does."""
    user = request.user
    asked, doubts = _read_questions(user)
    since = seen_until(request)
    changes = read_changed_by_others(by=user, since=since) if since else []
    kinds: dict[str, Sequence[Any]] = {
        "asked": asked,
        "doubts": doubts,
        "due": read_due(by=user)[:LISTED],
        "unconfirmed": read_due_trials(by=user)[:LISTED],
        "jobs": read_unfinished(user)[:LISTED],
        "drafts": _read_drafts(user),
        "referrals": list(read_waiting(by=user)[:LISTED]),
        "changes": changes[:CHANGES],
    }
    desk = describe_desk(user)
    return kinds | {
        "desk": desk,
        "is_empty": not any(kinds.values()) and not any(desk.values()),
        "more_changes": len(changes) > CHANGES,
        "since": since,
    }


def seen_until(request: SignedInRequest) -> datetime | None:
    """The user's last visit, or what they have marked as seen since; None at the first visit."""
    known = request.session.get(VISIT_BEFORE)
    moments = [datetime.fromisoformat(known)] if known else []
    if known is None and (visit := visit_before(request.user)):  # the session is older than this page
        moments = [visit]
    if seen := request.user.changes_seen_at:
        moments.append(seen)
    return max(moments, default=None)


def list_shown(worklist: dict[str, Any]) -> list[Infusion]:
    """The infusions that the worklist shows, for the access log."""
    asked = [question.infusion for question in worklist["asked"] if question.infusion]
    doubted = [question.infusion for _words, questions in worklist["doubts"] for question in questions]
    threads = [question.infusion for question in worklist["desk"].get("threads", ()) if question.infusion]
    return [*asked, *doubted, *threads, *(change.infusion for change in worklist["changes"])]


def _read_drafts(user: User) -> list[Draft]:
    return [open_draft(draft) for draft in drafts_of(user)]


def _read_questions(user: User) -> tuple[list[Question], list[tuple[str, list[Question]]]]:
    """Questions and replies of the steward; and what rules doubt, by the rule's sentence."""
    waiting = Question.objects.visible_to(user, Permission.WRITE_RECORDS).unanswered()
    # In the order of the list that they lead to, so that they are on its first page.
    found = list(waiting.select_related(*RELATED).order_by("-answered_at", "asked_at", "pk")[:LISTED])
    return [one for one in found if not one.rule], _by_rule(one for one in found if one.rule)


def _by_rule(questions: Iterable[Question]) -> list[tuple[str, list[Question]]]:
    doubts: dict[tuple[str, str], list[Question]] = {}
    for question in questions:
        doubts.setdefault((question.rule, question.words), []).append(question)
    return [(words, doubts[rule, words]) for rule, words in sorted(doubts)]

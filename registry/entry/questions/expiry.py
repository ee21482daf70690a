"""Erasing the content of referrals that were not settled in time."""

from datetime import timedelta

from django.conf import settings

from registry.access import Operator, Permission, acting_as
from registry.choices import ReferralState, Side
from registry.dates import today
from registry.entry.questions.referrals import ReferralSettled, end_referral, lock_question, lock_with_person
from registry.errors import Busy, NotFound
from registry.models import Referral
from registry.sentences import KEPT_LONG_ENOUGH


def expire_referrals() -> int:
    """Erase the content of expired referrals; returns how many. A locked referral is left for the next run."""
    last = today() - timedelta(days=settings.REFERRAL_DAYS)
    due = Referral.objects.filter(state=ReferralState.OPEN, sent_at__date__lt=last)
    return sum(_expire(referral.pk) for referral in due.only("pk"))


def _expire(referral_id) -> bool:
    by = Operator()
    try:
        with acting_as(by, reason=KEPT_LONG_ENOUGH):
            referral, patient = lock_with_person(referral_id, by, Permission.SETTLE_ORDER)
            end_referral(referral, state=ReferralState.EXPIRED, by=None, patient=patient)
            question = lock_question(referral)
            question.waits_for, question.closed_by, question.closed_at = Side.CLINIC, "", None
            question.save(update_fields=["waits_for", "closed_by", "closed_at"])
    except (Busy, NotFound, ReferralSettled):
        return False
    return True

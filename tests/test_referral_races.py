"""What is sent to the steward is settled once, whoever is at it at the same time."""

import pytest

from registry.choices import ReferralState
from registry.entry.questions import referrals, settling
from registry.models import Infusion, Referral
from tests import factories
from tests.desk import WOMAN
from tests.test_races import before_commit


@pytest.mark.parametrize("other", ["steward", "sender", "decliner"])
def test_of_two_who_settle_at_once_one_does_it(committed_lists, other):
    lists = committed_lists
    nurse = factories.user("nurse", lists.centres["UPP"])
    first, second = (factories.user(name, national_role="steward") for name in ("steward", "second"))
    known = factories.record(lists, WOMAN, centre="STO", infused_on="2021-05-05")
    stated = factories.stated(lists, WOMAN, infused_on="2020-03-04", kind="first")
    referral = referrals.send_referral(stated=stated, by=nurse, patient=known.patient)
    said = {settling.SENT: "first", str(known.pk): "reinfusion"}
    rows = settling.read_rows(known.patient, by=first)
    shown = settling.Settlement(rows, said, settling.read_sent(referral, by=first)).fingerprint()

    def release(by):
        return settling.release_referral(referral_id=referral.pk, answers=said, by=by, message="", shown=shown)

    def take_back():
        return referrals.take_back(referral_id=referral.pk, by=nurse)

    def decline():
        return referrals.decline(referral_id=referral.pk, by=second, message="It is Stockholm's.")

    late_one = {"sender": take_back, "decliner": decline, "steward": lambda: release(second)}[other]
    with before_commit(late_one) as late:
        release(first)
    assert isinstance(late.result(), referrals.ReferralSettled)
    assert Infusion.objects.filter(centre__code="UPP").count() == 1
    assert Referral.objects.get().state == ReferralState.RELEASED

"""What was sent to the steward and is not settled is not kept for ever: until when is said before, and that it
was erased afterwards, on both sides, with what to do.
"""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.translation import override

from registry.choices import ReferralState
from registry.dates import today
from registry.entry.patients.erasure import erase_patient
from registry.entry.questions import questions, referrals, settling
from registry.entry.questions.expiry import expire_referrals
from registry.models import Infusion, Question, Referral
from registry.tasks import sweep
from tests import factories
from tests.desk import BY, MAN, SECOND_WOMAN, WOMAN, address, sign_in, text

DAYS = 30
FORM = {
    "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0",
    "infused_on": "2020-03-04", "kind": "first", "batch": "B17", "do": "refer",
}  # fmt: skip


@pytest.fixture
def world(lists, settings):
    """Three persons of Stockholm's, the second known at Uppsala too, each with a row that Uppsala has sent."""
    settings.REFERRAL_DAYS = DAYS
    people = {name: factories.user(name, lists.centres[at]) for name, at in (("nurse", "UPP"), ("other", "STO"))}
    people["steward"] = factories.user("steward", national_role="steward")
    world = SimpleNamespace(lists=lists, people=people, pages={one: sign_in(user) for one, user in people.items()})
    numbers = {"by digest": WOMAN, "by person": MAN, "young": SECOND_WOMAN}
    for who in numbers.values():
        factories.record(lists, who, centre="STO", infused_on="2021-05-05", by=people["other"])
    own = factories.record(lists, MAN, infused_on="2022-01-01", kind="reinfusion", by=people["nurse"])
    world.sent = {}
    for name, who in numbers.items():
        page, named = address("record"), {"patient_id": who}
        if name == "by person":
            page, named = address("record-for", number=own.patient.registry_number), {"age_at_infusion": "50"}
        answer = world.pages["nurse"].post(page, FORM | named | {"message": f"Of {name}: in our journal."})
        assert answer.status_code == 302, answer.context["form"].errors
        world.sent[name] = Referral.objects.latest("sent_at")
    return world


def age(referral: Referral, days: int) -> None:
    """Let it have been sent so many days ago."""
    Referral.objects.filter(pk=referral.pk).update(sent_at=timezone.now() - timedelta(days=days))


def state(referral: Referral) -> str:
    return Referral.objects.get(pk=referral.pk).state


def shown(world, who: str, page: str, **kwargs) -> str:
    return text(world.pages[who].get(address(page, **kwargs))).replace("&#x27;", "'")


def test_it_is_kept_through_its_last_day_and_erased_on_the_next(world):
    ages = {"by digest": DAYS, "by person": DAYS + 1, "young": 0}
    for name, days in ages.items():
        age(world.sent[name], days)
    assert expire_referrals() == 1
    assert {name: state(one) for name, one in world.sent.items()} == {
        "by digest": "open", "by person": "expired", "young": "open",
    }  # fmt: skip
    age(world.sent["by digest"], DAYS + 1)
    sweep()
    assert [state(one) for one in world.sent.values()] == ["expired", "expired", "open"]
    assert expire_referrals() == 0


def test_what_was_typed_is_gone_from_the_database_and_the_person_is_found_by_an_erasure(world):
    for name in ("by digest", "by person"):
        age(world.sent[name], DAYS + 1)
    before = Infusion.objects.count()
    expire_referrals()
    for name in ("by digest", "by person"):
        one = Referral.objects.get(pk=world.sent[name].pk)
        kept = (one.fields, one.chain, one.birth_digest, one.birth_year, one.identifier_type, one.settled_by)
        assert kept == ({}, None, None, None, "", "")
        assert one.settled_at and one.patient.infusions.filter(centre__code="STO").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_referral AS one WHERE one::text LIKE '%B17%'")
        assert cursor.fetchone() == (1,), "that of the young one is all that is left"
    assert Infusion.objects.count() == before, "nothing was stored of it"
    patient = Referral.objects.get(pk=world.sent["by digest"].pk).patient
    erase_patient(patient=patient, by=BY, reason="asked for it")
    assert not Referral.objects.filter(pk=world.sent["by digest"].pk).exists()


@pytest.mark.parametrize("who", ["nurse", "steward"])
def test_both_sides_read_beforehand_until_when_it_is_kept(world, who):
    until = str(today() + timedelta(days=DAYS))
    for page, kwargs in (
        ("referral", {"referral_id": world.sent["by digest"].pk}), ("referrals", {}), ("questions", {}),
        ("start" if who == "nurse" else "desk", {}),
    ):  # fmt: skip
        assert until in shown(world, who, page, **kwargs), page
    told = world.pages[who].get(f"/api/v1/referrals/{world.sent['young'].pk}")
    if who == "nurse":
        assert (told.json()["kept_until"], told.json()["state"]) == (until, "open")


@pytest.mark.parametrize("who", ["nurse", "steward"])
def test_both_sides_see_afterwards_that_it_was_erased_and_what_to_do(world, who):
    gone = world.sent["by digest"]
    questions.close(question_id=gone.question.pk, by=world.people["nurse"])
    age(gone, DAYS + 1)
    expire_referrals()
    page = shown(world, who, "referral", referral_id=gone.pk)
    assert f"It was not settled in time: what was typed was erased on {today()}" in page
    assert "Of by digest: in our journal." in page, "what was written stays"
    assert (address("record") in page) == (who == "nurse")
    assert "send it again" in page
    assert "settled by ," not in page
    assert "It was not settled in time" in shown(world, who, "questions")
    told = world.pages["nurse"].get(f"/api/v1/referrals/{gone.pk}").json()
    assert (told["state"], told["kept_until"], told["infusion"]) == ("expired", None, None)
    waiting = world.pages["nurse"].get(address("start")).context["asked"]
    assert [one.referral_id for one in waiting if one.referral_id] == [gone.pk], (
        "it is the clinic's turn, also if it was closed"
    )


def test_it_cannot_be_settled_any_more_and_is_sent_again(world):
    gone, steward = world.sent["by digest"], world.people["steward"]
    rows = settling.read_rows(referrals.find_person(gone, by=steward), by=steward)
    said = {settling.SENT: "first"} | {str(row.pk): "reinfusion" for row in rows}
    seen = settling.Settlement(rows, said, settling.read_sent(gone, by=steward)).fingerprint()
    age(gone, DAYS + 1)
    expire_referrals()
    with override("en"), pytest.raises(referrals.ReferralSettled, match="erased"):
        settling.release_referral(referral_id=gone.pk, answers=said, by=steward, message="", shown=seen)
    with pytest.raises(referrals.ReferralSettled):
        referrals.take_back(referral_id=gone.pk, by=world.people["nurse"])
    answer = world.pages["nurse"].post(address("record"), FORM | {"patient_id": WOMAN})
    again = Referral.objects.get(state=ReferralState.OPEN, pk=answer.url.rstrip("/").rpartition("/")[2])
    assert again.pk != gone.pk
    settling.release_referral(referral_id=again.pk, answers=said, by=steward, message="", shown=seen)
    assert state(again) == "released"
    assert Question.objects.get(referral=gone).closed_at is None


def test_one_whose_person_someone_holds_is_left_for_the_next_time(world, monkeypatch):
    for one in world.sent.values():
        age(one, DAYS + 1)
    held = world.sent["by person"].pk
    lock = referrals.lock_with_person

    def refuse(referral_id, *rest):
        if referral_id == held:
            raise referrals.ReferralSettled
        return lock(referral_id, *rest)

    monkeypatch.setattr("registry.entry.questions.expiry.lock_with_person", refuse)
    assert expire_referrals() == 2
    assert state(world.sent["by person"]) == "open"

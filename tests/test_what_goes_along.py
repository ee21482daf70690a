"""Erasing, merging and moving say beforehand what was written about a person goes along."""

import re

import pytest
from django.utils.html import strip_tags

from registry.entry.questions import questions, referrals
from registry.models import Draft, Question, Referral
from tests import factories
from tests.desk import COORDINATION, MAN, WOMAN, address, sign_in, text


@pytest.fixture
def world(lists):
    """A woman of Uppsala and Stockholm, of whom Uppsala has sent three rows, and a man of both with one."""
    nurse = factories.user("nurse", lists.centres["UPP"])
    steward = factories.user("steward", national_role="steward")

    def know(who, sent: int, asked: int, drafts: int):
        theirs = factories.record(lists, who, centre="STO", infused_on=f"2021-05-0{sent}")
        ours = factories.record(lists, who, infused_on=f"2022-06-0{sent}", kind="reinfusion", by=nurse)
        for number in range(sent):
            stated = factories.stated(lists, who, infused_on=f"2019-0{number + 1}-01", kind="first")
            found = referrals.send_referral(stated=stated, by=nurse, patient=ours.patient)
            if number == 0:
                referrals.decline(referral_id=found.pk, by=steward, message="No.")
        for number in range(asked):
            questions.ask(infusion_id=ours.pk, text=f"Number {number}?", by=steward)
        for _number in range(drafts):
            Draft.objects.create(centre=lists.centres["UPP"], fields={}, saved_by=nurse, patient=ours.patient)
        return theirs.patient

    Question.objects.all().delete()
    woman, man = know(WOMAN, sent=3, asked=4, drafts=2), know(MAN, sent=1, asked=2, drafts=3)
    know(COORDINATION, sent=2, asked=1, drafts=1)
    Question.objects.exclude(rule="").delete()
    return sign_in(steward), woman, man


def said(answer) -> str:
    return re.sub(r"\s+", " ", strip_tags(text(answer))).replace("&#x27;", "'")


def test_before_an_erasure(world):
    client, woman, man = world
    page = said(client.get(address("erase", number=woman.registry_number)))
    # Three rows sent, whose threads are three of the seven questions.
    for words in ("2 infusions", "3 infusions sent to the registry's steward", "7 questions", "2 drafts"):
        assert words in page
    page = said(client.get(address("erase", number=man.registry_number)))
    for words in ("1 infusion sent to the registry's steward", "3 questions", "3 drafts"):
        assert words in page
    where = address("erase", number=woman.registry_number)
    seen = client.get(where).context["seen"]
    client.post(where, {"text": "asked for it", "refuses": "yes", "confirmed": "yes", "seen": seen})
    assert (Referral.objects.count(), Question.objects.count(), Draft.objects.count()) == (3, 6, 4)


def test_before_a_merge(world):
    client, woman, man = world
    page = said(client.get(address("merge", number=woman.registry_number, other=man.registry_number)))
    for words in ("1 infusion sent to the registry's steward", "3 questions", "3 drafts"):
        assert words in page
    page = said(client.get(address("merge", number=man.registry_number, other=woman.registry_number)))
    for words in ("3 infusions sent to the registry's steward", "7 questions", "2 drafts"):
        assert words in page


def test_before_a_move(world):
    client, woman, _man = world
    shown = client.post(
        address("move", number=woman.registry_number),
        {"from_centre": "UPP", "to_centre": "LIN", "text": "wrong centre"},
    )
    page = said(shown)
    assert "4 questions about these infusions" in page
    assert "2 drafts for this person are deleted" in page
    assert "2 infusions that UPP has sent to the registry's steward stay with UPP" in page
    shown = client.post(
        address("move", number=woman.registry_number),
        {"from_centre": "STO", "to_centre": "LIN", "text": "wrong centre"},
    )
    assert "has sent to the registry's steward" not in said(shown)

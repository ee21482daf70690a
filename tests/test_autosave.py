"""A form is saved while it is typed: sealed, without the identifier, and as a draft that its user alone sees."""

import logging
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone

from registry import sealing
from registry.entry.infusions.form_drafts import open_draft
from registry.entry.patients.erasure import erase_patient
from registry.models import AccessLog, Draft, Infusion, Lookup, Referral
from registry.tasks import prune_facts
from tests import desk, factories
from tests.desk import WOMAN, address, text
from tests.test_sealed_on_the_way import everywhere, holds

KEY = uuid4()
TYPED = {
    "centre": "UPP", "patient_id": WOMAN, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
    "infused_on": "2020-03-", "batch": "B-4711",
}  # fmt: skip
FORM = TYPED | {"infused_on": "2020-03-04", "do": "submit", "autosave": str(KEY)}


@pytest.fixture
def client(nurse):
    return desk.sign_in(nurse)


@pytest.fixture
def colleague(lists):
    return desk.sign_in(factories.user("colleague", lists.centres["UPP"]))


def autosave(client, key=KEY, **typed):
    return client.post(address("draft-autosave", draft_id=key), TYPED | typed)


def shown(client, key=KEY) -> dict[str, str]:
    """The fields of the draft as its page shows them."""
    form = client.get(address("draft", draft_id=key)).context["form"]
    return {name: value for name in form.fields if (value := form[name].value())}


def test_what_is_typed_waits_among_ones_drafts_and_goes_on(client):
    page = text(autosave(client))
    assert "without the identity number" in page and address("draft-discard", draft_id=KEY) in page
    autosave(client, batch="B-4712")
    assert Draft.objects.count() == 1
    start = text(client.get(address("start")))
    assert address("draft", draft_id=KEY) in start and "saved by the page for you alone, for 7 days" in start
    assert "Kymriah" in start
    assert shown(client) == {name: TYPED[name] for name in TYPED if name != "patient_id"} | {"batch": "B-4712"}
    page = text(client.get(address("draft", draft_id=KEY)))
    assert f'name="autosave" value="{KEY}"' in page, "it goes on being saved in its place"


def test_nothing_of_it_can_be_read_and_the_identifier_is_nowhere(client, caplog):
    caplog.set_level(logging.DEBUG)
    autosave(client)
    draft = Draft.objects.get()
    assert draft.fields == {} and b"4711" not in bytes(draft.sealed) and draft.patient is None
    kept = everywhere(client, caplog)
    assert holds(kept) == [] and "B-4711" not in kept
    assert "patient_id" not in open_draft(draft).fields
    assert not Lookup.objects.exists() and not AccessLog.objects.filter(action="look-up").exists()


def test_what_another_draft_was_sealed_as_does_not_open(client):
    autosave(client)
    other = uuid4()
    autosave(client, other, batch="B-9")
    Draft.objects.filter(pk=other).update(sealed=Draft.objects.get(pk=KEY).sealed)
    assert shown(client, other) == {"centre": "UPP"}


def test_without_the_key_it_opens_empty_and_can_be_deleted(client, monkeypatch):
    autosave(client)
    before = sealing._secrets()
    monkeypatch.setattr(sealing, "_secrets", lambda: ("another", *before))
    assert shown(client)["batch"] == "B-4711"
    monkeypatch.setattr(sealing, "_secrets", lambda: ("another",))
    assert shown(client) == {"centre": "UPP"}
    assert client.post(address("draft-discard", draft_id=KEY)).status_code == 302
    assert not Draft.objects.exists()


def test_a_field_that_may_hold_a_number_is_left_out_and_named(client):
    page = text(autosave(client, batch=WOMAN, manufacturing_site=f"x {WOMAN}"))
    assert "Not saved, since it may hold an identity number: " in page and "Batch" in page
    assert "batch" not in shown(client) and shown(client)["product"] == "Kymriah"
    assert WOMAN not in page


def test_nobody_else_sees_continues_changes_or_deletes_it(client, colleague, lists):
    autosave(client)
    steward = desk.sign_in(factories.user("steward", national_role="steward"))
    assert str(KEY) not in text(colleague.get(address("start")))
    for other in (colleague, desk.sign_in(factories.user("sto", lists.centres["STO"])), steward):
        for answer in (
            other.get(address("draft", draft_id=KEY)),
            other.post(address("draft", draft_id=KEY), FORM),
            other.post(address("draft-discard", draft_id=KEY)),
            other.post(address("draft-autosave", draft_id=KEY), TYPED | {"centre": "UPP", "batch": "mine"}),
        ):
            assert answer.status_code in {404, 200}
            assert answer.status_code == 404 or "Choose the centre" in text(answer)
    assert shown(client)["batch"] == "B-4711" and not Infusion.objects.exists()


def test_a_draft_saved_by_hand_is_not_touched(client, colleague):
    client.post(address("record"), TYPED | {"do": "draft"})
    by_hand = Draft.objects.get()
    assert autosave(client, by_hand.pk, batch="B-0").status_code == 404
    page = text(client.get(address("draft", draft_id=by_hand.pk)))
    key = re.search(r'name="autosave" value="([\w-]+)"', page)[1]
    assert key != str(by_hand.pk)
    autosave(client, key, batch="B-0")
    assert Draft.objects.get(pk=by_hand.pk).fields["batch"] == "B-4711"
    # Saved by hand it takes the other's place.
    client.post(address("draft", draft_id=by_hand.pk), TYPED | {"batch": "B-0", "autosave": key, "do": "draft"})
    assert Draft.objects.get().fields["batch"] == "B-0"
    assert "B-0" in text(colleague.get(address("draft", draft_id=by_hand.pk)))


def test_an_own_one_saved_by_hand_becomes_the_centres(client, colleague):
    autosave(client)
    client.post(address("draft", draft_id=KEY), TYPED | {"autosave": str(KEY), "do": "draft"})
    draft = Draft.objects.get()
    assert (draft.pk, draft.sealed, draft.fields["batch"]) == (KEY, None, "B-4711")
    assert "B-4711" in text(colleague.get(address("draft", draft_id=KEY)))


@pytest.mark.parametrize("where", ["the form", "the draft's page"])
def test_it_goes_when_the_infusion_is_registered(client, where):
    autosave(client)
    form = address("record") if where == "the form" else address("draft", draft_id=KEY)
    refused = client.post(form, FORM | {"product": ""})
    assert f'name="autosave" value="{KEY}"' in text(refused) and Draft.objects.exists()
    assert "data-typed" in text(refused), "what comes back is saved at once"
    assert client.post(form, FORM).status_code == 302
    assert Infusion.objects.count() == 1 and not Draft.objects.exists()


def test_it_goes_when_it_is_sent_to_the_steward(client, lists):
    factories.record(lists, WOMAN, centre="STO", infused_on="2021-05-05")
    autosave(client)
    sent = client.post(address("record"), FORM | {"kind": "first", "do": "refer"})
    assert sent.status_code == 302 and Referral.objects.exists() and not Draft.objects.exists()


def test_a_form_without_a_draft_or_with_nonsense_for_one_is_stored_all_the_same(client):
    for key in ("", "x", str(uuid4())):
        Infusion.objects.all().delete()
        assert client.post(address("record"), FORM | {"autosave": key}).status_code == 302
        assert Infusion.objects.count() == 1


def test_the_next_infusion_of_ones_own_patient_is_saved_with_the_person(client, lists, nurse):
    patient = factories.record(lists, by=nurse).patient
    autosave(client, person=str(patient.registry_number))
    assert Draft.objects.get().patient == patient
    assert "patient_id" not in client.get(address("draft", draft_id=KEY)).context["form"].fields
    elsewhere = factories.record(lists, factories.nth_number(80), centre="STO").patient
    assert autosave(client, person=str(elsewhere.registry_number)).status_code == 404


def test_an_empty_form_and_one_of_no_centre_are_not_saved(client, lists):
    empty = dict.fromkeys(TYPED, "") | {
        "patient_id": WOMAN,
        "centre": "UPP",
        "kind": "first",
        "kind_proposed": "first",
    }
    assert text(autosave(client, **empty)) == ""
    both = desk.sign_in(factories.user("both", lists.centres["UPP"], lists.centres["STO"]))
    assert "Choose the centre" in text(autosave(both, centre=""))
    assert not Draft.objects.exists()


def test_it_is_deleted_after_a_week(client):
    for days in (6, 9):
        autosave(client, uuid4(), batch=f"B-{days}")
    for draft, days in zip(Draft.objects.order_by("saved_at"), (6, 9), strict=True):
        Draft.objects.filter(pk=draft.pk).update(saved_at=timezone.now() - timedelta(days=days))
    client.post(address("record"), TYPED | {"do": "draft"})
    Draft.objects.filter(is_autosave=False).update(saved_at=timezone.now() - timedelta(days=9))
    prune_facts()
    kept = Draft.objects.all()
    assert sorted((timezone.now() - draft.saved_at).days for draft in kept) == [6, 9]
    assert {draft.is_autosave for draft in kept} == {True, False}


def test_an_erasure_takes_it_along(client, lists, nurse):
    patient = factories.record(lists, by=nurse).patient
    autosave(client, person=str(patient.registry_number))
    erase_patient(patient=patient, by=desk.BY, reason="asked for it")
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "both",
    [{"fields": {"batch": "B"}}, {"is_autosave": False}, {"sealed": None}, {"fields": {}, "is_autosave": False}],
)
def test_the_database_refuses_one_that_is_sealed_and_open(lists, nurse, both):
    autosaved = {"fields": {}, "is_autosave": True, "sealed": b"x"}
    with pytest.raises(IntegrityError, match="draft_is_sealed_if_autosaved"):
        Draft.objects.create(centre=lists.centres["UPP"], saved_by=nurse, **autosaved | both)

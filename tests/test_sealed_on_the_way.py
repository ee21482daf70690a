"""What is typed and refused is kept on the page alone; what is sent keeps no identifier that anyone could read."""

import logging
import re

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import caches

from registry.entry.patients.erasure import erase_patient
from registry.entry.questions import referrals
from registry.models import Draft, Referral, User
from tests import factories
from tests.desk import BY, MAN, WOMAN, address, sign_in, text
from tests.test_import_jobs import everything_stored
from tests.test_traces import read_database, read_settled_valkey

TYPED = {
    "centre": "UPP", "patient_id": WOMAN, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
    "infused_on": "2020-03-04", "kind": "first", "batch": "B 17/x", "sequence": "2",
    "message": "Our journal <says> 2020.",
}  # fmt: skip
SPELLINGS = (WOMAN, WOMAN.replace("-", ""), WOMAN[2:], WOMAN[2:].replace("-", ""))


@pytest.fixture
def nurse(lists):
    factories.record(lists, WOMAN, centre="STO", infused_on="2021-05-05")
    return sign_in(factories.user("nurse", lists.centres["UPP"]))


def everywhere(client, caplog) -> str:
    """All that is stored: tables, sessions, what all processes share, this one's caches, what was logged."""
    kept = [*read_database(), *read_settled_valkey(), str(dict(client.session.items()))]
    kept += [str(session.get_decoded()) for session in Session.objects.all()]
    own = [caches[name] for name in settings.CACHES if not hasattr(caches[name]._cache, "get_client")]
    kept += [str(dict(cache._cache)) for cache in own]
    return " ".join([*kept, caplog.text, *(str(record.args) for record in caplog.records)])


def holds(where: str) -> list[str]:
    return [one for one in SPELLINGS if one in where]


def put_into_session(words: str) -> None:
    store = SessionStore()
    store["words"] = words
    store.save()


PLACES = {
    "table": lambda words: User.objects.update(first_name=words[:20]),
    "session": put_into_session,
    "shared cache": lambda words: caches["default"].set("words", words),
    "own cache": lambda words: caches["responses"].set("words", words),
    "log": lambda words: logging.getLogger("registry").warning("%s", words),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_put_into_a_place_is_found_there(nurse, caplog, place):
    """A long text too, which a server may keep in a shorter form."""
    assert holds(everywhere(nurse, caplog)) == []
    PLACES[place](f"{WOMAN} " * 50)
    assert WOMAN in holds(everywhere(nurse, caplog))


def test_a_refusal_keeps_what_was_typed_and_stores_nothing(nurse, caplog):
    caplog.set_level(logging.DEBUG)
    for do in ("submit", "check"):
        page = text(nurse.post(address("record"), TYPED | {"do": do}))
        for value in ("B 17/x", "2020-03-04"):
            assert f'value="{value}"' in page
        assert re.search(r'value="first"[^>]*checked', page)
        assert 'value="refer"' in page
        assert holds(everywhere(nurse, caplog)) == []
    # With something wrong beside: the message stays too.
    page = text(nurse.post(address("record"), TYPED | {"do": "refer", "message": f"She is {MAN}. <b>"}))
    assert "&lt;b&gt;" in page
    assert not Referral.objects.exists()


def test_what_is_sent_stands_nowhere_with_its_identifier(nurse, caplog, lists):
    caplog.set_level(logging.DEBUG)
    sent = nurse.post(address("record"), TYPED | {"do": "refer"})
    assert holds(sent.url) == []
    assert "Our journal &lt;says&gt; 2020." in text(nurse.get(sent.url))
    steward = sign_in(factories.user("steward", national_role="steward"))
    settle = address("referral-settle", referral_id=Referral.objects.get().pk)
    pages = [text(client.get(sent.url)) for client in (nurse, steward)]
    pages += [text(steward.get(settle)), text(steward.get(address("desk"))), text(nurse.get(address("start")))]
    assert [holds(page) for page in pages] == [[]] * len(pages)
    assert holds(everywhere(nurse, caplog)) == []
    assert len(bytes(Referral.objects.get().chain)) == 32


@pytest.mark.parametrize("end", ["taken back", "declined", "erased"])
@pytest.mark.usefixtures("neighbours")
def test_it_goes_when_it_ends(nurse, end, lists):
    nurse.post(address("record"), TYPED | {"do": "refer"})
    referral, steward = Referral.objects.get(), factories.user("steward", national_role="steward")
    if end == "taken back":
        nurse.post(address("referral-take-back", referral_id=referral.pk))
    elif end == "declined":
        referrals.decline(referral_id=referral.pk, by=steward, message="No.")
    else:
        erase_patient(patient=referrals.find_person(referral, by=steward), by=BY, reason="asked for it")
        assert not Referral.objects.exists()
        assert "Our journal" not in everything_stored()
        return
    kept = Referral.objects.get()
    assert (kept.fields, kept.chain, kept.birth_year, kept.birth_digest) == ({}, None, None, None)
    assert "B 17/x" not in everything_stored()


@pytest.mark.usefixtures("neighbours")
def test_a_draft_that_is_refused_is_sent_and_gone(nurse):
    """A draft has no number: it is typed when the draft is opened again, and sent from there."""
    nurse.post(address("record"), {name: TYPED[name] for name in TYPED if name != "patient_id"} | {"do": "draft"})
    where = address("draft", draft_id=Draft.objects.get().pk)
    assert 'value="refer"' in text(nurse.post(where, TYPED | {"do": "submit"}))
    assert nurse.post(where, TYPED | {"do": "refer"}).status_code == 302
    assert (Referral.objects.count(), Draft.objects.count()) == (1, 0)


def test_the_next_infusion_of_ones_own_patient_is_sent_from_the_person(nurse, lists):
    ours = factories.record(lists, WOMAN, infused_on="2022-03-04", kind="reinfusion")
    where = address("record-for", number=ours.patient.registry_number)
    typed = {name: value for name, value in TYPED.items() if name != "patient_id"} | {"age_at_infusion": "50"}
    assert 'value="refer"' in text(nurse.post(where, typed | {"do": "submit"}))
    assert nurse.post(where, typed | {"do": "refer"}).status_code == 302
    assert Referral.objects.get().patient == ours.patient

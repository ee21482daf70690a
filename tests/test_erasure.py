"""An erasure: shown before, done for good, and nothing but the access log names the person afterwards."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from registry.entry.importing import kept_rows
from registry.entry.infusions.form_drafts import save_draft
from registry.entry.infusions.record import correct_infusion
from registry.entry.patients.erasure import erase_patient, numbers_of
from registry.entry.patients.lookup import PatientRefused
from registry.entry.patients.merge import merge_patients
from registry.entry.questions.questions import answer, ask
from registry.models import (
    AccessLog,
    Draft,
    Erasure,
    IdempotencyKey,
    ImportJob,
    ImportProblem,
    ImportRow,
    Infusion,
    Patient,
    Question,
    Refusal,
)
from registry.publishing.publish import publish
from registry.publishing.release_changes import keep_released
from tests import factories
from tests.desk import BY, COORDINATION, MAN, WOMAN, address, national, number, sign_in, text
from tests.test_traces import read_database, read_settled_valkey


@pytest.fixture
def client(steward):
    return sign_in(steward)


# Erasing.


@pytest.fixture
def traced(lists, nurse, steward):
    """A person who was merged, of whom the registry holds something in every place; the keys of it all."""
    first = factories.record(lists, WOMAN, by=nurse, batch="L4711")
    factories.record(lists, MAN)
    second = factories.record(lists, COORDINATION, infused_on="2021-05-05", centre="STO")
    absorbed = second.patient.registry_number
    question = ask(infusion_id=first.pk, text="Is the date right, Uppsala?", by=steward)
    answer(question_id=question.pk, text="Yes, it is right.", by=nurse)
    keep_released(None)
    merge_patients(keep=first.patient, absorb=second.patient, by=steward, reason="one person")
    correct_infusion(infusion_id=first.pk, changes={"batch": "L4712"}, by=nurse, reason="typo in the batch")
    save_draft(fields={"batch": "L4713"}, centre=lists.centres["UPP"], by=nurse, patient=first.patient)
    job = ImportJob.objects.create(uploaded_by=nurse, state="checked", finished_at=timezone.now())
    for line, who in ((2, WOMAN), (3, MAN), (4, COORDINATION)):
        _kept, chain, _born = kept_rows.keep_stated(factories.stated(lists, who))
        ImportRow.objects.create(job=job, line=line, cells={"batch": f"F{line}"}, chain=chain)
        ImportProblem.objects.create(
            job=job, line=line, field="batch", code="odd", sentence=f"Row {line} is odd.", warning=True
        )
    for key, answered in (("a", {"id": str(first.pk)}), ("b", {"patient": absorbed}), ("c", {"id": "another"})):
        IdempotencyKey.objects.create(owner=nurse, key=key, request_digest=b"1", status=201, body=answered)
    patient = Patient.objects.get(pk=first.patient_id)
    return {
        "patient": patient,
        "absorbed": absorbed,
        "absorbed_key": second.patient_id,
        "keys": [str(first.pk), str(second.pk), "L4711", "L4712", "L4713", "Is the date right", "it is right"],
        "digests": [bytes(one.digest).hex() for one in patient.identifiers.all()],
        "job": job,
    }


def tables_that_name(what: str) -> set[str]:
    """Every table of the database in one of whose rows a text stands, bytes as hexadecimals."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
            "AND table_type = 'BASE TABLE'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert len(tables) > 30
        found = set()
        for table in tables:
            cursor.execute(f"SELECT 1 FROM {table} AS row WHERE row::text ILIKE %s LIMIT 1", [f"%{what}%"])
            if cursor.fetchone():
                found.add(table)
    return found


def test_an_erased_person_is_in_no_table_but_the_access_log(traced, steward):
    patient, keys = traced["patient"], traced["keys"]
    assert all(tables_that_name(key) for key in [*keys, *traced["digests"]]), "the search finds nothing"
    assert {"registry_questionhistory", "registry_idempotencykey"} <= tables_that_name(keys[0])
    assert "registry_importrow" in tables_that_name(traced["digests"][0])
    numbers = numbers_of(patient)
    persons = [patient.pk, traced["absorbed_key"]]
    erase_patient(patient=patient, by=steward, reason="asked for it")
    for key in keys:
        assert tables_that_name(key) <= {"registry_accesslog"}, key
    for digest in traced["digests"]:
        assert tables_that_name(digest) == set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND (column_name = 'patient_id' "
            "OR table_name = 'registry_patienthistory' AND column_name = 'pgh_obj_id' "
            "OR table_name = 'registry_patient' AND column_name = 'id')"
        )
        columns = cursor.fetchall()
        assert len(columns) >= 6
        for table, column in columns:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = ANY(%s)", [persons])
            assert cursor.fetchone()[0] == 0, table
    assert list(ImportRow.objects.values_list("line", flat=True)) == [3]
    assert list(ImportProblem.objects.values_list("line", flat=True)) == [3]
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["c"]
    assert not Question.objects.exists()
    assert not Draft.objects.exists()
    assert set(AccessLog.objects.filter(patient__in=numbers).values_list("patient", flat=True)) == set(numbers)
    assert Infusion.objects.count() == 1


def test_an_erased_person_is_in_no_cache(traced, client):
    cache.set("something", str(traced["keys"][0]))
    assert any(traced["keys"][0] in found for found in read_settled_valkey())
    cache.clear()
    person = address("person", number=traced["patient"].registry_number)
    assert client.get(person).status_code == 200
    erase_patient(patient=traced["patient"], by=BY, reason="asked for it")
    held = "\n".join(read_settled_valkey())
    assert not [key for key in [*traced["keys"], *traced["digests"]] if key in held]
    assert any(traced["keys"][0] in found for found in read_database()), "the access log names the infusion"


def test_an_erasure_is_asked_shown_and_done_in_the_pages(traced, client):
    patient = traced["patient"]
    numbers = numbers_of(patient)  # those of the persons merged into this one too
    publish()
    where = address("erase", number=patient.registry_number)
    page = client.get(where)
    shown = text(page)
    for words in ("2 infusions", "1 question", "1 draft", "2 rows of uploaded files", "2 stored API responses"):
        assert words in shown
    assert f"{page.context['traces'].history} rows of history" in shown
    nation = page.context["effect"][0]["measures"]
    assert [(one["now"], one["then"]) for one in nation] == [(2, 1), (3, 1), (1, 0), (0, 0), (0, 0)]
    sent = {"text": "Patient's letter.", "refuses": "yes", "confirmed": "yes", "seen": page.context["seen"]}
    done = client.post(where, sent, follow=True)
    assert "The person is erased, with 2 infusions and" in text(done)
    assert client.get(where).status_code == 404
    assert Erasure.objects.get().reason == "Patient's letter."
    assert Refusal.objects.count() == 2
    publish()
    assert national() == {"patients": 1, "infusions": 1, "reinfusions": 0}
    erased = AccessLog.objects.filter(action="erase").values_list("actor", "patient")
    assert sorted(erased) == sorted(("steward", number) for number in numbers)


@pytest.mark.parametrize(("refuses", "again"), [("yes", False), ("no", True)])
def test_whoever_refuses_is_not_registered_again(lists, client, refuses, again):
    patient = factories.record(lists, WOMAN).patient
    sent = {"text": "Asked for it.", "refuses": refuses, "confirmed": "yes"}
    where = address("erase", number=number(patient))
    client.post(where, sent | {"seen": client.get(where).context["seen"]})
    if again:
        factories.record(lists, WOMAN)
    else:
        with pytest.raises(PatientRefused):
            factories.record(lists, WOMAN)


@pytest.mark.parametrize(
    ("field", "value"), [("refuses", ""), ("refuses", "perhaps"), ("confirmed", ""), ("confirmed", "no")]
)
def test_an_unconfirmed_erasure_is_not_done(lists, client, neighbours, field, value):
    patient = factories.record(lists, WOMAN).patient
    sent = {"text": "Asked for it.", "refuses": "yes", "confirmed": "yes"} | {field: value}
    answer_ = client.post(address("erase", number=number(patient)), {key: one for key, one in sent.items() if one})
    assert answer_.context["form"].errors[field]
    assert answer_.context["form"]["text"].value() == "Asked for it."
    assert Patient.objects.filter(pk=patient.pk).exists() and Infusion.objects.count() == 1 + len(neighbours)

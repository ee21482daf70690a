"""Every change to a record leaves a history row, whatever the path, and history rows never change."""

from datetime import UTC, date, datetime

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from registry.access import Operator, acting_as
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.identity import read_identifier
from registry.models import Erasure, Infusion, Patient, SiteTrial, Trial
from tests import factories
from tests.by_hand import run_sql

WOMAN, MAN = factories.number(date(1970, 1, 1), 980), factories.number(date(1970, 1, 1), 981)


class Someone:
    """An actor with a name and no roles."""

    def __init__(self, username: str):
        self.username = username

    def roles_at(self):
        return Operator().roles_at()


# An example of each tracked model and a change of it: (fields, (field, another value)).
EXAMPLES = {
    "Centre": (
        {"code": "XXX", "name": "X", "city_sv": "X", "city_en": "X", "county": "X", "county_code": "25",
         "region": "Norra", "latitude": 60, "longitude": 15, "status": "active", "position": 9},
        ("name", "Y"),
    ),
    "ManufacturingSite": ({"code": "XXX", "name": "X", "centre": "centre"}, ("name", "Y")),
    "Product": (
        {"name": "X", "target": "CD19", "modality": "CAR-T", "origin": "investigational", "position": 9},
        ("holder", "Y"),
    ),
    "Indication": ({"key": "x", "name_sv": "X", "name_en": "X", "position": 9}, ("name_sv", "Y")),
    "Trial": ({"identifier": "NCT99000009", "name": "X", "sponsor": "academic", "phase": "II"}, ("phase", "I")),
    "Population": ({"area": "03", "year": 1999, "persons": 7, "source": "X"}, ("persons", 8)),
    "TrialArea": ({"key": "x", "name_sv": "X", "name_en": "X", "position": 9}, ("name_sv", "Y")),
    "SiteTrial": ({"trial": "trial", "centre": "centre"}, ("unit", "Y")),
    "SiteTrialStatus": (
        {"site_trial": "site_trial", "status": "recruiting", "since": date(2024, 5, 1)}, ("status", "closed"),
    ),
    "TrialConfirmation": (
        {"centre": "centre", "stated_by": "lead", "stated_on": date(2025, 8, 31)},
        ("stated_on", date(2025, 7, 31)),
    ),
    "User": ({"username": "x"}, ("email", "y@registry.example")),
    "Membership": ({"user": "user", "centre": "centre", "role": "reporter"}, ("role", "lead")),
    "Invitation": (
        {"email": "x@registry.example", "centre": "centre", "role": "reporter", "token_digest": b"1",
         "invited_by": "lead", "expires_at": datetime(2030, 1, 1, tzinfo=UTC)},
        ("role", "lead"),
    ),
    "Token": (
        {"owner": "owner", "name": "R", "scope": "read", "digest": b"1",
         "expires_at": datetime(2100, 1, 1, tzinfo=UTC)},
        ("name", "Stata"),
    ),
    "Coverage": (
        {"centre": "centre", "complete_through": date(2025, 8, 31), "stated_by": "lead"},
        ("complete_through", date(2025, 7, 31)),
    ),
    "Question": ({"infusion": "infusion", "text": "Is it?", "asked_by": "steward"}, ("text", "Is it so?")),
    "Patient": ({"sex": "female", "birth_year": 1970}, ("birth_year", 1971)),
    "PatientIdentifier": (
        {"patient": "patient", "type": "local", "key_id": "k", "digest": b"\x00" * 32},
        ("type", "personal"),
    ),
    "Infusion": (
        {"patient": "patient", "centre": "centre", "category": "SOC", "kind": "first", "product": "product",
         "infused_on": date(2020, 5, 5), "date_precision": "day", "age_at_infusion": 50,
         "status": "submitted"},
        ("batch", "Y"),
    ),
}  # fmt: skip


def tracked() -> dict[str, type]:
    """The models that have a history table."""
    models = {model.__name__: model for model in apps.get_app_config("registry").get_models()}
    return {name: model for name, model in models.items() if f"{name}History" in models}


@pytest.fixture(params=EXAMPLES)
def example(request, lists):
    """A model, the fields of an example, and a change."""
    model = apps.get_model("registry", request.param)
    fields, change = EXAMPLES[request.param]
    made = {
        "centre": lambda: lists.centres["UPP"],
        "product": lambda: lists.products["Kymriah"],
        "user": lambda: factories.user("someone"),
        "owner": lambda: factories.user("someone"),
        "trial": Trial.objects.first,
        "site_trial": lambda: SiteTrial.objects.create(trial=Trial.objects.first(), centre=lists.centres["UPP"]),
        "patient": lambda: Patient.objects.create(sex="female"),
        "infusion": lambda: factories.record(lists),
    }
    fields = {name: made[value]() if value == name else value for name, value in fields.items()}
    return model, fields, change


def history(model, pk) -> list[tuple]:
    """What, by whom and why, in the order of the changes."""
    rows = apps.get_model("registry", f"{model.__name__}History").objects.filter(pgh_obj_id=pk)
    return [(row.pgh_label, row.acted_by, row.reason) for row in rows.order_by("pgh_id")]


def refused(sql: str) -> bool:
    """Whether the database refuses a statement."""
    try:
        with transaction.atomic():
            run_sql(sql)
    except DatabaseError:
        return True
    return False


def test_every_record_code_list_and_account_is_tracked_and_has_an_example_here():
    assert tracked().keys() == EXAMPLES.keys()


def test_a_single_save_a_change_and_a_deletion_each_leave_a_row(example):
    model, fields, (name, value) = example
    with acting_as(Someone("anna"), reason="new"):
        record = model.objects.create(**fields)
    pk = record.pk
    with acting_as(Someone("bo"), reason="wrong"):
        setattr(record, name, value)
        record.save()
    with acting_as(Someone("cleo"), reason="not ours"):
        record.delete()
    assert history(model, pk) == [
        ("insert", "anna", "new"),
        ("update", "bo", "wrong"),
        ("delete", "cleo", "not ours"),
    ]


@pytest.mark.usefixtures("neighbours")
def test_bulk_operations_leave_a_row_for_each_record(example):
    model, fields, (name, value) = example
    with acting_as(Someone("anna"), reason="many"):
        [record] = model.objects.bulk_create([model(**fields)])
        model.objects.filter(pk=record.pk).update(**{name: value})
        setattr(record, name, getattr(model(**fields), name))
        model.objects.bulk_update([record], [name])
        model.objects.filter(pk=record.pk).delete()
    assert history(model, record.pk) == [
        (label, "anna", "many") for label in ("insert", "update", "update", "delete")
    ]


def test_sql_by_hand_leaves_rows_with_the_name_of_the_database_user(example):
    model, fields, (name, value) = example
    with acting_as(Operator()):
        record = model.objects.create(**fields)
    table = model._meta.db_table
    run_sql(f"UPDATE {table} SET {name} = %s WHERE id = %s", value, record.pk)
    run_sql(f"DELETE FROM {table} WHERE id = %s", record.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        by_hand = cursor.fetchone()[0]
    assert by_hand not in {"", "operator"}
    assert history(model, record.pk)[1:] == [("update", by_hand, ""), ("delete", by_hand, "")]


@pytest.mark.usefixtures("neighbours")
def test_a_row_of_history_holds_the_values_and_the_time_of_the_change(example):
    model, fields, (name, value) = example
    record = model.objects.create(**fields)
    before = getattr(record, name)
    model.objects.filter(pk=record.pk).update(**{name: value})
    first, second = record.history_rows.order_by("pgh_id")
    assert (getattr(first, name), getattr(second, name)) == (before, value)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        [now] = cursor.fetchone()
    assert first.pgh_created_at == second.pgh_created_at == now


def test_a_row_of_history_can_be_neither_changed_nor_deleted(example):
    model, fields, _change = example
    record = model.objects.create(**fields)
    rows = record.history_rows.all()
    table = rows.model._meta.db_table
    assert rows.exists()
    attempts = (
        f"UPDATE {table} SET acted_by = 'nobody'",
        f"UPDATE {table} SET reason = '' WHERE pgh_obj_id = '{record.pk}'",
        f"DELETE FROM {table}",
    )
    assert [sql for sql in attempts if not refused(sql)] == []
    for attempt in (lambda: rows.update(reason="another"), lambda: rows._raw_delete(rows.db), rows.first().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert history(model, record.pk)[0][0] == "insert"


def test_secrets_are_not_in_the_history():
    fields = {
        name: {field.name for field in apps.get_model("registry", f"{name}History")._meta.fields}
        for name in tracked()
    }
    assert "password" not in fields["User"]
    assert "digest" not in fields["PatientIdentifier"]


def test_a_change_that_is_rolled_back_leaves_no_history(lists):
    infusion = factories.record(lists, WOMAN)
    with pytest.raises(ZeroDivisionError), acting_as(Someone("anna"), reason="a mistake"):
        Infusion.objects.update(batch="B")
        raise ZeroDivisionError
    assert [label for label, *_ in history(Infusion, infusion.pk)] == ["insert"]


# Who, and why.


def test_after_an_inner_actor_the_outer_one_acts_again(lists):
    infusion = factories.record(lists, WOMAN)
    with acting_as(Someone("anna"), reason="outer"):
        with acting_as(Someone("bo"), reason="inner"):
            Infusion.objects.update(batch="1")
        Infusion.objects.update(batch="2")
        with pytest.raises(ZeroDivisionError), acting_as(Someone("bo"), reason="failing"):
            raise ZeroDivisionError
        Infusion.objects.update(batch="3")
    assert history(Infusion, infusion.pk)[1:] == [
        ("update", "bo", "inner"),
        ("update", "anna", "outer"),
        ("update", "anna", "outer"),
    ]


def test_an_actor_does_not_outlive_the_transaction(committed_lists):
    infusion = factories.record(committed_lists, WOMAN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('swecar.actor', true), current_setting('swecar.reason', true)")
        assert {value or "" for value in cursor.fetchone()} == {""}
    Infusion.objects.update(batch="B")
    assert history(Infusion, infusion.pk)[-1][1] not in {"", "operator"}


def test_every_function_of_entry_records_actor_and_reason(lists):
    anna = Someone("anna")
    infusion = factories.record(lists, WOMAN, by=anna)
    correct_infusion(infusion_id=infusion.pk, changes={"batch": "B"}, by=anna, reason="typo")
    other = factories.record(lists, factories.nth_number(2), infused_on="2021-05-05", by=anna)
    absorbed = other.patient_id
    merge_patients(keep=infusion.patient, absorb=other.patient, by=anna, reason="one person")
    withdraw_infusion(infusion_id=infusion.pk, by=anna, reason="elsewhere")
    assert history(Infusion, infusion.pk) == [
        ("insert", "anna", ""), ("update", "anna", "typo"), ("update", "anna", "elsewhere"),
    ]  # fmt: skip
    assert {reason for _label, _by, reason in history(Infusion, other.pk)} == {"", "one person"}
    assert history(Patient, absorbed)[-1] == ("delete", "anna", "one person")


@pytest.mark.usefixtures("neighbours")
def test_a_correction_that_changes_nothing_leaves_no_history(lists):
    infusion = factories.record(lists, WOMAN, batch="B")
    correct_infusion(infusion_id=infusion.pk, changes={"batch": "B"}, by=Operator(), reason="typo")
    assert len(history(Infusion, infusion.pk)) == 1


# Erasure is real.


def rows_about(*patients: int) -> int:
    """The number of rows in any table that mention these persons."""
    count = 0
    for model in apps.get_app_config("registry").get_models():
        for field in model._meta.concrete_fields:
            is_person = field.is_relation and field.related_model is Patient
            if is_person or (model is Patient and field.primary_key):
                count += model.objects.filter(**{f"{field.name}__in": patients}).count()
    return count


def test_an_erased_person_leaves_no_row_in_any_table_or_history(lists):
    stays = factories.record(lists, factories.nth_number(40)).patient
    infusion = factories.record(lists, WOMAN)
    later = factories.record(lists, WOMAN, infused_on="2021-05-05", kind="reinfusion")
    withdraw_infusion(infusion_id=later.pk, by=Operator(), reason="a mistake")
    pk, others = infusion.patient.pk, rows_about(stays.pk)
    assert rows_about(pk) > 5
    erase_patient(patient=infusion.patient, by=Operator(), reason="asked for it")
    assert rows_about(pk) == 0
    assert history(Infusion, infusion.pk) == history(Infusion, later.pk) == []
    assert rows_about(stays.pk) == others > 0


def test_an_erased_person_leaves_none_of_those_merged_into_them(lists):
    numbers = [factories.nth_number(place) for place in (50, 52, 54)]
    persons = [
        factories.record(lists, number, infused_on=f"202{place}-05-05").patient
        for place, number in enumerate(numbers)
    ]
    keys = [person.pk for person in persons]
    infusions = list(Infusion.objects.values_list("pk", flat=True))
    merge_patients(keep=persons[1], absorb=persons[2], by=Operator(), reason="one person")
    merge_patients(keep=persons[0], absorb=persons[1], by=Operator(), reason="one person")
    erase_patient(patient=persons[0], by=Operator(), reason="asked for it", refuses=False)
    assert rows_about(*keys) == 0
    assert [history(Infusion, pk) for pk in infusions] == [[], [], []]
    assert [factories.find_person(read_identifier(number, centre="UPP")) for number in numbers] == [None] * 3


@pytest.mark.usefixtures("neighbours")
def test_an_erasure_keeps_when_by_whom_and_why(lists):
    patient = factories.record(lists, WOMAN).patient
    erase_patient(patient=patient, by=Someone("anna"), reason=" asked for it ", refuses=False)
    assert list(Erasure.objects.values_list("erased_by", "reason")) == [("anna", "asked for it")]
    assert refused("UPDATE registry_erasure SET reason = ''")
    assert refused("DELETE FROM registry_erasure")


def test_merged_persons_keep_what_either_identifier_told(lists):
    known = factories.record(lists, WOMAN, infused_on="2021-05-05").patient
    unknown = factories.record(lists, "local:17", age_at_infusion=50).patient
    assert (unknown.sex, unknown.birth_year) == ("unknown", None)
    merge_patients(keep=unknown, absorb=known, by=Operator(), reason="one person")
    assert Patient.objects.values_list("sex", "birth_year").get() == ("female", 1970)


@pytest.mark.parametrize("corrected", [0, 1])
def test_a_merge_overwrites_nothing_that_was_corrected_since_its_persons_were_read(lists, corrected):
    keep = factories.record(lists, "local:17", age_at_infusion=50).patient
    absorb = factories.record(lists, "local:18", infused_on="2021-05-05", age_at_infusion=51).patient
    key = (keep, absorb)[corrected].pk
    Patient.objects.filter(pk=key).update(sex="female", birth_year=1969)
    Patient.objects.exclude(pk=key).update(sex="unknown", birth_year=None)
    merge_patients(keep=keep, absorb=absorb, by=Operator(), reason="one person")
    assert Patient.objects.values_list("sex", "birth_year").get() == ("female", 1969)


def test_the_history_is_protected_again_after_an_erasure(lists):
    kept = factories.record(lists, MAN)
    erase_patient(patient=factories.record(lists, WOMAN).patient, by=Operator(), reason="asked for it")
    assert refused("DELETE FROM registry_infusionhistory")
    assert refused("UPDATE registry_patienthistory SET reason = ''")
    assert history(Infusion, kept.pk) != []

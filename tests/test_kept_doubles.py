"""The kept pairs of possible doubles are those of a plain search, whatever has changed and however."""

import calendar
import re
from collections import defaultdict
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients import duplicates
from registry.entry.patients.duplicates import find_doubles, update_doubles
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.move import move_patient
from registry.models import ChangedPerson, Infusion, KeptApart, Patient, PatientIdentifier, PossibleDoubles
from registry.models.possible_doubles import MOST_MARKED
from registry.tasks import sweep
from tests import factories
from tests.desk import BY, COORDINATION, MAN, SECOND_WOMAN, WOMAN
from tests.exchange_files import bring, write  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db


def days_of(infusion) -> tuple[date, date]:
    """The first and the last day on which it may have been."""
    first = infusion.infused_on
    if infusion.date_precision == "day":
        return first, first
    last_month = first.month if infusion.date_precision == "month" else 12
    return first, date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])


def years_of(infusion) -> set[int]:
    """The years in which the person may be born."""
    if infusion.patient.birth_year is not None:
        return {infusion.patient.birth_year}
    return {infusion.infused_on.year - infusion.age_at_infusion - one for one in (0, 1)}


def days_between(one, other) -> int:
    (begins, ends), (others_begin, others_end) = days_of(one), days_of(other)
    return max(0, (others_begin - ends).days, (begins - others_end).days)


def search_plainly(most: int) -> list[tuple[int, int, int, int]]:
    """(one, other, days, products) by comparing every infusion with every other."""
    types, centres = defaultdict(set), defaultdict(set)
    for identifier in PatientIdentifier.objects.all():
        types[identifier.patient_id].add(identifier.type)
    apart = set(KeptApart.objects.filter(ended_at=None).values_list("one", "other"))
    near = defaultdict(list)
    infusions = list(Infusion.objects.filter(status="submitted").select_related("patient"))
    for one in infusions:
        centres[one.patient_id].add(one.centre_id)
        for other in infusions:
            sexes = {one.patient.sex, other.patient.sex}
            if (
                one.patient_id < other.patient_id
                and one.product_id == other.product_id
                and (len(sexes) == 1 or "unknown" in sexes)
                and years_of(one) & years_of(other)
                and days_between(one, other) <= 30
            ):
                near[one.patient_id, other.patient_id].append((one.product_id, days_between(one, other)))
    ranked = []
    for (one, other), found in near.items():
        products, days = len({product for product, _days in found}), min(days for _product, days in found)
        alike, at_one_centre = types[one] & types[other], centres[one] & centres[other]
        level = 2 if "personal" in alike and at_one_centre else int(bool(alike))
        if (one, other) not in apart:
            ranked.append((level, -products, days, one, other))
    return [(one, other, days, -products) for _alike, products, days, one, other in sorted(ranked)[:most]]


def shown() -> list[tuple[int, int, int, int]]:
    return [(pair.one.pk, pair.other.pk, pair.days, pair.products) for pair in find_doubles(by=BY).pairs]


# Any changes of the rows, in any order, with looks between them; the bounds are small, so that each is reached.

CHOOSE = st.integers(0, 30)
DAYS = st.integers(0, 60).map(lambda days: date(2020, 1, 1) + timedelta(days=days))
SEXES, YEARS = st.sampled_from(["female", "female", "male", "unknown"]), st.sampled_from([1970, 1970, 1971, None])
TYPES = st.sampled_from(["personal", "personal", "coordination", "local"])
INFUSION = st.fixed_dictionaries(
    {
        "infused_on": DAYS,
        "date_precision": st.sampled_from(["day", "day", "month", "year"]),
        "age_at_infusion": st.integers(48, 50),
        "status": st.sampled_from(["submitted", "submitted", "submitted", "withdrawn"]),
        "product": st.sampled_from(["Kymriah", "Kymriah", "Yescarta"]),
    }
)
PERSON = st.tuples(st.just("person"), SEXES, YEARS, TYPES, INFUSION)
CHANGES = st.one_of(
    PERSON,
    st.tuples(st.just("infusion"), CHOOSE, INFUSION),
    st.tuples(st.just("infusion changes"), CHOOSE, INFUSION),
    st.tuples(st.just("infusion goes"), CHOOSE),
    st.tuples(st.just("infusion to another"), CHOOSE, CHOOSE),
    st.tuples(st.just("traits"), CHOOSE, SEXES, YEARS),
    st.tuples(st.just("identifier"), CHOOSE, TYPES),
    st.tuples(st.just("identifier to another"), CHOOSE, CHOOSE),
    st.tuples(st.just("identifier goes"), CHOOSE),
    st.tuples(st.just("person goes"), CHOOSE),
    st.tuples(st.just("apart"), CHOOSE, CHOOSE),
    st.tuples(st.just("apart no more"), CHOOSE),
    st.tuples(st.just("infusion to another centre"), CHOOSE),
)
BEGIN = st.lists(PERSON, min_size=8, max_size=8)
THEN = st.lists(st.lists(CHANGES, min_size=1, max_size=3), min_size=8, max_size=8)  # and a look after each


def chosen(model, place: int):
    rows = list(model.objects.order_by("pk"))
    return rows[place % len(rows)] if rows else None


def of_lists(lists, fields) -> dict:
    first = fields["infused_on"].replace(day=1)
    period = {"day": fields["infused_on"], "month": first, "year": first.replace(month=1)}
    day = period[fields["date_precision"]]
    return fields | {"infused_on": day, "product": lists.products[fields["product"]]}


def change(lists, step, *arguments) -> None:
    """Carry out one step on the rows themselves, as any way of changing them does in the end."""
    if step == "person":
        sex, year, type_, fields = arguments
        patient = Patient.objects.create(sex=sex, birth_year=year)
        change(lists, "identifier", -1, type_)
        fields = of_lists(lists, fields)
        centre = lists.centres["UPP"]
        Infusion.objects.create(patient=patient, centre=centre, category="SOC", kind="reinfusion", **fields)
        return
    if step.startswith("apart") or step.endswith("centre"):
        change_pair(lists, step, *arguments)
        return
    row = chosen(Infusion if "infusion" in step else PatientIdentifier if " " in step else Patient, arguments[0])
    person = chosen(Patient, arguments[-1] if step.endswith("another") else arguments[0])
    if step == "person goes":
        Infusion.objects.filter(patient=person).delete()
        person and person.delete()
    elif step == "infusion" and person:
        fields = of_lists(lists, arguments[1])
        centre = lists.centres["STO"]
        Infusion.objects.create(patient=person, centre=centre, category="SOC", kind="reinfusion", **fields)
    elif step == "identifier" and person:
        number = f"{PatientIdentifier.objects.count()} {person.pk} {len(connection.queries_log)}"
        digest = f"{number} {ChangedPerson.objects.count()} {Patient.objects.count()}".encode()
        PatientIdentifier.objects.create(patient=person, type=arguments[1], key_id="k", digest=digest)
    elif row is None or person is None:
        return
    elif step == "infusion changes":
        Infusion.objects.filter(pk=row.pk).update(**of_lists(lists, arguments[1]))
    elif step.endswith("another"):
        type(row).objects.filter(pk=row.pk).update(patient=person)
    elif step.endswith("goes"):
        row.delete()
    elif step == "traits":
        Patient.objects.filter(pk=person.pk).update(sex=arguments[1], birth_year=arguments[2])


def change_pair(lists, step, *arguments) -> None:
    """A decision about a pair, its end, or another centre, which is part of a pair's rank."""
    if step == "apart":
        pair = sorted({person.pk for place in arguments if (person := chosen(Patient, place))})
        if len(pair) == 2:
            KeptApart.objects.create(one_id=pair[0], other_id=pair[1], reason="r", decided_by="b")
    elif step == "apart no more":
        standing = KeptApart.objects.filter(ended_at=None)[:1]
        ended = KeptApart.objects.filter(pk__in=standing.values("pk"))
        ended.update(ended_at=timezone.now(), ended_by="b", ended_reason="r")
    elif infusion := chosen(Infusion, arguments[0]):
        Infusion.objects.filter(pk=infusion.pk).update(centre=lists.centres["FAL"])


@pytest.fixture
def small_bounds(monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_PAIRS", 2)
    monkeypatch.setattr(duplicates, "KEPT", 5)
    monkeypatch.setattr(duplicates, "FEW", 3)


@pytest.mark.parametrize("bounds", ["small", "as they are"])
def test_after_any_changes_the_pairs_are_those_of_a_plain_search(bounds, lists, request):
    if bounds == "small":
        request.getfixturevalue("small_bounds")

    @given(BEGIN, THEN)
    def hold(begin, then):
        with factories.rolled_back():
            for steps in (begin, *then):
                for step in steps:
                    try:
                        with transaction.atomic():
                            change(lists, *step)
                    except IntegrityError:  # the row's place is taken
                        pass
                assert shown() == search_plainly(duplicates.MOST_PAIRS)

    hold()


# The triggers cover every way in which a row may change.


def test_each_table_that_is_searched_marks_each_kind_of_change():
    marks = {
        model.__name__: {trigger.name for trigger in getattr(model._meta, "triggers", ())}
        for model in apps.get_app_config("registry").get_models()
    }
    marks = {name: {one for one in found if one.startswith("marks_person")} for name, found in marks.items()}
    each = {f"marks_person_{change}" for change in ("insert", "update", "delete")}
    assert {name: found for name, found in marks.items() if found} == {
        "Infusion": each, "PatientIdentifier": each, "KeptApart": each, "Patient": {"marks_person_update"},
    }  # fmt: skip
    searched = " ".join(part for part in (duplicates.PAIRS + duplicates.PAIRS_OF).split() if "registry_" in part)
    assert set(re.findall(r"registry_\w+", searched)) == {
        "registry_infusion", "registry_patient", "registry_patientidentifier", "registry_keptapart",
    }  # fmt: skip


@pytest.fixture
def pair(lists):
    """A possible double that has been looked at."""
    one = factories.record(lists, COORDINATION, infused_on="2020-05-05")
    other = factories.record(lists, WOMAN, infused_on="2020-05-25", centre="STO")
    assert len(shown()) == 1
    return one, other


def test_a_correction_a_withdrawal_and_an_import_are_followed(lists, pair, bring):  # noqa: F811
    one, other = pair
    correct_infusion(infusion_id=one.pk, changes={"infused_on": date(2020, 5, 15)}, by=BY, reason="typo")
    assert shown() == [(one.patient_id, other.patient_id, 10, 1)]
    withdraw_infusion(infusion_id=other.pk, by=BY, reason="a mistake")
    assert shown() == []
    row = {"centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "kind": "first"}
    bring([row | {"patient_id": SECOND_WOMAN, "infused_on": "2020-05-14"}])
    assert [days for *_persons, days, _products in shown()] == [1]
    assert shown() == search_plainly(50)


def test_a_merge_and_an_erasure_are_followed(lists, pair):
    one, other = pair
    third = factories.record(lists, SECOND_WOMAN, infused_on="2020-05-26").patient
    assert len(shown()) == 3
    merge_patients(keep=other.patient, absorb=one.patient, by=BY, reason="the same")
    assert shown() == search_plainly(50) == [(other.patient_id, third.pk, 1, 1)]
    erase_patient(patient=third, by=BY, reason="asked for it")
    assert shown() == []


EXACT = {"infused_on": "2020-03-20"}
VAGUE = [
    ({"infused_on": "2020-02-01", "date_precision": "month"}, 20),
    ({"infused_on": "2020-01-01", "date_precision": "year"}, 0),
    ({"infused_on": "2020-04-01", "date_precision": "month"}, 12),
    ({"infused_on": "2019-01-01", "date_precision": "year"}, None),
    ({"infused_on": "2020-01-01", "date_precision": "month"}, None),
]


@pytest.mark.parametrize(("vague", "days"), VAGUE)
@pytest.mark.parametrize("vague_is_later", [False, True])
def test_a_vague_date_is_followed_whichever_is_registered_later(lists, vague, days, vague_is_later):
    first, later = (EXACT, vague) if vague_is_later else (vague, EXACT)
    factories.record(lists, WOMAN, **first)
    assert shown() == []
    factories.record(lists, SECOND_WOMAN, **later)
    assert [found for *_persons, found, _products in shown()] == ([] if days is None else [days])


def test_a_move_changes_no_pair(lists, pair):
    before = shown()
    move_patient(
        patient=pair[0].patient,
        from_centre=lists.centres["UPP"],
        to_centre=lists.centres["UME"],
        by=BY,
        reason="m",
    )
    assert shown() == before == search_plainly(50)


def test_a_row_changed_by_hand_is_followed(lists, pair):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_patient SET sex = 'male' WHERE id = %s", [pair[0].patient_id])
    assert shown() == []
    factories.record(lists, MAN, infused_on="2020-05-06")
    assert shown() == search_plainly(50) != []


def test_emptied_tables_are_followed(lists, pair):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE registry_infusion CASCADE")
    assert shown() == []


def test_many_rows_of_one_statement_are_one_mark(lists, pair):
    patient = Patient.objects.create(sex="female", birth_year=1970)
    day, fields = date(1995, 1, 1), {"centre": lists.centres["UPP"], "category": "SOC", "kind": "reinfusion"}
    fields |= {"patient": patient, "product": lists.products["Kymriah"], "date_precision": "day"}
    fields |= {"age_at_infusion": 25, "status": "submitted"}
    marks = ChangedPerson.objects.values_list("patient", flat=True)
    for rows, mark in ((MOST_MARKED, patient.pk), (MOST_MARKED + 1, None)):
        update_doubles()
        Infusion.objects.bulk_create(
            Infusion(infused_on=day + timedelta(days=place), **fields) for place in range(rows)
        )
        day += timedelta(days=rows)
        assert list(marks.all()) == [mark]
    before = PossibleDoubles.objects.get().pairs
    update_doubles()
    assert PossibleDoubles.objects.get().pairs == before and not marks.all()


def test_each_minute_what_has_changed_is_searched_for(lists, pair):
    factories.record(lists, SECOND_WOMAN, infused_on="2020-05-26")
    assert ChangedPerson.objects.exists()
    sweep()
    assert not ChangedPerson.objects.exists()
    assert len(PossibleDoubles.objects.get().pairs) == 3

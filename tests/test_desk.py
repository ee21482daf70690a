"""The steward's desk: possible double persons, merging, moving and erasing, each with its effect shown before."""

import logging
import uuid
from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from registry.access import Operator
from registry.entry import staging
from registry.entry.doubles import MOST_PAIRS, NEAR_DAYS, find_doubles
from registry.entry.drafts import save_draft
from registry.entry.effect import compare, places_of
from registry.entry.move import MoveImpossible, move_patient
from registry.entry.patients import (
    EffectChanged,
    MergeEffect,
    PatientRefused,
    erase_patient,
    find_patient,
    merge_patients,
)
from registry.entry.questions import answer, ask
from registry.entry.record import correct_infusion, withdraw_infusion
from registry.entry.traces import numbers_of, registry_number_of
from registry.errors import NotFound, NotPermitted
from registry.identity import read_identifier
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
from registry.statistics.build import publish
from registry.statistics.published import read_map
from tests import factories
from tests.test_traces import Everything, read_database, read_settled_valkey, traces_of

WOMAN, MAN = factories.number(birth_number=980), factories.number(birth_number=981)
COORDINATION = factories.number(birth_number=982, coordination=True)
SECOND_WOMAN = factories.number(birth_number=984)
BY = Operator()


def sign_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def address(name, **kwargs) -> str:
    with override("en"):
        return reverse(f"clinic:{name}", kwargs=kwargs)


def number(patient) -> int:
    return Patient.objects.get(pk=patient.pk).registry_number


@pytest.fixture
def steward(lists):
    return factories.user("steward", national_role="steward")


@pytest.fixture
def client(steward):
    return sign_in(steward)


@pytest.fixture
def nurse(lists):
    return factories.user("nurse", lists.centres["UPP"])


# Possible double persons.


def pairs() -> list[tuple[int, int, int]]:
    return [(pair.one.pk, pair.other.pk, pair.days) for pair in find_doubles(by=BY)]


def test_a_person_under_a_coordination_number_and_a_personal_number_is_a_possible_double(lists):
    one = factories.record(lists, COORDINATION, infused_on="2020-05-05").patient
    other = factories.record(lists, WOMAN, infused_on="2020-05-25", centre="STO").patient
    assert pairs() == [(one.pk, other.pk, 20)]
    assert not find_doubles(by=BY)[0].alike


UNLIKE = {
    "another sex": {"patient": MAN},
    "another year of birth": {"patient": factories.number(date(1971, 1, 1), 982)},
    "another product": {"product": "Yescarta"},
    "far apart": {"infused_on": "2020-06-05"},
}


@pytest.mark.parametrize("name", UNLIKE)
def test_unlike_persons_are_no_possible_doubles(lists, name):
    factories.record(lists, WOMAN, infused_on="2020-05-05")
    factories.record(lists, **{"patient": SECOND_WOMAN, "infused_on": "2020-06-04"} | UNLIKE[name])
    assert pairs() == []


def test_thirty_days_are_near_and_thirty_one_are_not(lists):
    assert NEAR_DAYS == 30
    factories.record(lists, WOMAN, infused_on="2020-05-05")
    second = factories.record(lists, SECOND_WOMAN, infused_on="2020-06-04")
    assert [days for *_pair, days in pairs()] == [30]
    correct_infusion(infusion_id=second.pk, changes={"infused_on": date(2020, 6, 5)}, by=BY, reason="typo")
    assert pairs() == []
    correct_infusion(infusion_id=second.pk, changes={"infused_on": date(2020, 4, 5)}, by=BY, reason="typo")
    assert [days for *_pair, days in pairs()] == [30]


@pytest.mark.parametrize(
    ("day", "precision", "days"),
    [
        ("2020-05-01", "month", 0),
        ("2020-06-01", "month", 27),
        ("2020-01-01", "year", 0),
        ("2019-01-01", "year", None),
    ],
)
def test_a_date_known_by_month_or_year_is_near_where_its_period_is(lists, day, precision, days):
    factories.record(lists, WOMAN, infused_on="2020-05-05")
    factories.record(lists, SECOND_WOMAN, infused_on=day, date_precision=precision)
    assert [found for *_pair, found in pairs()] == ([] if days is None else [days])


@pytest.mark.parametrize(("age", "found"), [(49, True), (50, True), (48, False), (51, False)])
def test_what_is_not_known_of_a_person_matches_anything(lists, age, found):
    factories.record(lists, WOMAN, infused_on="2020-05-05")
    factories.record(lists, "local:a1", infused_on="2020-05-05", age_at_infusion=age)
    assert bool(pairs()) == found


def test_two_of_unknown_sex_and_year_are_one_pair_once(lists):
    factories.record(lists, "local:a1", infused_on="2020-05-05", age_at_infusion=50)
    factories.record(lists, "local:a2", infused_on="2020-05-06", age_at_infusion=50)
    assert [days for *_pair, days in pairs()] == [1]


def test_a_withdrawn_infusion_makes_no_possible_double(lists):
    factories.record(lists, WOMAN)
    withdraw_infusion(infusion_id=factories.record(lists, SECOND_WOMAN).pk, by=BY, reason="a mistake")
    assert pairs() == []


def test_the_likeliest_pairs_stand_first_and_the_list_is_bounded(lists, django_assert_num_queries):
    for place in range(12):
        factories.record(lists, factories.nth_number(2 * place), infused_on=date(2020, 1, 1 + place))
    unlike = factories.record(lists, COORDINATION, infused_on="2020-01-29")
    nearest = find_doubles(by=BY)
    assert len(nearest) == MOST_PAIRS < 12 * 11 / 2
    assert all(unlike.patient in (pair.one, pair.other) for pair in nearest[:12])
    assert [pair.alike for pair in nearest] == [False] * 12 + [True] * (MOST_PAIRS - 12)
    days = [pair.days for pair in nearest[12:]]
    assert days == sorted(days)
    with django_assert_num_queries(9):
        find_doubles(by=BY)


def test_the_desk_shows_the_pairs_and_logs_that_they_were_seen(lists, client):
    one = factories.record(lists, COORDINATION).patient
    other = factories.record(lists, WOMAN, infused_on="2020-05-06").patient
    shown = text(client.get(address("desk")))
    assert address("merge", number=number(one), other=number(other)) in shown
    assert "Coordination number" in shown
    lines = AccessLog.objects.filter(actor="steward").order_by("patient")
    assert [(line.unit, line.action, line.patient) for line in lines] == [
        ("steward", "read", number(one)),
        ("steward", "read", number(other)),
    ]


def test_nobody_but_the_steward_may_look_for_doubles(lists, nurse):
    with pytest.raises(NotPermitted):
        find_doubles(by=nurse)


# Finding a person.


@pytest.mark.parametrize("where", ["desk", "merge-with"])
def test_a_person_is_found_by_registry_number_and_by_identifier(lists, client, where):
    infusion = factories.record(lists, WOMAN)
    local = factories.record(lists, "local:a1", age_at_infusion=50, centre="STO")
    kwargs = {} if where == "desk" else {"number": number(local.patient)}
    for typed, found in (
        (WOMAN, infusion.patient), (str(number(infusion.patient)), infusion.patient), ("local:a1", local.patient),
    ):  # fmt: skip
        answer_ = client.post(address(where, **kwargs), {"who": typed})
        to = {"number": number(found)}
        target = address("person", **to) if where == "desk" else address("merge", **kwargs, other=number(found))
        assert answer_.url == target
    searched = AccessLog.objects.filter(action="search", actor="steward").values_list("patient", flat=True)
    assert list(searched) == [number(local.patient), number(infusion.patient)]


def test_one_pseudonym_at_two_centres_names_no_one(lists, client):
    for centre in ("UPP", "STO"):
        factories.record(lists, "local:a1", age_at_infusion=50, centre=centre)
    answer_ = client.post(address("desk"), {"who": "local:a1"})
    assert "The registry knows nobody with this number." in text(answer_)


@pytest.mark.parametrize("typed", ["", "nobody", MAN, "x" * 81, "98", "a\x00b", "<script>"])
def test_a_search_in_vain_says_so_and_forgets_what_was_typed(lists, client, typed):
    answer_ = client.post(address("desk"), {"who": typed})
    assert answer_.status_code == 200
    assert answer_.context["search"].errors["who"]
    assert 'id="id_who_error"' in text(answer_)
    assert MAN not in text(answer_)
    assert "<script>" not in text(answer_).replace('<script src="', "")


@pytest.fixture
def everything_logged():
    """All that is logged, the statements that go to the database among it."""
    handler, loggers = Everything(), [logging.getLogger(name) for name in ("", "django", "django.db.backends")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    for logger in loggers[:2]:
        logger.addHandler(handler)
    connection.force_debug_cursor = True
    yield handler.lines
    connection.force_debug_cursor = False
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_an_identity_number_that_was_searched_for_is_nowhere_afterwards(lists, client, everything_logged):
    patient = factories.record(lists, WOMAN).patient
    auditor = sign_in(factories.user("auditor", national_role="auditor"))
    shown = []
    for typed in (WOMAN, MAN, WOMAN.replace("-", ""), f"{MAN} x"):
        for browser, name, kwargs, field in (
            (client, "desk", {}, "who"),
            (client, "merge-with", {"number": number(patient)}, "who"),
            (client, "extract", {}, "who"),
            (auditor, "access-log", {}, "patient"),
            (auditor, "access-log", {}, "actor"),
        ):
            found = browser.post(address(name, **kwargs), {field: typed})
            assert found.status_code in {200, 302}
            shown += [text(found), str(found.headers)]
    places = {
        "database": read_database(),
        "Valkey": read_settled_valkey(),
        "log": everything_logged,
        "pages": shown,
    }
    for place, texts in places.items():
        joined = "\n".join(texts).lower()
        assert joined or place == "Valkey"
        for searched in (WOMAN, MAN):
            assert [trace for trace in traces_of(searched) if trace in joined] == [], place


# Merging.


@pytest.fixture
def double(lists):
    """One person under two numbers: at Uppsala, and later at Stockholm."""
    one = factories.record(lists, COORDINATION, infused_on="2020-05-05")
    other = factories.record(lists, WOMAN, infused_on="2020-05-25", centre="STO")
    publish()
    return one.patient, other.patient


def national() -> dict:
    return {name: read_map(language="en")["national"][name] for name in ("patients", "infusions", "reinfusions")}


def test_a_merge_shows_both_side_by_side_and_does_what_it_said(double, client):
    keep, absorb = double
    numbers = number(keep), number(absorb)
    where = address("merge", number=numbers[0], other=numbers[1])
    page = client.get(where)
    shown = text(page)
    assert "Coordination number" in shown
    assert "Personal identity number" in shown
    (row,) = page.context["effect"]
    assert (row["centre"], [one["moves"] for one in row["measures"]]) == ("", [-1, 0, 1, 0])
    assert "2 → 1" in shown
    assert "0 → 1" in shown
    sent = {"seen": page.context["seen"], "text": "The number was changed."}
    assert client.post(where, sent).url == address("person", number=numbers[0])
    assert list(Patient.objects.all()) == [keep]
    assert set(keep.infusions.values_list("kind", flat=True)) == {"first", "reinfusion"}
    publish()
    assert national() == {"patients": 1, "infusions": 2, "reinfusions": 1}
    assert Infusion.pgh_event_model.objects.latest("pgh_id").reason == "The number was changed."
    merged = AccessLog.objects.filter(action="merge").values_list("actor", "patient")
    assert sorted(merged) == sorted(("steward", one) for one in numbers)
    assert set(numbers_of(keep)) == set(numbers)


def test_a_merge_whose_effect_has_changed_meanwhile_is_not_done(double, client, lists):
    keep, absorb = double
    where = address("merge", number=number(keep), other=number(absorb))
    seen = client.get(where).context["seen"]
    withdraw_infusion(infusion_id=absorb.infusions.get().pk, by=BY, reason="a mistake")
    answer_ = client.post(where, {"seen": seen, "text": "One person."})
    assert "The records have changed meanwhile" in text(answer_)
    assert answer_.context["form"]["text"].value() == "One person."
    assert Patient.objects.count() == 2
    assert client.post(where, {"seen": answer_.context["seen"], "text": "One person."}).status_code == 302


def test_the_registry_refuses_a_merge_of_another_effect(double):
    with pytest.raises(EffectChanged):
        merge_patients(keep=double[0], absorb=double[1], by=BY, reason="one", expected=MergeEffect(0, 0, 0))


def test_a_merge_that_is_impossible_is_explained_and_has_no_form(lists, client):
    one, other = (factories.record(lists, who).patient for who in (WOMAN, COORDINATION))
    page = client.get(address("merge", number=number(one), other=number(other)))
    assert "Both have an infusion on the same day" in text(page)
    assert 'name="text"' not in text(page)
    answer_ = client.post(address("merge", number=number(one), other=number(other)), {"text": "One."})
    assert "Both have an infusion on the same day" in text(answer_)
    itself = client.get(address("merge", number=number(one), other=number(one)))
    assert "These are one person already." in text(itself)
    assert Patient.objects.count() == 2


WRONG_REASONS = {
    "": "This field is required.",
    " ": "This field is required.",
    "x" * 1001: "at most 1000 characters",
    f"It is {MAN}.": "This looks like an identity number.",
}


@pytest.mark.parametrize("reason", WRONG_REASONS, ids=WRONG_REASONS.values())
@pytest.mark.parametrize("name", ["merge", "move", "erase"])
def test_a_wrong_reason_gets_a_sentence_and_changes_nothing(double, client, name, reason):
    keep, absorb = double
    kwargs = {"number": number(keep)} | ({"other": number(absorb)} if name == "merge" else {})
    rest = {"from_centre": "UPP", "to_centre": "FAL", "shown": "UPP>FAL", "refuses": "no", "confirmed": "yes"}
    before = Infusion.pgh_event_model.objects.count()
    answer_ = client.post(address(name, **kwargs), rest | {"text": reason})
    assert answer_.status_code == 200
    form = answer_.context["form"]
    assert WRONG_REASONS[reason] in " ".join(form.errors["text"])
    assert 'id="id_text_error"' in text(answer_)
    assert form["text"].value() == reason
    assert Infusion.pgh_event_model.objects.count() == before
    assert (Patient.objects.count(), Infusion.objects.filter(centre__code="UPP").count()) == (2, 1)


# Moving.


def test_a_move_shows_its_effect_then_moves_all_of_the_first_centre(lists, client, nurse):
    patient = factories.record(lists, WOMAN, by=nurse).patient
    withdrawn = factories.record(lists, WOMAN, infused_on="2020-06-05", kind="reinfusion", by=nurse)
    withdraw_infusion(infusion_id=withdrawn.pk, by=nurse, reason="a mistake")
    elsewhere = factories.record(lists, WOMAN, infused_on="2021-05-05", kind="reinfusion", centre="STO")
    save_draft(fields={"category": "SOC"}, centre=lists.centres["UPP"], by=nurse, patient=patient)
    publish()
    where = address("move", number=number(patient))
    sent = {"from_centre": "UPP", "to_centre": "STO", "text": "Entered at the wrong centre."}
    page = client.post(where, sent)
    assert page.status_code == 200
    assert "1 draft for this person is thrown away." in text(page)
    moves = {
        (row["centre"], row["category"]): [one["moves"] for one in row["measures"]]
        for row in page.context["effect"]
    }
    assert moves == {
        ("STO", ""): [0, 1, 1, 0],
        ("STO", "SOC"): [0, 1, 1, 0],
        ("UPP", ""): [-1, -1, 0, 0],
        ("UPP", "SOC"): [-1, -1, 0, 0],
    }
    assert Infusion.objects.filter(centre__code="UPP").count() == 2
    assert sign_in(nurse).get(address("person", number=number(patient))).status_code == 200
    done = client.post(where, sent | {"shown": page.context["shown"]}, follow=True)
    assert "What UPP had recorded is STO&#x27;s now." in text(done)
    assert set(Infusion.objects.values_list("centre__code", flat=True)) == {"STO"}
    assert not Draft.objects.exists()
    assert sign_in(nurse).get(address("person", number=number(patient))).status_code == 404
    logged = AccessLog.objects.filter(action="move").values_list("actor", "unit", "infusion")
    assert {infusion for *_who, infusion in logged} == set(
        Infusion.objects.exclude(pk=elsewhere.pk).values_list("pk", flat=True)
    )
    last = Infusion.pgh_event_model.objects.latest("pgh_id")
    assert (last.acted_by, last.reason) == ("steward", "Entered at the wrong centre.")


def test_a_move_that_was_not_shown_is_shown_first(lists, client):
    patient = factories.record(lists, WOMAN).patient
    sent = {"from_centre": "UPP", "to_centre": "STO", "text": "Wrong centre.", "shown": "UPP>UME"}
    assert client.post(address("move", number=number(patient)), sent).context["shown"] == "UPP>STO"
    assert Infusion.objects.get().centre.code == "UPP"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("from_centre", "", "This field is required."),
        ("from_centre", "STO", "Select a valid choice."),
        ("from_centre", "<script>", "Select a valid choice."),
        ("to_centre", "", "This field is required."),
        ("to_centre", "ORE", "Select a valid choice."),
        ("to_centre", "x" * 5000, "Select a valid choice."),
        ("to_centre", "UPP", "Choose another centre than the one where it stands."),
    ],
)
def test_a_wrong_centre_gets_a_sentence(lists, client, field, value, sentence):
    patient = factories.record(lists, WOMAN).patient
    sent = {"from_centre": "UPP", "to_centre": "STO", "text": "Wrong.", "shown": "UPP>STO"} | {field: value}
    answer_ = client.post(address("move", number=number(patient)), sent)
    assert sentence in " ".join(answer_.context["form"].errors[field])
    assert "<script>" not in text(answer_).replace('<script src="', "")
    assert answer_.context["form"]["text"].value() == "Wrong."
    assert Infusion.objects.get().centre.code == "UPP"


def test_the_registry_refuses_an_impossible_move_whoever_calls(lists, nurse):
    patient = factories.record(lists, WOMAN).patient
    uppsala, stockholm, orebro = (lists.centres[code] for code in ("UPP", "STO", "ORE"))
    for between, error in (
        ((uppsala, uppsala), MoveImpossible),
        ((uppsala, orebro), MoveImpossible),
        ((stockholm, uppsala), NotFound),
    ):
        with pytest.raises(error):
            move_patient(patient=patient, from_centre=between[0], to_centre=between[1], by=BY, reason="wrong")
    with pytest.raises(NotPermitted):
        move_patient(patient=patient, from_centre=uppsala, to_centre=stockholm, by=nurse, reason="wrong")


# The effect on the numbers is what the statistics count.


def published() -> dict:
    """By centre and category, as the published map has it."""
    document = read_map(language="en")
    cells = {("", ""): document["national"]}
    for centre in document["centres"]:
        cells[centre["code"], ""] = centre
        cells |= {(centre["code"], row["category"]): row for row in centre["categories"]}
    measures = ("patients", "infusions", "reinfusions", "further_doses")
    return {(cell, name): row[name] for cell, row in cells.items() for name in measures}


def moved(before: dict, after: dict) -> dict:
    found = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    return {key: by for key, by in found.items() if by}


def said(rows) -> dict:
    return {((row.centre, row.category), name): by for row in rows for name, by in row.moves.items() if by}


COURSES = {
    WOMAN: [
        ("2020-05-05", "UPP", "SOC", None), ("2020-05-15", "UPP", "SOC", "further_dose"),
        ("2021-05-05", "STO", "SOC", "reinfusion"), ("2022-05-05", "UPP", "CUP", "reinfusion"),
    ],
    COORDINATION: [
        ("2019-05-05", "STO", "SOC", None), ("2021-06-05", "UPP", "SOC", "reinfusion"),
        ("2021-06-15", "UPP", "SOC", "further_dose"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("change", ["merge", "merge the other way", "move", "erase"])
def test_the_effect_that_is_said_is_what_the_next_snapshot_counts(lists, change):
    for who, course in COURSES.items():
        for day, centre, category, kind in course:
            factories.record(lists, who, infused_on=day, centre=centre, category=category, kind=kind)
    factories.record(lists, MAN)
    one, other = (find_patient(read_identifier(who, centre="UPP")) for who in COURSES)
    keep, absorb = (other, one) if change == "merge the other way" else (one, other)
    publish()
    before = published()
    places = places_of(Infusion.objects.filter(patient__in=[one, other]).select_related("centre"))
    if change.startswith("merge"):
        after = [place.of(keep.pk) for place in places]
        merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    elif change == "move":
        places = [place for place in places if place.person == one.pk]
        after = [place.at("STO") if place.centre == "UPP" else place for place in places]
        centres = {"from_centre": lists.centres["UPP"], "to_centre": lists.centres["STO"]}
        move_patient(patient=one, **centres, by=BY, reason="wrong centre")
    else:
        places, after = [place for place in places if place.person == one.pk], []
        erase_patient(patient=one, by=BY, reason="asked for it")
    publish()
    expected = moved(before, published())
    assert len(expected) > 3
    assert said(compare(places, after)) == expected


# Erasing.


@pytest.fixture
def traced(lists, nurse, steward):
    """A person who was merged, of whom the registry holds something in every place; the keys of it all."""
    first = factories.record(lists, WOMAN, by=nurse, batch="B4711")
    factories.record(lists, MAN)
    second = factories.record(lists, COORDINATION, infused_on="2021-05-05", centre="STO")
    absorbed = registry_number_of(second.patient_id)
    question = ask(infusion_id=first.pk, text="Is the date right, Uppsala?", by=steward)
    answer(question_id=question.pk, text="Yes, it is right.", by=nurse)
    merge_patients(keep=first.patient, absorb=second.patient, by=steward, reason="one person")
    correct_infusion(infusion_id=first.pk, changes={"batch": "B4712"}, by=nurse, reason="typo in the batch")
    save_draft(fields={"batch": "B4713"}, centre=lists.centres["UPP"], by=nurse, patient=first.patient)
    job = ImportJob.objects.create(uploaded_by=nurse, state="checked", finished_at=timezone.now())
    for line, who in ((2, WOMAN), (3, MAN), (4, COORDINATION)):
        _kept, chain = staging.keep_draft(factories.draft(lists, who))
        ImportRow.objects.create(job=job, line=line, cells={"batch": f"F{line}"}, chain=chain)
        ImportProblem.objects.create(
            job=job, line=line, field="batch", code="odd", sentence=f"Row {line} is odd.", warning=True
        )
    for key, answered in (("a", {"id": str(first.pk)}), ("b", {"patient": absorbed}), ("c", {"id": "another"})):
        IdempotencyKey.objects.create(owner=nurse, key=key, request_digest=b"1", status=201, answer=answered)
    patient = Patient.objects.get(pk=first.patient_id)
    return {
        "patient": patient,
        "absorbed": absorbed,
        "keys": [str(first.pk), str(second.pk), "B4711", "B4712", "B4713", "Is the date right", "it is right"],
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
    persons = [patient.pk, traced["absorbed"] // 100]
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
    publish()
    where = address("erase", number=patient.registry_number)
    page = client.get(where)
    shown = text(page)
    for words in ("2 infusions", "1 question", "1 draft", "2 rows of uploaded files", "2 kept answers"):
        assert words in shown
    assert f"{page.context['traces'].history} rows of history" in shown
    nation = page.context["effect"][0]["measures"]
    assert [(one["now"], one["then"]) for one in nation] == [(2, 1), (3, 1), (1, 0), (0, 0)]
    done = client.post(where, {"text": "Patient's letter.", "refuses": "yes", "confirmed": "yes"}, follow=True)
    assert "The person is erased, with 2 infusions and" in text(done)
    assert client.get(where).status_code == 404
    assert Erasure.objects.get().reason == "Patient's letter."
    assert Refusal.objects.count() == 2
    publish()
    assert national() == {"patients": 1, "infusions": 1, "reinfusions": 0}
    assert AccessLog.objects.filter(action="erase").values_list("actor", flat=True).get() == "steward"


@pytest.mark.parametrize(("refuses", "again"), [("yes", False), ("no", True)])
def test_whoever_refuses_is_not_registered_again(lists, client, refuses, again):
    patient = factories.record(lists, WOMAN).patient
    sent = {"text": "Asked for it.", "refuses": refuses, "confirmed": "yes"}
    client.post(address("erase", number=number(patient)), sent)
    if again:
        factories.record(lists, WOMAN)
    else:
        with pytest.raises(PatientRefused):
            factories.record(lists, WOMAN)


@pytest.mark.parametrize(
    ("field", "value"), [("refuses", ""), ("refuses", "perhaps"), ("confirmed", ""), ("confirmed", "no")]
)
def test_an_unconfirmed_erasure_is_not_done(lists, client, field, value):
    patient = factories.record(lists, WOMAN).patient
    sent = {"text": "Asked for it.", "refuses": "yes", "confirmed": "yes"} | {field: value}
    answer_ = client.post(address("erase", number=number(patient)), {key: one for key, one in sent.items() if one})
    assert answer_.context["form"].errors[field]
    assert answer_.context["form"]["text"].value() == "Asked for it."
    assert Patient.objects.count() == 1


# Who may, and what it costs.


@pytest.mark.parametrize("role", ["nurse", "other", "auditor", "outsider"])
def test_for_anyone_else_no_page_of_the_desk_exists(double, lists, nurse, role):
    user = {
        "nurse": lambda: nurse,
        "other": lambda: factories.user("other", lists.centres["STO"], role="lead"),
        "auditor": lambda: factories.user("auditor", national_role="auditor"),
        "outsider": lambda: factories.user("outsider"),
    }[role]()
    client, before = sign_in(user), AccessLog.objects.count()
    real, made_up = {"number": number(double[0])}, {"number": 10**12}
    pairs_ = [("desk", {}, {}), ("merge-with", real, made_up), ("move", real, made_up), ("erase", real, made_up)]
    pairs_.append(("merge", real | {"other": number(double[1])}, made_up | {"other": 195}))
    sent = {
        "text": "x",
        "refuses": "no",
        "confirmed": "yes",
        "from_centre": "UPP",
        "to_centre": "STO",
        "who": WOMAN,
    }
    answers = [
        call(address(name, **kwargs))
        for name, *both in pairs_
        for kwargs in both
        for call in (client.get, lambda where: client.post(where, sent))
    ]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    assert AccessLog.objects.count() == before
    assert Patient.objects.count() == 2


def test_a_registry_number_that_nobody_has_is_not_found(double, client):
    for made_up in (98, 10**12, 10**30):
        for name in ("merge-with", "move", "erase"):
            assert client.get(address(name, number=made_up)).status_code == 404
        assert client.get(address("merge", number=number(double[0]), other=made_up)).status_code == 404
    assert client.get(address("question-ask", infusion_id=uuid.uuid4())).status_code == 404


QUERIES = {"desk": 12, "merge-with": 11, "merge": 26, "move": 12, "erase": 26}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("more", [0, 5])
def test_a_page_asks_no_more_of_the_database_for_a_longer_course(
    double, lists, client, name, more, django_assert_num_queries
):
    keep, absorb = double
    for place in range(more):
        factories.record(lists, WOMAN, infused_on=date(2022, 1, 1 + place), kind="reinfusion")
        factories.record(lists, factories.nth_number(2 * place + 2), infused_on=date(2020, 5, 1 + place))
    kwargs = {} if name == "desk" else {"number": number(keep)}
    kwargs |= {"other": number(absorb)} if name == "merge" else {}
    client.get(address(name, **kwargs))
    with django_assert_num_queries(QUERIES[name]):
        client.get(address(name, **kwargs))


def test_a_registry_number_by_key_is_the_stored_one(lists):
    patient = factories.record(lists, WOMAN).patient
    assert registry_number_of(patient.pk) == number(patient)

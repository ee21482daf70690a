"""Merging looks at persons; merging, moving and erasing do what the page showed, cell by cell, or nothing."""

from datetime import date
from functools import partial
from itertools import permutations

import pytest
from django.utils.translation import override

from registry.choices import Category
from registry.entry.infusions.record import correct_infusion, record_infusion, withdraw_infusion
from registry.entry.patients.comparison import has_other_birth
from registry.entry.patients.count_effect import EffectChanged
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import check_merge, merge_patients
from registry.entry.patients.move import move_patient
from registry.entry.publish_request import queue_publication
from registry.errors import MergeImpossible, NotFound, NotPermitted
from registry.identity import read_identifier
from registry.models import AccessLog, Draft, Infusion, Patient, Question
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories
from tests.desk import BY, address, number, sign_in, text

pytestmark = pytest.mark.django_db

PERSONAL = factories.number(date(1970, 1, 1), 980)  # a woman's
SAME_YEAR = factories.number(date(1970, 11, 30), 981)  # a man's
OTHER_YEAR = factories.number(date(1985, 7, 7), 982)
COORDINATION = factories.number(date(1970, 1, 1), 983, coordination=True)  # a man's
COORDINATION_OTHER = factories.number(date(1985, 7, 7), 985, coordination=True)
RESERVE = "reserve:991234567897"
LOCAL = "local:7"


@pytest.fixture
def client(lists):
    return sign_in(factories.user("steward", national_role="steward"))


def person(lists, who, day="2020-05-05", **fields) -> Patient:
    return factories.record(lists, who, infused_on=day, **fields).patient


@pytest.mark.parametrize(
    ("one", "other"), [(PERSONAL, OTHER_YEAR), (OTHER_YEAR, PERSONAL), (PERSONAL, COORDINATION_OTHER),
                       (COORDINATION, COORDINATION_OTHER)],
)  # fmt: skip
def test_two_numbers_with_different_dates_of_birth_need_a_why(lists, client, one, other):
    keep, absorb = person(lists, one), person(lists, other, "2021-05-05", centre="STO")
    where = address("merge", number=number(keep), other=number(absorb))
    page = client.get(where)
    assert 'name="explanation"' in text(page)
    sent = {"seen": page.context["seen"], "text": "One person."}
    refused = client.post(where, sent)
    assert [error.code for error in refused.context["form"].errors.as_data()["explanation"]] == [
        "merge_unexplained"
    ]
    assert Patient.objects.count() == 2
    for blank in ("", "  "):
        with pytest.raises(MergeImpossible) as unexplained:
            merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person", explanation=blank)
        assert unexplained.value.code == "merge_unexplained"
    number_in_it = client.post(where, sent | {"explanation": f"It is {PERSONAL}."})
    assert "This looks like an identity number." in text(number_in_it)
    assert Patient.objects.count() == 2
    assert client.post(where, sent | {"explanation": "The tax agency corrected the date."}).status_code == 302
    assert Patient.objects.count() == 1
    reasons = set(Infusion.pgh_event_model.objects.values_list("reason", flat=True))
    assert "One person. The tax agency corrected the date." in reasons
    publish()
    assert verify().differences == []


def test_two_dates_of_birth_in_one_year_are_told_by_the_ages(lists, client):
    """50 on 1 December is nobody's who is 49 a month later."""
    keep = person(lists, PERSONAL, "2020-05-05")  # 50
    absorb = person(lists, SAME_YEAR, "2020-11-29", centre="STO")  # 49
    with pytest.raises(MergeImpossible) as unexplained:
        merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    assert unexplained.value.code == "merge_unexplained"


@pytest.mark.parametrize(("one", "other"), [(PERSONAL, COORDINATION), (PERSONAL, LOCAL), (LOCAL, "local:8")])
def test_persons_who_may_be_one_need_no_why(lists, client, one, other):
    age = {"age_at_infusion": 51}
    keep = person(lists, one, **({"age_at_infusion": 50} if one == LOCAL else {}))
    absorb = person(lists, other, "2021-05-05", **({} if other == COORDINATION else age))
    page = client.get(address("merge", number=number(keep), other=number(absorb)))
    assert 'name="explanation"' not in text(page)
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    assert Patient.objects.count() == 1


@pytest.mark.parametrize("who", [PERSONAL, "local:8"])
def test_typed_ages_that_contradict_each_other_are_put_right_first(lists, client, who):
    keep = person(lists, who, **({"age_at_infusion": 50} if who != PERSONAL else {}))
    absorb = person(lists, LOCAL, "2021-05-05", age_at_infusion=7)
    for pair in ((keep, absorb), (absorb, keep)):
        page = client.get(address("merge", number=number(pair[0]), other=number(pair[1])))
        assert "contradict each other" in text(page)
        assert 'name="text"' not in text(page)
        for step in (partial(check_merge), partial(merge_patients, by=BY, reason="one", explanation="because")):
            with pytest.raises(MergeImpossible) as refused:
                step(keep=pair[0], absorb=pair[1])
            if step.func is check_merge:
                assert refused.value.code == "ages_contradict"
    changes = {"age_at_infusion": 51}
    correct_infusion(infusion_id=absorb.infusions.get().pk, changes=changes, by=BY, reason="journal")
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("better", "typed"),
    [
        ((PERSONAL, {}), (LOCAL, {"age_at_infusion": 51, "sex": "male"})),
        ((PERSONAL, {}), (COORDINATION, {})),
        ((COORDINATION, {}), (LOCAL, {"age_at_infusion": 51, "sex": "female"})),
        ((COORDINATION, {}), (LOCAL, {"age_at_infusion": 51})),
    ],
)
def test_the_better_number_says_sex_and_year_of_birth(lists, better, typed, turned):
    said = person(lists, better[0], **better[1])
    other = person(lists, typed[0], "2021-05-05", centre="STO", **typed[1])
    sex, birth_year = said.sex, said.birth_year
    keep, absorb = (other, said) if turned else (said, other)
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    merged = Patient.objects.get()
    assert (merged.pk, merged.sex, merged.birth_year) == (keep.pk, sex, birth_year) == (keep.pk, sex, 1970)


def test_a_sex_that_is_known_survives_one_that_is_not(lists):
    keep = person(lists, LOCAL, age_at_infusion=50)
    absorb = person(lists, "local:8", "2021-05-05", age_at_infusion=51, sex="male")
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    assert Patient.objects.get().sex == "male"


def test_ages_after_an_explained_merge_can_be_put_right(lists):
    """Both rows of the wrong number carry its age: each can be corrected, and a new row stored."""
    centre = {"centre": "UPP"}
    keep = person(lists, PERSONAL, "2020-05-05", **centre)
    absorb = person(lists, COORDINATION_OTHER, "2021-05-05", centre="UPP")
    factories.record(lists, COORDINATION_OTHER, infused_on="2022-05-05", kind="reinfusion")
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one", explanation="a wrong coordination number")
    reporter = factories.user("upp", lists.centres["UPP"])
    for wrong in Infusion.objects.filter(age_at_infusion__lt=40).order_by("infused_on"):
        right = wrong.infused_on.year - 1970
        correct_infusion(infusion_id=wrong.pk, changes={"age_at_infusion": right}, by=reporter, reason="number")
    stated = factories.stated(lists, PERSONAL, infused_on="2023-05-05", kind="reinfusion")
    assert record_infusion(stated=stated, by=reporter).age_at_infusion == 53


# What the page showed


@pytest.fixture
def pair(lists):
    keep = person(lists, PERSONAL, category="CUP")
    factories.record(lists, PERSONAL, infused_on="2020-08-05", kind="reinfusion", category="CUP")
    absorb = person(lists, COORDINATION, "2021-05-05", category="CUP")
    publish()
    return keep, absorb


def meanwhile(infusion, **changes) -> None:
    """What someone else corrects between the page and the press."""
    correct_infusion(infusion_id=infusion.pk, changes=changes, by=BY, reason="meanwhile")


CHANGES = {
    "category": {"category": Category.SOC},
    "kind": {"kind": "further_dose"},
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("action", ["merge", "move", "erase"])
def test_an_effect_that_has_changed_in_any_cell_is_shown_again(pair, lists, client, action, change):
    keep, absorb = pair
    later = (
        absorb.infusions.get()
        if action == "merge" and change == "category"
        else keep.infusions.get(kind="reinfusion")
    )
    kwargs = {"number": number(keep)} | ({"other": number(absorb)} if action == "merge" else {})
    sent = {
        "merge": {"text": "One person."},
        "move": {"from_centre": "UPP", "to_centre": "STO", "text": "Wrong centre.", "shown": "UPP>STO"},
        "erase": {"refuses": "no", "confirmed": "yes", "text": "Asked for."},
    }[action]
    where = address(action, **kwargs)
    if action == "move":
        shown = client.post(where, {name: value for name, value in sent.items() if name != "shown"})
    else:
        shown = client.get(where)
    seen = {"seen": shown.context["seen"]}
    assert f'name="seen" value="{seen["seen"]}"' in text(shown)
    before = set(Infusion.objects.values_list("pk", "centre", "patient"))
    meanwhile(later, **CHANGES[change])
    expected_to_change = not (action == "merge" and change == "kind")
    answer = client.post(where, sent | seen)
    if expected_to_change:
        assert answer.status_code == 200
        assert "The records have changed meanwhile" in text(answer)
        assert set(Infusion.objects.values_list("pk", "centre", "patient")) == before
        again = {"seen": answer.context["seen"]}
        assert again != seen
        assert client.post(where, sent | again).status_code == 302
    else:  # the same cells move as far: what was shown is what is done
        assert answer.status_code == 302
    assert set(Infusion.objects.values_list("pk", "centre", "patient")) != before


def test_a_cell_that_the_merge_leaves_alone_was_shown_too(lists, client):
    """Two of different centres: only the nation moves, and the page says where either was treated."""
    keep = person(lists, PERSONAL, category="CUP")
    absorb = person(lists, COORDINATION, "2021-05-05", category="ICT", centre="STO")
    where = address("merge", number=number(keep), other=number(absorb))
    seen = {"text": "One person.", "seen": client.get(where).context["seen"]}
    meanwhile(keep.infusions.get(), category=Category.SOC)
    answer = client.post(where, seen)
    assert "The records have changed meanwhile" in text(answer)
    assert Patient.objects.count() == 2
    assert client.post(where, seen | {"seen": answer.context["seen"]}).status_code == 302
    assert Patient.objects.count() == 1


def test_the_functions_compare_what_was_seen(pair, lists):
    keep, absorb = pair
    centres = {"from_centre": lists.centres["UPP"], "to_centre": lists.centres["STO"]}
    for act in (
        partial(merge_patients, keep=keep, absorb=absorb),
        partial(move_patient, patient=keep, **centres),
        partial(erase_patient, patient=keep),
    ):
        with pytest.raises(EffectChanged):
            act(by=BY, reason="for a test", seen="")
    assert Patient.objects.count() == 2


# Nothing is done that no page has shown


ACTS = {
    "merge": {"text": "One person."},
    "move": {"from_centre": "UPP", "to_centre": "STO", "text": "Wrong centre.", "shown": "UPP>STO"},
    "erase": {"refuses": "no", "confirmed": "yes", "text": "Asked for."},
}


def place_of(action, keep, absorb) -> str:
    return address(action, number=number(keep), **({"other": number(absorb)} if action == "merge" else {}))


def show(client, action, where) -> str:
    """What the page carries that shows the effect."""
    shown = client.get(where) if action != "move" else client.post(where, ACTS["move"] | {"shown": ""})
    return shown.context["seen"]


@pytest.mark.parametrize("seen", [None, "", " ", ";", "0" * 64, "the effect of another"])
@pytest.mark.parametrize("action", ACTS)
def test_what_was_not_shown_is_shown_and_asked_again(pair, lists, client, action, seen):
    keep, absorb = pair
    where = place_of(action, keep, absorb)
    if seen == "the effect of another":
        other = place_of("erase", absorb, keep) if action != "erase" else place_of("merge", keep, absorb)
        seen = client.get(other).context["seen"]
    before = set(Infusion.objects.values_list("pk", "centre", "patient"))
    answer = client.post(where, ACTS[action] | ({} if seen is None else {"seen": seen}))
    assert answer.status_code == 200
    assert set(Infusion.objects.values_list("pk", "centre", "patient")) == before
    assert "Effect on the numbers" in text(answer)
    assert "look at it again" in text(answer)
    assert answer.context["form"]["text"].value() == ACTS[action]["text"]
    again = answer.context["seen"]
    assert f'name="seen" value="{again}"' in text(answer)
    assert client.post(where, ACTS[action] | {"seen": again}).status_code == 302
    assert set(Infusion.objects.values_list("pk", "centre", "patient")) != before


# What moves each measure of the cells where the persons stand, and none of the others.
MEANWHILE = {
    "children": {"age_at_infusion": 12},
    "the first date": {"infused_on": date(2019, 3, 3), "age_at_infusion": 14},
    "its precision": {"infused_on": date(2020, 5, 1), "date_precision": "month", "age_at_infusion": 15},
    "products": {"product": "Yescarta"},
    "the table by indication": {"indication": "C83.3"},
    "the table by site": {"manufacturing_site": "VECURA"},
    "the table by trial": {"trial": "NCT99000001"},
    "the table by sex": {"sex": "male"},
}
LISTED = {"product": "products", "indication": "indications", "manufacturing_site": "sites", "trial": "trials"}


@pytest.mark.parametrize("measure", MEANWHILE)
@pytest.mark.parametrize("action", ACTS)
def test_every_published_measure_of_a_cell_is_compared(lists, client, action, measure):
    """A reserve number has no date of birth, so that the age of 20 may be put right as 12."""
    age = {"age_at_infusion": 20 if measure == "children" else 15}
    keep = person(lists, RESERVE, category="CUP", **age)
    absorb = person(lists, "local:8", "2020-09-09", category="CUP", **age)
    where = place_of(action, keep, absorb)
    seen = show(client, action, where)
    for one in [keep, absorb] if measure == "children" else [keep]:
        changes = {
            name: getattr(lists, LISTED[name])[value] if name in LISTED else value
            for name, value in MEANWHILE[measure].items()
        }
        if "sex" in changes:
            Patient.objects.filter(pk=one.pk).update(**changes)
        else:
            meanwhile(one.infusions.get(), **changes)
    answer = client.post(where, ACTS[action] | {"seen": seen})
    assert "The records have changed meanwhile" in text(answer)
    assert Infusion.objects.filter(centre__code="UPP", patient__in=[keep, absorb]).count() == 2
    assert client.post(where, ACTS[action] | {"seen": answer.context["seen"]}).status_code == 302


def test_the_effect_shows_the_children(lists, client):
    keep = person(lists, RESERVE, age_at_infusion=15)
    absorb = person(lists, "local:8", "2020-09-09", age_at_infusion=15)
    publish()
    page = client.get(place_of("merge", keep, absorb))
    assert "Children" in text(page)
    nation = page.context["effect"][0]
    assert [one["moves"] for one in nation["measures"]] == [-1, 0, 1, 0, -1]
    assert (nation["measures"][-1]["now"], nation["measures"][-1]["then"]) == (2, 1)
    moved = client.post(place_of("move", keep, absorb), ACTS["move"] | {"shown": ""})
    by_cell = {(row["centre"], row["category"]): row["measures"][-1]["moves"] for row in moved.context["effect"]}
    assert by_cell == {("STO", ""): 1, ("STO", "SOC"): 1, ("UPP", ""): -1, ("UPP", "SOC"): -1}


# Ages that contradict each other once two are one


def asked(code="age_after_merge") -> set:
    rows = Question.objects.filter(rule=code).values_list("infusion__centre__code", "infusion__infused_on")
    return {f"{centre} {day}" for centre, day in rows}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # The personal number's year holds: what the other number said is asked for, whoever is kept.
        (PERSONAL, COORDINATION_OTHER, {"STO 2021-05-05", "UPP 2021-11-29"}),
        # One year, and no birthday for 50 on one 29 November and on the next: either may be wrong.
        (PERSONAL, SAME_YEAR, {"UPP 2020-11-29", "UPP 2021-11-29"}),
    ],
)
def test_each_age_that_an_explained_merge_contradicts_is_asked_for(lists, one, other, expected, turned):
    keep = person(lists, one, "2020-11-29")
    absorb = person(lists, other, "2021-05-05", centre="STO")
    factories.record(lists, other, infused_on="2021-11-29", kind="reinfusion")
    pair = (absorb, keep) if turned else (keep, absorb)
    merge_patients(keep=pair[0], absorb=pair[1], by=BY, reason="one", explanation="a wrong number")
    assert asked() == expected
    texts = set(Question.objects.filter(rule="age_after_merge").values_list("text", flat=True))
    assert texts == {
        "This person was merged with one of another date of birth: is the age at this infusion right?"
    }


def test_ages_that_fit_are_not_asked_for(lists):
    """Two dates in one month, an explanation, and ages that either of them gives."""
    keep = person(lists, PERSONAL)
    absorb = person(lists, factories.number(date(1970, 1, 20), 984), "2021-05-05", centre="STO")
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one", explanation="a wrong number")
    assert asked() == set()


@pytest.mark.parametrize("turned", [False, True])
def test_a_personal_number_of_another_date_beats_a_coordination_number(lists, turned):
    said = person(lists, PERSONAL)
    other = person(lists, COORDINATION_OTHER, "2021-05-05", centre="STO")
    Patient.objects.filter(pk=other.pk).update(sex="male")
    keep, absorb = (other, said) if turned else (said, other)
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person", explanation="a wrong number")
    assert Patient.objects.values_list("pk", "sex", "birth_year").get() == (keep.pk, "female", 1970)
    changed = Patient.pgh_event_model.objects.filter(pgh_obj_id=keep.pk, pgh_label="update")
    told = [(one.sex, one.birth_year, one.acted_by, one.reason) for one in changed.order_by("-pgh_id")[:1]]
    assert told == ([("female", 1970, "operator", "one person a wrong number")] if turned else [])


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_of_three_the_best_number_holds_in_whatever_order_they_are_merged(lists, order):
    """A pseudonym's typed sex, a coordination number, a personal number."""
    three = [
        person(lists, LOCAL, age_at_infusion=50, sex="male"),
        person(lists, COORDINATION, "2021-05-05", centre="STO"),
        person(lists, PERSONAL, "2022-05-05"),
    ]
    one, other, last = (three[place] for place in order)
    merge_patients(keep=one, absorb=other, by=BY, reason="one person")
    merge_patients(keep=last, absorb=one, by=BY, reason="one person")
    assert Patient.objects.values_list("pk", "sex", "birth_year").get() == (last.pk, "female", 1970)
    assert last.identifiers.count() == 3


# What a merge takes along, and what it leaves alone.

BYSTANDER = factories.number(date(1970, 1, 1), 987)


def as_stored(patient) -> list[tuple]:
    rows = patient.infusions.order_by("infused_on", "sequence")
    return [(one.centre.code, str(one.infused_on), one.kind, one.status) for one in rows]


@pytest.fixture
def courses(lists):
    """Two of one date of birth, with two and three infusions; and someone who has nothing to do with them."""
    keep = person(lists, PERSONAL, "2020-05-05")
    factories.record(lists, PERSONAL, infused_on="2020-05-15", kind="further_dose")
    absorb = person(lists, COORDINATION, "2019-05-05", centre="STO")
    factories.record(lists, COORDINATION, infused_on="2021-05-05", kind="reinfusion", centre="STO")
    factories.record(lists, COORDINATION, infused_on="2022-05-05", kind="reinfusion")
    other = person(lists, BYSTANDER, "2020-05-05")
    factories.record(lists, BYSTANDER, infused_on="2018-05-05", former_first_becomes="reinfusion", kind="first")
    return keep, absorb, other


def test_a_merge_takes_all_along_and_touches_nobody_else(courses, lists, django_capture_on_commit_callbacks):
    keep, absorb, other = courses
    nurse = factories.user("nurse", lists.centres["UPP"])
    for patient in (keep, absorb, absorb, other):
        Draft.objects.create(centre=lists.centres["UPP"], fields={}, saved_by=nurse, patient=patient)
    numbers = {keep.registry_number, absorb.registry_number}
    left_alone = as_stored(other), other.history_rows.count()
    with django_capture_on_commit_callbacks() as queued:
        rows = merge_patients(keep=keep, absorb=absorb, by=BY, reason="  one person  ")
    assert (rows[0].cell.by, rows[0].moves["patients"]) == ((), -1)
    assert as_stored(keep) == [
        ("STO", "2019-05-05", "first", "submitted"), ("UPP", "2020-05-05", "reinfusion", "submitted"),
        ("UPP", "2020-05-15", "further_dose", "submitted"), ("STO", "2021-05-05", "reinfusion", "submitted"),
        ("UPP", "2022-05-05", "reinfusion", "submitted"),
    ]  # fmt: skip
    assert keep.identifiers.count() == 2 and keep.drafts.count() == 3
    assert set(Patient.objects.all()) == {keep, other}
    assert (as_stored(other), other.history_rows.count(), other.drafts.count()) == (*left_alone, 1)
    logged = AccessLog.objects.filter(action="merge")
    assert {(one.patient, one.actor) for one in logged} == {(number, "operator") for number in numbers}
    reasons = Infusion.pgh_event_model.objects.filter(pgh_label="update").values_list("reason", flat=True)
    assert "one person" in set(reasons)
    assert queue_publication in queued


def test_what_is_withdrawn_goes_along_and_decides_nothing(lists):
    """A withdrawn row of the same day stands in nobody's way, and a withdrawn earlier one makes no first late."""
    keep = person(lists, PERSONAL, "2020-05-05")
    gone = factories.record(lists, PERSONAL, infused_on="2021-05-05", kind="reinfusion")
    absorb = person(lists, COORDINATION, "2021-05-05", centre="STO")
    early = factories.record(lists, COORDINATION, infused_on="2018-05-05", centre="STO", kind="first",
                             former_first_becomes="reinfusion")  # fmt: skip
    for row in (gone, early):
        withdraw_infusion(infusion_id=row.pk, by=BY, reason="never given")
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    assert set(as_stored(keep)) == {
        ("STO", "2018-05-05", "first", "withdrawn"), ("UPP", "2020-05-05", "first", "submitted"),
        ("UPP", "2021-05-05", "reinfusion", "withdrawn"), ("STO", "2021-05-05", "reinfusion", "submitted"),
    }  # fmt: skip
    publish()
    assert verify().differences == []


def test_one_day_with_one_sequence_is_of_two_persons_until_it_is_put_right(courses, lists):
    keep, absorb, _other = courses
    there = factories.record(lists, COORDINATION, infused_on="2020-05-05", kind="reinfusion", centre="STO")
    for step in (partial(check_merge), partial(merge_patients, by=BY, reason="one person")):
        with override("en"), pytest.raises(MergeImpossible, match="same day"):
            step(keep=keep, absorb=absorb)
    correct_infusion(infusion_id=there.pk, changes={"sequence": 2}, by=BY, reason="the second of the day")
    assert check_merge(keep=keep, absorb=absorb) is None
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    assert [str(day) for _centre, day, kind, _status in as_stored(keep) if kind == "first"] == ["2019-05-05"]


def test_a_merge_is_refused_of_one_person_of_one_who_is_gone_and_to_whom_may_not(courses, lists):
    keep, absorb, other = courses
    for role in ({"national_role": "auditor"}, {}):
        actor = factories.user(f"not {role}", lists.centres["UPP"], **role)
        with pytest.raises(NotPermitted):
            merge_patients(keep=keep, absorb=absorb, by=actor, reason="one person")
    with override("en"), pytest.raises(MergeImpossible, match="already"):
        merge_patients(keep=keep, absorb=Patient.objects.get(pk=keep.pk), by=BY, reason="one person")
    erase_patient(patient=Patient.objects.get(pk=absorb.pk), by=BY, reason="asked for it")
    for pair in ({"keep": keep, "absorb": absorb}, {"keep": absorb, "absorb": keep}):
        with pytest.raises(NotFound):
            merge_patients(**pair, by=BY, reason="one person")
    assert set(Patient.objects.all()) == {keep, other}
    assert keep.infusions.count() == 2


def test_a_number_of_another_date_of_birth_is_told_from_one_of_the_same(courses):
    """Of two numbers that a person has, and of what gives no date of birth."""
    keep, absorb, _other = courses
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    both = keep.identifiers.all()
    assert both.count() == 2
    for same in (PERSONAL, COORDINATION, BYSTANDER, LOCAL, RESERVE):
        assert not has_other_birth(both, read_identifier(same, centre="UPP"))
    for other in (SAME_YEAR, OTHER_YEAR, COORDINATION_OTHER):
        assert has_other_birth(both, read_identifier(other, centre="UPP"))
    keep.identifiers.update(birth_digest=None)  # as stored before dates were digested
    assert not has_other_birth(keep.identifiers.all(), read_identifier(OTHER_YEAR, centre="UPP"))
    assert not has_other_birth([], read_identifier(OTHER_YEAR, centre="UPP"))

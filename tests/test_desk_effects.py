"""The steward's desk: moving, what is impossible, and effects that are what the statistics count."""

from datetime import date

import pytest

from registry.entry.infusions.form_drafts import save_draft
from registry.entry.infusions.record import withdraw_infusion
from registry.entry.patients.count_effect import ON_THE_MAP, as_one, compare, places_of
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.move import MoveImpossible, move_patient, move_places
from registry.errors import NotFound, NotPermitted
from registry.identity import read_identifier
from registry.models import (
    AccessLog,
    Draft,
    Infusion,
    Patient,
)
from registry.published.queries import read_map
from registry.publishing.publish import publish
from tests import factories, oracle
from tests.desk import BY, COORDINATION, MAN, WOMAN, address, number, sign_in, text


@pytest.fixture
def client(steward):
    return sign_in(steward)


def test_a_merge_that_is_impossible_is_explained_and_has_no_form(lists, client):
    one, other = (factories.record(lists, who).patient for who in (WOMAN, COORDINATION))
    page = client.get(address("merge", number=number(one), other=number(other)))
    assert "Both have an infusion on the same day" in text(page)
    assert 'name="text"' not in text(page)
    answer_ = client.post(address("merge", number=number(one), other=number(other)), {"text": "One."})
    assert "Both have an infusion on the same day" in text(answer_)
    itself = client.get(address("merge", number=number(one), other=number(one)))
    assert "These are already one person." in text(itself)
    assert Patient.objects.count() == 2


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
    assert "1 draft for this person is deleted." in text(page)
    moves = {
        (row["centre"], row["category"]): [one["moves"] for one in row["measures"]]
        for row in page.context["effect"]
    }
    assert moves == {
        ("STO", ""): [0, 1, 1, 0, 0],
        ("STO", "SOC"): [0, 1, 1, 0, 0],
        ("UPP", ""): [-1, -1, 0, 0, 0],
        ("UPP", "SOC"): [-1, -1, 0, 0, 0],
    }
    assert Infusion.objects.filter(centre__code="UPP").count() == 2
    assert sign_in(nurse).get(address("person", number=number(patient))).status_code == 200
    done = client.post(where, sent | {name: page.context[name] for name in ("shown", "seen")}, follow=True)
    assert "What UPP had registered now belongs to STO." in text(done)
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
        ("from_centre", "STO", "Choose one of the centres in the list."),
        ("from_centre", "<script>", "Choose one of the centres in the list."),
        ("to_centre", "", "This field is required."),
        ("to_centre", "ORE", "Choose one of the centres in the list."),
        ("to_centre", "x" * 5000, "Choose one of the centres in the list."),
        ("to_centre", "UPP", "Choose a different centre from the present one."),
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


def children() -> dict:
    """By centre and category, which the map has for the nation alone: as the oracle counts them."""
    rows, found = factories.read_rows(), {}
    for by in ((), ("centre",), ("centre", "category")):
        for group, row in oracle.count(rows, by).items():
            centre, category = (*group, "", "")[:2]
            found[(centre, category), "children"] = row["children"]
    return found


def said(rows) -> dict:
    on_the_map = [row for row in rows if row.cell.by in ON_THE_MAP]
    return {
        ((row.cell.value("centre"), row.cell.value("category")), name): by
        for row in on_the_map
        for name, by in row.moves.items()
        if by
    }


# They come of age between the infusions.
YOUNG = factories.number(date(2003, 6, 1), 980)
YOUNG_TOO = factories.number(date(2003, 6, 1), 982, coordination=True)
COURSES = {
    YOUNG: [
        ("2020-05-05", "UPP", "SOC", None), ("2020-05-15", "UPP", "SOC", "further_dose"),
        ("2021-05-05", "STO", "SOC", "reinfusion"), ("2022-05-05", "UPP", "CUP", "reinfusion"),
    ],
    YOUNG_TOO: [
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
    one, other = (factories.find_person(read_identifier(who, centre="UPP")) for who in COURSES)
    keep, absorb = (other, one) if change == "merge the other way" else (one, other)
    publish()
    before = published() | children()
    places = places_of(Infusion.objects.filter(patient__in=[one, other]).with_codes())
    if change.startswith("merge"):
        after = as_one(places, keep.pk, keep.sex)
        merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    elif change == "move":
        places = [place for place in places if place.person == one.pk]
        after = move_places(places, lists.centres["UPP"], lists.centres["STO"])
        centres = {"from_centre": lists.centres["UPP"], "to_centre": lists.centres["STO"]}
        move_patient(patient=one, **centres, by=BY, reason="wrong centre")
    else:
        places, after = [place for place in places if place.person == one.pk], []
        erase_patient(patient=one, by=BY, reason="asked for it")
    publish()
    expected = oracle.moved(before, published() | children())
    assert (("", ""), "children") in expected or change == "move"
    assert len(expected) > 3
    assert said(compare(places, after)) == expected

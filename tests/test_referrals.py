"""An infusion that a clinic may not store by itself: sent to the registry's steward, settled, released."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.utils.translation import override

from registry.access import Operator
from registry.choices import Kind, ReferralState
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.count_effect import EffectChanged
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.lookup import PatientRefused
from registry.entry.patients.merge import merge_patients
from registry.entry.questions import questions, referrals, settling
from registry.errors import IdentifierInText, InfusionRefused, NotFound, NotPermitted
from registry.models import Infusion, Message, Question, Referral
from registry.publishing.publish import publish
from tests import factories
from tests.desk import COORDINATION, MAN, WOMAN, national

BY = Operator()


@pytest.fixture
def world(lists):
    """A woman whom Stockholm has treated twice, and Uppsala is about to register."""
    world = SimpleNamespace(
        lists=lists,
        nurse=factories.user("nurse", lists.centres["UPP"]),
        colleague=factories.user("colleague", lists.centres["UPP"]),
        other=factories.user("other", lists.centres["STO"]),
        steward=factories.user("steward", national_role="steward"),
        second=factories.user("second", national_role="steward"),
    )
    world.first = factories.record(lists, WOMAN, centre="STO", infused_on="2021-05-05")
    world.later = factories.record(lists, WOMAN, centre="STO", infused_on="2022-06-06", kind="reinfusion")
    factories.record(lists, MAN, centre="UPP", infused_on="2020-02-03")
    return world


def send(world, who=WOMAN, *, by=None, message="", **fields) -> Referral:
    """What the clinic sends after a refusal: an infusion before Stockholm's unless said otherwise."""
    fields = {"kind": "first", "infused_on": "2020-03-04", "batch": "B17"} | fields
    patient = factories.find_person(factories.stated(world.lists, who).identifier)
    return referrals.send_referral(
        stated=factories.stated(world.lists, who, **fields), by=by or world.nurse, patient=patient, message=message
    )


def answers(world, **more) -> dict[str, str]:
    """That the row sent was the first, and both of Stockholm's were reinfusions."""
    said = {settling.SENT: "first", str(world.first.pk): "reinfusion", str(world.later.pk): "reinfusion"}
    return said | more


def shown(referral, said, by) -> str:
    """What the page has shown of it."""
    rows = settling.read_rows(referrals.find_person(referral, by=by), by=by)
    return settling.Settlement(rows, said, settling.read_sent(referral, by=by)).fingerprint()


def release(world, referral, said=None, *, by=None, seen=None, message="") -> Infusion:
    by, said = by or world.steward, said or answers(world)
    return settling.release_referral(
        referral_id=referral.pk, answers=said, by=by, message=message, shown=seen or shown(referral, said, by)
    )


def test_what_was_sent_is_settled_stored_in_the_senders_centre_and_counted_once(world):
    publish()
    before = national()
    referral = send(world, message="Our journal says 2020.")
    publish()
    assert national() == before
    infusion = release(world, referral)
    publish()
    assert national() == before | {"infusions": before["infusions"] + 1, "reinfusions": before["reinfusions"] + 1}
    infusion.refresh_from_db()
    kinds = [(one.kind, one.centre.code) for one in infusion.patient.infusions.in_order()]
    assert kinds == [("first", "UPP"), ("reinfusion", "STO"), ("reinfusion", "STO")]
    stored = (infusion.infused_on, infusion.batch, infusion.age_at_infusion, infusion.patient_id)
    assert stored == (date(2020, 3, 4), "B17", 50, world.first.patient_id)
    [history] = Infusion.pgh_event_model.objects.filter(pgh_obj_id=infusion.pk)
    assert history.acted_by == "steward"
    assert "nurse" in history.reason


def test_what_is_left_of_a_settled_one_is_that_there_was_one(world):
    released, declined, taken = (send(world, batch=batch) for batch in ("B1", "B2", "B3"))
    infusion = release(world, released)
    referrals.decline(referral_id=declined.pk, by=world.steward, message="It is registered already.")
    referrals.take_back(referral_id=taken.pk, by=world.colleague)
    rows = Referral.objects.order_by("sent_at")
    assert [(one.state, one.settled_by) for one in rows] == [
        ("released", "steward"), ("declined", "steward"), ("taken_back", "colleague"),
    ]  # fmt: skip
    for one in rows:
        assert (one.fields, one.chain, one.birth_year, one.identifier_type) == ({}, None, None, "")
        assert one.sent_by == "nurse"
    assert rows[0].infusion == infusion


def test_what_may_be_stored_as_usual_is_not_sent(world):
    for who, fields in ((MAN, {"kind": "reinfusion"}), (COORDINATION, {}), (WOMAN, {"kind": "reinfusion"})):
        with pytest.raises(referrals.NothingToRefer):
            send(world, who, **fields)
    with pytest.raises(InfusionRefused):
        send(world, infused_on=date(2090, 1, 1))
    with pytest.raises(NotPermitted):
        send(world, by=world.other)
    with pytest.raises(NotPermitted):
        send(world, by=world.steward)
    with pytest.raises(IdentifierInText):
        send(world, message=f"It is {WOMAN}.")
    assert not Referral.objects.exists()
    assert not Question.objects.filter(referral__isnull=False).exists()


def test_the_same_sent_twice_is_one(world):
    assert send(world) == send(world)
    assert send(world, batch="B18") != send(world)
    assert Referral.objects.count() == 2


def test_a_row_of_someone_the_centre_knows_is_sent_by_registry_number(world):
    own = factories.record(
        world.lists, WOMAN, centre="UPP", infused_on="2023-01-01", kind="reinfusion", by=world.nurse
    )
    stated = factories.stated(world.lists, WOMAN, infused_on="2020-03-04", kind="first", age_at_infusion=50)
    stated.identifier = None
    referral = referrals.send_referral(stated=stated, by=world.nurse, patient=own.patient)
    assert referral.chain is None
    infusion = release(world, referral, answers(world, **{str(own.pk): "reinfusion"}))
    assert infusion.patient == own.patient


WRONG = {
    "two firsts": ({"later": "first"}, "Only one"),
    "a later one as the first": ({settling.SENT: "reinfusion", "later": "first"}, "the earliest"),
    "a further dose of nothing": ({settling.SENT: "further_dose"}, "further dose"),
    "no kind at all": ({"later": "perhaps"}, "Say what every infusion is"),
    "the sent one as a double": ({settling.SENT: "withdraw"}, "decline"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_course_is_refused_with_a_sentence(world, case):
    said, sentence = WRONG[case]
    said = {str(world.later.pk) if name == "later" else name: kind for name, kind in said.items()}
    referral = send(world)
    with override("en"), pytest.raises(settling.OrderImpossible, match=sentence):
        release(world, referral, answers(world, **said), seen="0")
    assert Referral.objects.get().state == ReferralState.OPEN
    assert Infusion.objects.filter(centre__code="UPP").count() == 1


def test_what_has_changed_since_it_was_shown_is_shown_again(world):
    referral, said = send(world), answers(world)
    seen = shown(referral, said, world.steward)
    with pytest.raises(EffectChanged):
        release(world, referral, answers(world, **{str(world.later.pk): "further_dose"}), seen=seen)
    correct_infusion(
        infusion_id=world.later.pk,
        changes={"infused_on": date(2022, 6, 7), "age_at_infusion": 52},
        by=BY,
        reason="x",
    )
    for change in (
        lambda: None,
        lambda: withdraw_infusion(infusion_id=world.later.pk, by=BY, reason="never given"),
        lambda: factories.record(world.lists, WOMAN, centre="LIN", infused_on="2023-01-01", kind="reinfusion"),
    ):
        change()
        with pytest.raises(EffectChanged):
            release(world, referral, said, seen=seen)


def test_a_double_is_withdrawn_as_the_row_is_released(world):
    referral = send(world, infused_on="2021-05-05", kind="first")
    release(world, referral, answers(world, **{str(world.first.pk): "withdraw"}))
    course = world.first.patient.infusions.counted().in_order()
    assert [(one.kind, one.centre.code) for one in course] == [("first", "UPP"), ("reinfusion", "STO")]


def test_each_centre_is_told_of_its_own_row_alone(world):
    release(world, send(world))
    told = Question.objects.visible_to(world.other)
    assert [one.infusion for one in told] == [world.first]
    for words in ("UPP", "Uppsala", "2020", "Kymriah"):
        assert words not in told[0].text
    about = Question.objects.get(referral__isnull=False)
    assert list(Question.objects.visible_to(world.nurse)) == [about]
    for words in ("STO", "Stockholm", "2021", "2022", "Kymriah"):
        assert words not in about.text + about.answer


def test_a_course_is_settled_without_a_row_sent(world):
    double = factories.record(world.lists, WOMAN, infused_on="2021-05-05", kind="reinfusion", by=world.nurse)
    said = {str(double.pk): "first", str(world.first.pk): "withdraw", str(world.later.pk): "reinfusion"}
    rows = settling.read_rows(double.patient, by=world.steward)
    changed = settling.settle_course(
        patient=double.patient, answers=said, by=world.steward, reason="one infusion, told by both",
        shown=settling.Settlement(rows, said).fingerprint(),
    )  # fmt: skip
    assert set(changed) == {double, world.first}
    double.refresh_from_db()
    world.first.refresh_from_db()
    assert (double.kind, world.first.status) == (Kind.FIRST, "withdrawn")
    with pytest.raises(NotPermitted):
        settling.settle_course(patient=double.patient, answers=said, by=world.nurse, reason="x", shown="")


def test_only_the_centre_and_the_steward_find_it(world):
    referral = send(world)
    assert referrals.find_referral(referral_id=referral.pk, by=world.colleague) == referral
    assert referrals.find_referral(referral_id=referral.pk, by=world.steward) == referral
    with pytest.raises(NotFound):
        referrals.find_referral(referral_id=referral.pk, by=world.other)
    with pytest.raises(NotFound):
        referrals.take_back(referral_id=referral.pk, by=world.other)
    with pytest.raises(NotFound):
        referrals.decline(referral_id=referral.pk, by=world.nurse, message="no")
    with pytest.raises(NotPermitted):
        referrals.find_person(referral, by=world.nurse)


@pytest.mark.parametrize("end", ["released", "declined", "taken back"])
def test_what_is_settled_is_settled(world, end):
    referral, said = send(world), answers(world)
    seen = shown(referral, said, world.steward)
    if end == "released":
        release(world, referral, said)
    elif end == "declined":
        referrals.decline(referral_id=referral.pk, by=world.steward, message="no")
    else:
        referrals.take_back(referral_id=referral.pk, by=world.nurse)
    with pytest.raises(referrals.ReferralSettled):
        referrals.take_back(referral_id=referral.pk, by=world.nurse)
    with pytest.raises(referrals.ReferralSettled):
        referrals.decline(referral_id=referral.pk, by=world.second, message="no")
    with pytest.raises(referrals.ReferralSettled):
        release(world, referral, said, seen=seen, by=world.second)


def test_whoever_asks_not_to_be_registered_is_not_registered_by_a_release(world):
    referral = send(world)
    said = answers(world)
    seen = shown(referral, said, world.steward)
    factories.refuse_registration(COORDINATION)
    other = referrals.Referral.objects.get(pk=referral.pk)
    erase_patient(patient=world.first.patient, by=world.steward, reason="asked for it")
    assert not Referral.objects.exists()
    with pytest.raises(NotFound):
        release(world, other, said, seen=seen)
    # Sealed before the person's number was taken away, and refused since.
    Referral.objects.create(
        centre=world.lists.centres["UPP"], code="known_elsewhere", sent_by="nurse", identifier_type="coordination",
        chain=referrals.chain_of(factories.stated(world.lists, COORDINATION).identifier.digests()),
        fields=other.fields,
    )  # fmt: skip
    refused = Referral.objects.get()
    with pytest.raises(PatientRefused):
        release(world, refused, {settling.SENT: "first"}, seen="0")


def test_an_erasure_takes_open_and_settled_ones_along_with_all_that_was_written(world):
    send(world, message="open")
    release(world, send(world, batch="B2", infused_on="2019-01-01"), answers(world))
    referrals.decline(referral_id=send(world, batch="B3").pk, by=world.steward, message="declined")
    referrals.take_back(referral_id=send(world, batch="B4").pk, by=world.nurse)
    kept = factories.record(world.lists, COORDINATION, centre="STO", infused_on="2021-07-07")
    others = send(world, COORDINATION)
    questions.write(question_id=others.question.pk, text="Stays", by=world.nurse)
    erase_patient(patient=world.first.patient, by=world.steward, reason="asked for it")
    assert list(Referral.objects.all()) == [others]
    assert list(Question.objects.filter(infusion=None)) == [others.question]
    assert [one.text for one in Message.objects.all()] == ["Stays"]
    history = Question.pgh_event_model.objects.exclude(referral_id=None).values_list("referral_id", flat=True)
    assert set(history) == {others.pk}
    assert kept.patient.referrals.count() == 0


def test_what_was_sent_follows_a_merge(world):
    double = factories.record(world.lists, COORDINATION, centre="LIN", infused_on="2023-01-01")
    referral = send(world, COORDINATION)
    merge_patients(keep=world.first.patient, absorb=double.patient, by=world.steward, reason="one person")
    said = answers(world, **{str(double.pk): "reinfusion"})
    assert release(world, referral, said).patient == world.first.patient


def test_the_same_row_sent_again_adds_what_is_written_with_it_once(world):
    referral = send(world, message="Our journal says 2020.")
    for words in ("", "Our journal says 2020.", " It was in March. ", "It was in March."):
        assert send(world, message=words, by=world.colleague) == referral
    [question] = Question.objects.all()
    assert question.text == "Our journal says 2020."
    assert [(one.text, one.side, one.written_by) for one in question.messages.all()] == [
        ("It was in March.", "clinic", "colleague")
    ]
    questions.answer(question_id=question.pk, text="I am looking.", by=world.steward)
    questions.close(question_id=question.pk, by=world.nurse)
    send(world, message="And now?")
    question.refresh_from_db()
    assert (question.closed_at, question.waits_for, question.messages.count()) == (None, "steward", 2)
    with pytest.raises(IdentifierInText):
        send(world, message=f"It is {MAN}.")


@pytest.mark.parametrize("product", ["Kymriah", "Yescarta"])
def test_one_date_and_sequence_is_taken_at_its_own_centre_alone(world, product):
    """What another centre has recorded on that day leaves the place at the sender's free."""
    said = {str(world.first.pk): "first", str(world.later.pk): "reinfusion", settling.SENT: "reinfusion"}
    infusion = release(world, send(world, infused_on="2022-06-06", product=product), said)
    course = [(one.centre.code, one.kind, one.infused_on.year) for one in infusion.patient.infusions.in_order()]
    assert sorted(course) == [("STO", "first", 2021), ("STO", "reinfusion", 2022), ("UPP", "reinfusion", 2022)]
    again = send(world, infused_on="2023-01-01", product=product)
    own = factories.record(world.lists, WOMAN, infused_on="2023-01-01", kind="reinfusion", by=world.nurse)
    said |= {str(one.pk): "reinfusion" for one in (infusion, own)}
    with override("en"), pytest.raises(settling.OrderImpossible, match="UPP has itself registered an infusion"):
        release(world, again, said, seen="0")

"""The budget of look-ups at its edges: at once, to the second, at two centres, after a membership, in files."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from registry.entry.patients import lookup_budget
from registry.models import (
    AccessLog,
    ImportJob,
    ImportRow,
    Infusion,
    Lookup,
    Membership,
    Patient,
    SealedUpload,
    User,
)
from tests import factories
from tests.calling import Program, refused
from tests.desk import address, sign_in, text
from tests.test_import import as_csv
from tests.test_lookups import FORM, WAYS, ask_guidance, row, worked

pytestmark = pytest.mark.usefixtures("unsent")

AT_ONCE = 8  # as many as the pool has connections


@pytest.mark.django_db(transaction=True)
def test_of_sixty_one_at_once_sixty_are_answered(committed_lists, settings):
    settings.LOOKUPS_PER_HOUR = 60
    nurse = factories.user("upp", committed_lists.centres["UPP"])
    known = factories.record(committed_lists, factories.nth_number(5), centre="STO")

    def ask(place: int) -> int:
        try:
            return WAYS[place % len(WAYS)](nurse, factories.nth_number(place)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(ask, range(61)))
    assert sorted(answers)[-2:].count(429) == 1, answers
    assert set(answers) == {200, 400, 429}
    assert Lookup.objects.filter(refused=False).count() == 60
    assert Lookup.objects.filter(refused=True).count() == 1
    assert AccessLog.objects.filter(action="search", actor="upp").count() == 61
    assert list(Infusion.objects.all()) == [known]


def test_the_hour_slides_and_retry_after_is_true_to_the_second(lists, settings, monkeypatch):
    settings.LOOKUPS_PER_HOUR = 3
    program = Program(factories.user("upp", lists.centres["UPP"]))
    clock = SimpleNamespace(at=datetime(2026, 11, 28, 12, 59, 59, 400_000, tzinfo=UTC))
    monkeypatch.setattr(lookup_budget, "timezone", SimpleNamespace(now=lambda: clock.at))

    def ask(place: int, after: float) -> int:
        """The seconds to wait, 0 for an answer, so long after the question before."""
        clock.at += timedelta(seconds=after)
        answer = program.enter(patient_id=factories.nth_number(place), kind="further_dose")
        return int(answer["Retry-After"]) if answer.status_code == 429 else 0

    assert [ask(place, 700.3) for place in range(3)] == [0, 0, 0]
    assert ask(3, 0) == 2200  # 2199.4
    assert ask(0, 100) == 0  # asked before: no new one
    assert [ask(3, 2099), ask(3, 0.3), ask(3, 0.1)] == [1, 1, 0]
    assert ask(4, 0) == 701  # the second of the three, not an hour
    assert [ask(4, 700), ask(4, 1)] == [1, 0]
    assert ask(0, 0) == 700  # whose look-up is forgotten by now
    assert Lookup.objects.filter(refused=True).count() == 6


def test_someone_of_two_centres_has_one_budget_and_only_as_long_as_they_belong(lists, settings):
    settings.LOOKUPS_PER_HOUR = 3
    number = dict(zip(("UPP", "STO", "UME"), map(factories.nth_number, range(3)), strict=True))
    for centre, one in number.items():
        factories.record(lists, one, centre=centre)
    nurse = factories.user("nurse", lists.centres["UPP"], lists.centres["STO"])
    page, keys = sign_in(nurse), [Program(nurse), Program(nurse)]

    def leave(which: str) -> None:
        """With the role the keys end, so there are new ones."""
        Membership.objects.filter(user=nurse, centre=lists.centres[which]).delete()
        assert {key.enter(patient_id=number["UPP"]).status_code for key in keys} == {401}
        keys[:] = Program(User.objects.get(pk=nurse.pk)), Program(User.objects.get(pk=nurse.pk))

    def ask(one: str) -> list[int]:
        """By page, and by two keys of the same user."""
        typed = page.post(address("infusions"), {"who": one}).status_code
        return [typed, *(key.enter(patient_id=one, infused_on="2999-01-01").status_code for key in keys)]

    free = [302, 400, 400]
    assert [ask(number[centre]) for centre in ("UPP", "STO")] == [free, free]
    assert not Lookup.objects.exists()
    assert ask(number["UME"]) == [200, 400, 400]
    leave("STO")
    assert ask(number["STO"]) == [200, 400, 400] and ask(number["UPP"]) == free
    assert Lookup.objects.count() == 2
    assert keys[1].enter(patient_id=factories.nth_number(5), infused_on="2999-01-01").status_code == 400
    assert ask(factories.nth_number(6)) == [429, 429, 429]
    leave("UPP")
    logged = AccessLog.objects.count()
    assert ask(factories.nth_number(5)) == ask(number["UPP"]) == ask(number["UME"]) == [404, 403, 403]
    assert keys[0].upload(as_csv([row(number["UME"])])).status_code == 403
    assert Lookup.objects.filter(refused=False).count() == 3 and AccessLog.objects.count() == logged


def test_ten_thousand_new_persons_are_too_many_for_a_file(lists, settings, unsent):
    settings.LOOKUPS_PER_HOUR_IMPORT = 5_000
    nurse = factories.user("upp", lists.centres["UPP"])
    known = factories.record(lists, factories.nth_number(4), centre="STO").patient
    rows = [row(factories.nth_number(place)) for place in range(10_000)]
    job = worked(Program(nurse), as_csv(rows))
    assert (job["state"], job["stored"], job["problems"]) == ("refused", 0, [])
    assert "more persons" in job["message"]
    assert Patient.objects.get() == known and Infusion.objects.count() == 1
    assert not ImportRow.objects.exists() and not SealedUpload.objects.exists()
    assert list(Lookup.objects.values_list("by_import", "refused")) == [(True, True)]
    assert list(AccessLog.objects.filter(action="search").values_list("patient", "detail")) == [
        (None, "refused: too many look-ups")
    ]
    assert ImportJob.objects.get().read == 10_000


# Whoever asked not to be registered.

REFUSED = factories.nth_number(3)
SENTENCE = "The person has asked not to be in the registry"


def test_who_asked_not_to_be_registered_is_said_on_leaving_the_field_and_nowhere_to_outsiders(lists, settings):
    settings.LOOKUPS_PER_HOUR = 2
    factories.refuse_registration(REFUSED)
    nurse = factories.user("upp", lists.centres["UPP"])
    alone = FORM | {"patient_id": REFUSED}
    typed = [{"patient_id": REFUSED}, {"centre": "UPP", "patient_id": REFUSED}, alone, alone | {"kind": "first"}]
    page = sign_in(nurse)
    told = [page.post(address("record-person"), fields) for fields in [*typed, *typed]]
    for answer in told:
        assert answer.status_code == 200 and SENTENCE in text(answer)
        assert answer.context["judged"].proposal is None and answer.context["known"] is None
    assert "do_not_register" in Program(nurse).enter(patient_id=REFUSED).content.decode()
    assert SENTENCE not in text(page.post(address("infusions"), {"who": REFUSED}))
    assert Lookup.objects.count() == 1
    assert AccessLog.objects.filter(action="search", actor="upp", patient=None).count() == len(told) + 2
    # Nobody else is told: who belongs to no centre, or has no look-up left.
    for role in ("steward", "auditor"):
        other = factories.user(role, national_role=role)
        assert sign_in(other).post(address("record-person"), alone).status_code == 404
        assert refused(Program(other).enter(patient_id=REFUSED), 403, "not_permitted")
    assert sign_in(factories.user("guest")).post(address("record-person"), alone).status_code == 404
    colleague = factories.user("colleague", lists.centres["UPP"])
    for place in (1, 2):
        ask_guidance(colleague, factories.nth_number(place))
    late = [ask_guidance(colleague, REFUSED), Program(colleague).enter(patient_id=REFUSED)]
    assert [answer.status_code for answer in late] == [429, 429]
    assert not any(SENTENCE in text(answer) for answer in late)
    assert not Infusion.objects.exists() and not Patient.objects.exists()


def test_the_number_of_who_asked_not_to_be_registered_is_no_batch_either(lists, unsent):
    factories.refuse_registration(REFUSED)
    program = Program(factories.user("upp", lists.centres["UPP"]))
    batch = {"batch": f"lot: {REFUSED}"}
    assert "identifier_in_text" in program.enter(**batch).content.decode()
    job = worked(program, as_csv([row(factories.nth_number(1), **batch)]))
    assert [problem["code"] for problem in job["problems"]] == ["identifier_in_text"]
    assert program.enter(batch=f"lot: {factories.nth_number(5)}").status_code == 201


def test_more_than_the_limit_at_once_is_told_to_wait_the_hour(lists, settings):
    """It never passes whole; the report of an upload says to divide it."""
    settings.LOOKUPS_PER_HOUR_IMPORT = 3
    nurse = factories.user("upp", lists.centres["UPP"])
    with transaction.atomic():
        assert lookup_budget.charge(by=nurse, persons=[b"1", b"2", b"3", b"4"], by_import=True) == 3600
        assert lookup_budget.charge(by=nurse, persons=[b"1", b"2", b"3"], by_import=True) == 0


@pytest.mark.parametrize("seed", range(8))
def test_what_was_refused_passes_after_the_seconds_that_were_told(lists, settings, monkeypatch, seed):
    """Persons counted before, in files or one by one, are counted again when their hour is over."""
    settings.LOOKUPS_PER_HOUR, settings.LOOKUPS_PER_HOUR_IMPORT = 4, 6
    random, nurse = Random(seed), factories.user("upp", lists.centres["UPP"])
    clock = SimpleNamespace(at=datetime(2026, 11, 28, 12, 0, tzinfo=UTC))
    monkeypatch.setattr(lookup_budget, "timezone", SimpleNamespace(now=lambda: clock.at))

    def charge(persons, *, by_import, after=0.0) -> int:
        clock.at += timedelta(seconds=after)
        with transaction.atomic():
            return lookup_budget.charge(by=nurse, persons=[b"%d" % one for one in persons], by_import=by_import)

    refusals = 0
    for _turn in range(30):
        by_import = random.random() < 0.6
        persons = random.sample(range(12), random.randint(1, 6 if by_import else 4))
        wait = charge(persons, by_import=by_import, after=random.choice([0, 1, 300, 900.5]))
        if wait:
            refusals += 1
            began = clock.at
            for later in (wait, wait + random.randint(0, 3600)):
                with factories.rolled_back():
                    assert charge(persons, by_import=by_import, after=later) == 0
                clock.at = began
    assert refusals

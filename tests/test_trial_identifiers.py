"""A trial has one row, by whichever of its numbers it is known."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from registry.models import Trial

TRIAL = {"name": "X", "sponsor": "academic", "phase": "II"}


def trial(identifier: str = "NCT99000009", *others: str) -> Trial:
    return Trial.objects.create(**TRIAL, identifier=identifier, other_identifiers=list(others))


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "NCT9", "nct99000009", "2020-12345-12", "NCT99000009 "])
def test_another_number_has_one_of_the_known_forms(text):
    with pytest.raises(IntegrityError) as refused:
        trial("NCT99000008", "NCT99000010", text)
    assert refused.value.__cause__.diag.constraint_name == "trial_other_identifiers_are_of_a_form"


@pytest.mark.django_db
@pytest.mark.parametrize(("rows", "moved"), [
    ([["NCT99000009", "NCT99000009"]], []),
    ([["NCT99000009", "NCT99000010", "NCT99000010"]], []),
    ([["NCT99000009", "NCT99000010"], ["NCT99000010"]], []),
    ([["NCT99000009"], ["NCT99000010", "NCT99000009"]], []),
    ([["NCT99000009", "NCT99000011"], ["NCT99000010", "NCT99000012", "NCT99000011"]], []),
    ([["NCT99000009"], ["NCT99000010"]], ["NCT99000009"]),
])  # fmt: skip
def test_a_number_is_of_one_trial_only(rows, moved):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        for row in rows:
            trial(*row)
        Trial.objects.filter(identifier="NCT99000010").update(other_identifiers=moved)
    assert refused.value.__cause__.diag.constraint_name == "trial_identifiers_are_its_own"


@pytest.mark.django_db
def test_a_trial_that_has_moved_keeps_its_old_number():
    moved = trial("2020-123456-12", "NCT99000009")
    moved.identifier, moved.other_identifiers = "2024-512345-10-00", ["2020-123456-12", "NCT99000009"]
    moved.save()
    assert Trial.objects.get(pk=moved.pk).identifiers == ["2024-512345-10-00", "2020-123456-12", "NCT99000009"]


@pytest.mark.django_db(transaction=True)
def test_of_several_who_take_a_number_at_once_one_gets_it():
    together, results = threading.Barrier(4), []

    def take(own: str) -> None:
        try:
            together.wait(10)
            with transaction.atomic():
                trial(own, "2024-512345-10-00")
            results.append("stored")
        except IntegrityError as refused:
            results.append(refused.__cause__.diag.constraint_name)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[f"NCT9900002{place}"]) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == ["stored", *["trial_identifiers_are_its_own"] * 3]

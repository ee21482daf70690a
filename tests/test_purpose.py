"""A database holds real records or a demonstration's, is told so once, and never serves as the other."""

import threading
from importlib import import_module

import pytest
from django.core.cache import caches
from django.db import DatabaseError, connection, transaction

from registry.access import Operator, acting_as
from registry.choices import NationalRole
from registry.entry.accounts.invitations import invite_person
from registry.entry.infusions.record import withdraw_infusion
from registry.entry.patients.erasure import erase_patient
from registry.errors import WrongPurpose
from registry.models import (
    Centre,
    Infusion,
    Invitation,
    Patient,
    Publication,
    Release,
    Run,
    Snapshot,
    StatedPurpose,
    Trial,
    User,
)
from registry.publishing.publish import publish
from tests import factories
from tests.watching import TOKEN

BOTH = pytest.mark.parametrize("flags", [[], ["--reference-only"]], ids=["records", "reference-only"])
PUBLIC_PAGES = ["/", "/en/", "/en/privacy/", "/en/releases/", "/robots.txt", "/en/nowhere/"]
PUBLIC_FILES = ["/api/v1/map", "/api/v1/map.csv", "/api/v1/map.pdf", "/api/v1/counts?by=centre", "/api/v1/trials",
                "/api/v1/status", "/api/v1/snapshots", "/api/v1/catalogue"]  # fmt: skip
SIGNED_IN = ["/clinic/", "/en/clinic/", "/accounts/login/", "/admin/", "/api/v1/infusions", "/api/v1/me"]


def purposes() -> list[str]:
    return list(StatedPurpose.objects.values_list("kind", flat=True))


@pytest.fixture
def demonstrated(settings, manage):
    """Call it, and a demonstration is stored and published, by a process that says so; the next one does not."""

    def store(*flags: str) -> None:
        settings.DEMONSTRATION = True
        code, _out, err = manage("demo_data", *flags)
        assert code == 0, err
        publish()
        settings.DEMONSTRATION = False
        caches["responses"].clear()  # another process

    return store


# demo_data


@BOTH
def test_demo_data_refuses_where_it_is_not_a_demonstration(db, manage, flags):
    code, out, err = manage("demo_data", *flags)
    assert (code, out) == (1, "")
    assert "DEMONSTRATION=1" in err
    assert "load_code_lists" in err
    assert not any(model.objects.exists() for model in (Centre, Trial, User, Infusion, StatedPurpose))


def test_demo_releases_refuses_too(lists, manage):
    factories.record_several(lists)
    publish()
    code, out, err = manage("demo_releases")
    assert (code, out) == (1, "")
    assert "DEMONSTRATION=1" in err
    assert not Release.objects.exists()


@BOTH
def test_demo_data_says_that_the_database_is_a_demonstrations(db, settings, manage, flags):
    settings.DEMONSTRATION = True
    assert manage("demo_data", *flags)[0] == 0
    assert manage("demo_data", *flags)[0] == 0
    assert purposes() == ([] if flags else ["demonstration"])


def test_the_code_lists_say_nothing(db, settings, manage):
    for settings.DEMONSTRATION in (False, True):
        assert manage("load_code_lists")[0] == 0
        assert purposes() == []
    assert manage("demo_data")[0] == 0


def a_user(lists):
    with acting_as(Operator()):
        factories.user("anna", lists.centres["UPP"])


def a_user_who_has_gone(lists):
    with acting_as(Operator()):
        User.objects.create_user("anna").delete()


def an_invitation(lists):
    invite_person(email="anna@region.example", centre=lists.centres["UPP"], role="lead", by=Operator())
    Invitation.objects.all().delete()


def an_infusion(lists):
    factories.record(lists)


def a_withdrawn_infusion(lists):
    infusion = factories.record(lists)
    withdraw_infusion(infusion_id=infusion.pk, by=Operator(), reason="a mistake")


def an_erased_person(lists):
    infusion = factories.record(lists)
    erase_patient(patient=infusion.patient, by=Operator(), reason="on request")
    assert not Patient.objects.exists()


def a_person_by_hand(lists):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO registry_patient (sex, created_at) VALUES ('female', now())")
        cursor.execute("DELETE FROM registry_patient")


REAL = (a_user, a_user_who_has_gone, an_invitation, an_infusion, a_withdrawn_infusion, an_erased_person,
        a_person_by_hand)  # fmt: skip


@BOTH
@pytest.mark.parametrize("happened", REAL)
def test_a_database_that_once_held_something_real_refuses_a_demonstration_for_ever(
    lists, settings, manage, happened, flags
):
    happened(lists)
    before = Infusion.objects.count(), User.objects.count(), Trial.objects.count()
    settings.DEMONSTRATION = True
    for _time in range(2):
        code, out, err = manage("demo_data", *flags)
        assert (code, out) == (1, "")
        assert "real records" in err
        assert (Infusion.objects.count(), User.objects.count(), Trial.objects.count()) == before
    assert purposes() == ["registry"]


def test_what_is_entered_on_a_demonstration_is_the_demonstrations(lists, settings, manage):
    settings.DEMONSTRATION = True
    factories.record(lists)
    assert purposes() == ["demonstration"]
    assert manage("demo_data")[0] == 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE registry_statedpurpose SET kind = 'demonstration'",
        "DELETE FROM registry_statedpurpose",
        "TRUNCATE registry_statedpurpose",
        "INSERT INTO registry_statedpurpose (id, kind) VALUES (2, 'demonstration')",
        "INSERT INTO registry_statedpurpose (id, kind) VALUES (1, 'demonstration')",
    ],
)
def test_the_database_itself_keeps_what_was_said(lists, sql):
    factories.record(lists)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert purposes() == ["registry"]


# What a database was for before it could say so.

MIGRATION = import_module("registry.migrations.0032_stated_purpose")


def told_by_the_migration() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM registry_statedpurpose")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute(MIGRATION.STATE)
    return purposes()


@pytest.mark.parametrize("happened", REAL)
def test_the_migration_finds_that_something_real_was_stored(lists, happened):
    happened(lists)
    assert told_by_the_migration() == ["registry"]


def test_the_migration_finds_a_demonstration_whatever_was_entered_there_later(db, as_demonstration, manage):
    manage("demo_data")
    factories.user("anna")
    User.objects.filter(username__in=("admin", "upp")).update(first_name="Anna")
    Infusion.objects.all().delete()
    assert told_by_the_migration() == ["demonstration"]


def test_the_migration_takes_made_up_records_beside_earlier_real_ones_for_a_registrys(lists, settings, manage):
    a_user(lists)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM registry_statedpurpose")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    settings.DEMONSTRATION = True
    manage("demo_data")
    assert told_by_the_migration() == ["registry"]


def test_the_migration_says_nothing_of_code_lists(lists):
    assert told_by_the_migration() == []


# A registry on a demonstration's database.


def test_a_registry_shows_nothing_of_a_demonstrations_database(db, demonstrated, client):
    demonstrated()
    for path in (*PUBLIC_PAGES, *PUBLIC_FILES, *SIGNED_IN, "/health/ready"):
        for method in (client.get, client.head, client.post):
            answer = method(path)
            assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store"), path
        said = client.get(path).content.decode()
        if path.startswith("/api/"):
            problem = client.get(path, headers={"accept-language": "sv"}).json()
            assert problem["code"] == "wrong_database"
            assert "This database holds the made-up records" in problem["detail"]
        assert "NCT9" not in said
        assert "304" not in said
        assert "demonstration" in said.lower()
    for path in ("/health/live", "/metrics"):
        assert client.get(path, headers=TOKEN).status_code == 200


def test_made_up_trials_alone_make_no_demonstration(lists, settings, manage):
    settings.DEMONSTRATION = True
    assert manage("demo_data", "--reference-only")[0] == 0
    settings.DEMONSTRATION = False
    factories.record(lists)
    assert purposes() == ["registry"]


def test_a_user_of_whom_nobody_says_what_for_says_nothing(lists, settings, manage):
    """As createsuperuser makes one, on a demonstration too."""
    User.objects.create_superuser("root")
    assert purposes() == []
    settings.DEMONSTRATION = True
    assert manage("demo_data")[0] == 0
    assert purposes() == ["demonstration"]


def test_a_process_that_was_up_before_the_demonstration_came_shows_nothing_of_it(lists, settings, manage, client):
    publish()
    assert client.get("/api/v1/map").json()["national"]["infusions"] == 0
    settings.DEMONSTRATION = True
    manage("demo_data")
    publish()
    settings.DEMONSTRATION = False
    assert client.get("/api/v1/map").status_code == 503


def test_a_registry_enters_and_publishes_nothing_there(db, demonstrated, settings, manage):
    demonstrated()
    runs = Run.objects.count()
    counts = Infusion.objects.count(), Snapshot.objects.count()
    with pytest.raises(WrongPurpose), acting_as(Operator()):
        pass
    with pytest.raises(WrongPurpose):
        publish()
    Infusion.objects.first().delete()
    for command in ("publish", "load_code_lists"):
        code, out, err = manage(command)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "This database holds the made-up records of a demonstration" in err
    assert (Infusion.objects.count(), Snapshot.objects.count()) == (counts[0] - 1, counts[1])
    assert Publication.objects.get().snapshot_id == 1
    assert Run.objects.count() == runs


def test_a_demonstration_enters_and_publishes_nothing_in_a_registry(lists, settings):
    factories.record(lists)
    publish()
    settings.DEMONSTRATION = True
    with pytest.raises(WrongPurpose):
        factories.record(lists, patient=factories.nth_number(2))
    Infusion.objects.first().delete()
    with pytest.raises(WrongPurpose):
        publish()
    assert Snapshot.objects.count() == 1


def test_a_demonstration_is_served_by_a_process_that_says_so(db, demonstrated, settings, client):
    demonstrated()
    settings.DEMONSTRATION = True
    assert client.get("/api/v1/map").json()["national"]["infusions"] == 304
    assert "Demonstration: " in client.get("/en/").content.decode()
    assert client.get("/accounts/login/").status_code == 200


# Two at once.


def side_by_side(*steps) -> list:
    """Run each in a thread with a connection of its own, all begun before any has ended; what each raised."""
    raised, ready = [None] * len(steps), threading.Barrier(len(steps), timeout=30)

    def run(place: int) -> None:
        try:
            steps[place](ready)
        except WrongPurpose as wrong:
            raised[place] = wrong
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(steps))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def claim(kind: str):
    """Store a user, saying what the process is; the check has passed before the other's claim is there."""

    def step(ready: threading.Barrier) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('swecar.purpose', %s, true)", [kind])
            ready.wait()
            User.objects.create_user(f"user-{kind}")

    return step


def test_of_two_first_records_of_different_purposes_one_is_stored(transactional_db):
    failed = []

    def tolerant(step):
        def run(ready):
            try:
                step(ready)
            except DatabaseError as error:
                failed.append(error.__cause__.diag.constraint_name)

        return run

    side_by_side(tolerant(claim("registry")), tolerant(claim("demonstration")))
    assert failed == ["purpose_is_kept"]
    [kind] = purposes()
    assert list(User.objects.values_list("username", flat=True)) == [f"user-{kind}"]


def test_of_two_first_records_of_one_purpose_both_are_stored(transactional_db):
    def record(place: int):
        def step(ready):
            with acting_as(Operator()):
                ready.wait()
                User.objects.create_user(f"user-{place}", national_role=NationalRole.STEWARD)

        return step

    assert side_by_side(record(1), record(2)) == [None, None]
    assert purposes() == ["registry"]
    assert User.objects.count() == 2


def test_an_entry_that_began_before_the_demonstration_came_is_refused_in_words(transactional_db, settings):
    """The entry's own look at the database came too early; its first row meets the demonstration."""
    with pytest.raises(WrongPurpose, match=r"demonstration"), acting_as(Operator()):
        other = threading.Thread(target=lambda: (claim("demonstration")(threading.Barrier(1)), connection.close()))
        other.start()
        other.join(60)
        User.objects.create_user("anna")
    assert list(User.objects.values_list("username", flat=True)) == ["user-demonstration"]

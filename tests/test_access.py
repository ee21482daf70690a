"""Who may do what, and where: each permission of each role, at two centres and for the nation."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable, QueryCanceled

from registry.access import NATIONWIDE, Operator, Permission, acting_as, centres_where, require
from registry.choices import CentreRole, NationalRole
from registry.errors import Busy, NotPermitted
from tests import factories

# docs/security.md, "Identities, and who may do what".
MAY = {
    "reporter": {"read_records", "write_records"},
    "lead": {"read_records", "write_records", "invite_people", "state_coverage", "state_trials"},
    "steward": {
        "read_records", "merge_patients", "erase_patients", "publish", "ask_questions", "settle_order",
        "correct_for_clinic", "extract_access_log",
    },
    "auditor": {"read_access_log", "extract_access_log"},
    "administrator": {
        "read_records", "write_records", "merge_patients", "erase_patients", "publish", "invite_people",
        "state_coverage", "state_trials", "ask_questions", "settle_order", "correct_for_clinic",
        "extract_access_log", "read_access_log",
    },
}  # fmt: skip
UPP, STO, UME = 11, 12, 13


class Someone:
    """Who holds these roles: (role, id of the centre), None for the nation."""

    def __init__(self, *roles: tuple[str, int | None], username: str = "someone"):
        self.roles, self.username = roles, username

    def roles_at(self) -> Iterator[tuple[str, int | None]]:
        return iter(self.roles)


def may(actor, permission: Permission, centre: int | None) -> bool:
    try:
        require(actor, permission, centre=centre)
    except NotPermitted:
        return False
    return True


def test_every_role_and_every_permission_is_in_the_table():
    assert MAY.keys() == {*CentreRole.values, *NationalRole.values}
    assert MAY["administrator"] == set(Permission)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", CentreRole.values)
def test_a_role_at_two_centres_is_held_there_and_nowhere_else(role, permission):
    actor = Someone((role, UPP), (role, STO))
    held = permission in MAY[role]
    assert centres_where(actor, permission) == ({UPP, STO} if held else set())
    assert [may(actor, permission, centre) for centre in (UPP, STO)] == [held, held]
    assert not may(actor, permission, UME)
    assert not may(actor, permission, None)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", NationalRole.values)
def test_a_national_role_is_held_everywhere(role, permission):
    actor = Someone((role, None), ("reporter", UPP))
    held = permission in MAY[role]
    assert [may(actor, permission, centre) for centre in (None, STO, UME)] == [held, held, held]
    assert (centres_where(actor, permission) is NATIONWIDE) == held
    assert may(actor, permission, UPP) == (held or permission in MAY["reporter"])


def test_of_two_roles_each_gives_what_it_gives_where_it_is_held():
    actor = Someone(("lead", UPP), ("reporter", STO))
    assert centres_where(actor, Permission.WRITE_RECORDS) == {UPP, STO}
    assert centres_where(actor, Permission.INVITE_PEOPLE) == {UPP}
    assert not may(actor, Permission.INVITE_PEOPLE, STO)


def test_who_has_no_role_may_nothing():
    assert [name for name in Permission if may(Someone(), name, UPP) or may(Someone(), name, None)] == []


def test_the_whole_nation_holds_every_centre_and_is_not_empty():
    assert UPP in NATIONWIDE and UME in NATIONWIDE and bool(NATIONWIDE)


def test_whoever_runs_a_command_is_an_administrator():
    assert [name for name in Permission if not may(Operator(), name, None)] == []
    assert Operator().username == "operator"


def test_accounts_hold_the_roles_that_are_stored(lists):
    both = factories.user("both", lists.centres["UPP"], lists.centres["STO"], role="lead")
    ids = {lists.centres[code].pk for code in ("UPP", "STO")}
    assert centres_where(both, Permission.STATE_COVERAGE) == ids
    steward = factories.user("steward", national_role="steward")
    assert may(steward, Permission.MERGE_PATIENTS, None) and not may(both, Permission.MERGE_PATIENTS, None)
    both.is_active = steward.is_active = False
    assert not may(both, Permission.READ_RECORDS, lists.centres["UPP"].pk)
    assert not may(steward, Permission.READ_RECORDS, None)


# Who acts, and why, is known to the transaction alone.


def acting() -> tuple[str | None, str | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('swecar.actor', true), current_setting('swecar.reason', true)")
        return cursor.fetchone()


def test_an_actor_within_another_gives_way_again(db):
    with acting_as(Someone(username="anna"), reason="outer"):
        assert acting() == ("anna", "outer")
        with acting_as(Someone(username="bo")):
            assert acting() == ("bo", "")
        assert acting() == ("anna", "outer")
    assert acting() == ("", "")


@pytest.mark.django_db(transaction=True)
def test_an_actor_ends_with_the_transaction():
    with acting_as(Someone(username="anna"), reason="for a test"):
        assert acting() == ("anna", "for a test")
    assert all(not value for value in acting())


@pytest.mark.parametrize(("cause", "raised"), [(LockNotAvailable, Busy), (QueryCanceled, OperationalError)])
def test_a_lock_that_is_not_to_be_had_is_busy_and_no_other_fault_is(db, cause, raised):
    with pytest.raises(raised) as refused, acting_as(Operator()):
        raise OperationalError("patient 19800101-9802") from cause()
    assert (type(refused.value) is Busy) == (raised is Busy)
    if raised is Busy:
        assert "9802" not in str(refused.value)
        assert refused.value.__cause__ is None

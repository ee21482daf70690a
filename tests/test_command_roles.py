"""Each command refuses a role of the database that it cannot do its work as, before it does anything."""

import pkgutil
from typing import NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.management import commands
from registry.pages.public.about import FIGURE
from registry.publishing.publish import publish
from swecar.postgresql.roles import CLINIC, PUBLIC, ROLES, WORKER
from tests import factories
from tests.database_roles import OWNER, acting_for
from tests.test_import import ROW

pytestmark = pytest.mark.django_db

REFUSED = 2
PUBLIC_KEY = "age126yxnjg0jlp440zftl83cmcxc75jnat8rpjlcpyeke4utgs9j3nsvauq6q"


class Row(NamedTuple):
    """Whom a refused command names, the roles beside the owner that it works as, and its arguments."""

    names: str
    roles: tuple[str, ...]
    words: tuple[str, ...] = ()
    code: int = 0  # of the work done
    as_demonstration: bool = False


ROWS = {
    "backup": Row("migrate", (), ("--make-identity", "key")),
    "backup_keys": Row("", (CLINIC, WORKER, PUBLIC), ("keys", "--to", PUBLIC_KEY)),
    "create_token": Row("clinic", (CLINIC,), ("nurse", "--scope", "read")),
    "demo_data": Row("migrate", (), as_demonstration=True),
    "demo_releases": Row("clinic", (CLINIC,), as_demonstration=True),
    "import_infusions": Row("worker", (WORKER,), ("exchange.csv", "--by", "nurse")),
    "import_trials": Row("clinic", (CLINIC,), ("trials.csv",)),
    "invite_administrator": Row("clinic", (CLINIC,), ("anna@region.example", "--site", "http://testserver")),
    "load_code_lists": Row("clinic", (CLINIC,)),
    "load_populations": Row("clinic", (CLINIC,), ("populations.csv",)),
    "make_roles": Row("migrate", ()),
    "publish": Row("worker", (WORKER,)),
    "reconcile": Row("", (CLINIC, WORKER, PUBLIC), (str(FIGURE),), code=4),  # the test's records are others
    "rotate_identity_key": Row("worker", (WORKER,)),
    "restore": Row("migrate", (), ("nothing", "--identity", "key"), code=1),  # there is no such backup
    "verify": Row("worker", (WORKER,)),
    "verify_history": Row("worker", (WORKER,)),
}


def test_every_command_has_a_row():
    assert set(ROWS) == {module.name for module in pkgutil.iter_modules(commands.__path__)}


@pytest.fixture
def prepared(nurse, lists, write, tmp_path, monkeypatch, settings):
    """What each command needs to find."""

    def prepare(row: Row) -> None:
        settings.DEMONSTRATION = row.as_demonstration
        factories.record(lists, factories.nth_number(1))
        publish()
        write([ROW | {"centre": "UPP"}])
        (tmp_path / "populations.csv").write_text("area,year,persons,source\n03,2020,388394,SCB\n")
        (tmp_path / "trials.csv").write_text("identifier,centre,status,since\nNCT99000009,UPP,planned,2020\n")
        monkeypatch.chdir(tmp_path)

    return prepare


def pairs(*, works: bool) -> list[tuple[str, str]]:
    """Commands with each role that they work as, or with the others."""
    every = [(name, role) for name in ROWS for role in (OWNER, *ROLES)]
    return [(name, role) for name, role in every if works == (role in (OWNER, *ROWS[name].roles))]


@pytest.mark.parametrize(("name", "role"), pairs(works=False))
def test_a_command_refuses_a_role_that_it_cannot_work_as(name, role, prepared, manage):
    row = ROWS[name]
    prepared(row)
    with acting_for(role), CaptureQueriesContext(connection) as asked:
        code, out, err = manage(name, *row.words)
    assert (code, out) == (REFUSED, "")
    assert err.startswith(f"CommandError: This command does not work as {role}, ")
    assert f"docker compose run --rm {row.names} python manage.py {name} …" in err
    assert len(err.splitlines()) == 1
    assert [query["sql"].split()[0] for query in asked] in (["SELECT"], ["SELECT", "DROP"])  # the fixture's own


@pytest.mark.parametrize(("name", "role"), pairs(works=True))
def test_a_command_does_its_work_as_the_others(name, role, prepared, manage):
    row = ROWS[name]
    prepared(row)
    with acting_for(role):
        code, _out, err = manage(name, *row.words)
    assert code == row.code, err

"""Every error has its HTTP status in one table, and the table has no error that there is not."""

import ast

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from psycopg.errors import lookup

from api.errors import Refused
from registry.errors import Busy, InfusionRefused, RegistryError, TooManyLookups
from registry.pages.clinic import infusion_list
from swecar.http.error_status import CODES, STATUSES
from tests import factories
from tests.test_every_refusal import calls, classes, nodes

ABSTRACT = {RegistryError, Refused}  # raised only as one of their children, or with a code of its own


def named(wanted: str) -> bool:
    """Whether any code raises the class or makes one of it."""
    for _path, node in nodes():
        if isinstance(node, ast.Raise) and getattr(node.exc, "id", getattr(node.exc, "attr", "")) == wanted:
            return True
    return any(True for _call in calls({wanted}))


def codes_handed_in() -> set[str]:
    """The codes that are given where an error is made, and not by its class."""
    names = {one.__name__ for one in classes()}
    given = [keyword.value for _path, node in calls(names) for keyword in node.keywords if keyword.arg == "code"]
    given += [node.args[0] for _path, node in calls({"Refused"})]
    assert [ast.unparse(code) for code in given if not isinstance(code, ast.Constant)] == ["error.code"]
    return {code.value for code in given if isinstance(code, ast.Constant)}


def test_every_error_has_a_status_and_every_status_an_error():
    assert STATUSES.keys() == {one.code for one in classes() - ABSTRACT} | codes_handed_in()


def test_every_class_is_raised_by_someone():
    assert [one.__name__ for one in classes() - ABSTRACT if not named(one.__name__)] == []


def test_no_code_has_two_statuses():
    listed = [code for codes in CODES.values() for code in codes.split()]
    assert len(listed) == len(set(listed))


def test_no_error_carries_a_status_of_its_own():
    assert [one.__name__ for one in classes() if any("status" in name for name in vars(one))] == []


def test_a_kind_of_refused_infusion_has_its_own_code():
    """Else it would have the status of any other refused infusion."""
    kinds = classes(InfusionRefused)
    assert len({one.code for one in kinds}) == len(kinds) == 4


@pytest.mark.parametrize("address", ["/", "/en/", "/api/v1/map", "/api/v1/infusions", "/clinic/", "/admin/"])
def test_a_database_that_does_not_respond_is_no_fault_of_a_program(db, monkeypatch, address):
    def fail():
        raise OperationalError("connection to 10.0.0.7 refused")

    monkeypatch.setattr("registry.purpose.read_purpose", fail)
    response = Client(raise_request_exception=False).get(address)
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "60", "no-store")
    assert b"10.0.0.7" not in response.content


@pytest.mark.parametrize("address", ["/api/v1/infusions", "/en/clinic/infusions/"])
def test_a_primary_that_has_become_a_replica_is_an_outage_too(lists, address):
    """Until its clients are led to the new primary, it reads and refuses to write."""
    factories.record(lists, factories.nth_number(0), centre="UPP")
    client = Client(raise_request_exception=False)
    client.force_login(factories.user("nurse", lists.centres["UPP"]))
    assert client.get(address).status_code == 200
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        response = client.get(address)  # which is noted in the access log
        transaction.set_rollback(True)
    assert (response.status_code, response.headers.get("Retry-After")) == (503, "60"), response.content


@pytest.mark.parametrize(("code", "status"), [("54000", 500), ("40P01", 503), ("53300", 503)])
def test_what_is_too_large_for_the_database_is_a_fault_and_no_outage(db, monkeypatch, code, status):
    def fail():
        raise OperationalError from lookup(code)("made up")

    monkeypatch.setattr("registry.purpose.read_purpose", fail)
    assert Client(raise_request_exception=False).get("/en/").status_code == status


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/clinic/infusions/new", "Det är oklart om det du skickade sparades"),
        ("/en/clinic/infusions/new", "may or may not have been saved"),
    ],
)
def test_who_sent_something_is_told_to_look_whether_it_was_saved(db, monkeypatch, path, said):
    def fail():
        raise OperationalError

    monkeypatch.setattr("registry.purpose.read_purpose", fail)
    client = Client(raise_request_exception=False)
    assert said in client.post(path).content.decode()
    assert said not in client.get(path).content.decode()


OTHER = 418  # that no error has


@pytest.mark.parametrize(
    ("code", "address"),
    [
        ("no_snapshot", "/"),
        ("no_snapshot", "/en/how-we-count/"),
        ("no_snapshot", "/api/v1/map"),
        ("choice_unknown", "/en/embed/?as_of=nonsense"),
        ("unknown_parameter", "/api/v1/map?bogus=1"),
        ("invitation_unusable", "/en/accounts/invitation/"),
    ],
)
def test_the_table_alone_says_the_status(lists, monkeypatch, code, address):
    assert Client().get(address).status_code == STATUSES[code]
    monkeypatch.setitem(STATUSES, code, OTHER)
    assert Client().get(address).status_code == OTHER


@pytest.mark.parametrize("error", [Busy(), TooManyLookups(61)])
def test_a_page_of_the_clinic_says_it_too(lists, monkeypatch, error):
    def refuse(*arguments, **options):
        raise error

    monkeypatch.setattr(infusion_list, "acting_as", refuse)
    client = Client()
    client.force_login(factories.user("nurse", lists.centres["UPP"]))
    assert client.get("/en/clinic/infusions/").status_code == STATUSES[error.code]
    monkeypatch.setitem(STATUSES, error.code, OTHER)
    assert client.get("/en/clinic/infusions/").status_code == OTHER

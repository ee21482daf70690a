"""The admin: who may use it, which changes leave history, and what it shows."""

from base64 import b64encode

import pytest
from django.contrib import admin
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from registry.choices import Task
from registry.entry import publish_request
from registry.models import Centre, Infusion, Membership, PatientIdentifier, Product, Run, Snapshot, User
from registry.publishing.publish import publish
from tests import factories
from tests.admin_browser import (
    CODE_LISTS,
    MADE_BY_JOBS,
    MODELS,
    RECORDS,
    STATED,
    form_of,
    last_change,
    page,
    pages_of,
    sign_in,
    statuses,
    store_world,
    text,
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def messages(monkeypatch):
    """Messages that would be sent to the broker."""
    sent = []
    monkeypatch.setattr(publish_request._sender, "submit", lambda *message: sent.append(message))
    return sent


@pytest.fixture(scope="module")
def world(kept_lists):
    """A registry with a row in every table."""
    return store_world(kept_lists)


def test_the_admin_has_these_pages_and_no_others():
    assert {model.__name__ for model in MODELS} == CODE_LISTS | STATED | RECORDS | MADE_BY_JOBS | {"User"}
    assert all(admin.site._registry[model].actions is None for model in MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_an_administrator_sees_every_page(world, model):
    adds = 403 if model.__name__ in RECORDS | MADE_BY_JOBS else 200
    assert statuses(sign_in(), model) == {"list": 200, "add": adds, "change": 200, "history": 200}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_other_role_sees_a_page(world, model):
    assert set(statuses(Client(), model).values()) == {302}
    assert set(statuses(sign_in("a", is_staff=False), model).values()) == {302}
    assert set(statuses(sign_in("b", is_staff=False, is_superuser=True), model).values()) == {302}
    # Django's history page redirects (302) for a record that the user may not see.
    refused = {403} | ({302} if model.__name__ in RECORDS else set())
    assert set(statuses(sign_in("c", national_role=""), model).values()) <= refused
    assert set(statuses(sign_in("d", national_role="auditor"), model).values()) <= refused
    lead = sign_in("e", national_role="")
    Membership.objects.create(user=User.objects.get(username="e"), centre=Centre.objects.first(), role="lead")
    assert set(statuses(lead, model).values()) <= refused


def test_a_superuser_without_a_role_sees_no_record_but_can_appoint(world):
    client = sign_in("root", national_role="", is_superuser=True)
    for model in MODELS:
        expected = {302, 403} if model.__name__ in RECORDS else {200, 403}
        assert set(statuses(client, model).values()) <= expected
    infusion = Infusion.objects.first()
    for action in ("correct", "withdraw"):
        assert client.post(reverse(f"admin:infusion_{action}", args=[infusion.pk])).status_code == 403
    address = page(User, "change", User.objects.get(username="root").pk)
    sent = form_of(client, address) | {"national_role": "administrator", "reason": "the first one"}
    assert client.post(address, sent).status_code == 302
    assert client.get(page(Infusion, "changelist")).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_records_and_publications_take_no_form(world, model):
    if model.__name__ in CODE_LISTS | STATED | {"User"}:
        return
    client, record = sign_in(), model._default_manager.first()
    for address in (page(model, "add"), page(model, "change", record.pk), page(model, "delete", record.pk)):
        assert client.post(address, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("name", sorted(CODE_LISTS))
def test_a_change_of_a_list_requires_a_reason_and_leaves_history(world, name):
    client = sign_in()
    model = next(model for model in MODELS if model.__name__ == name)
    fields = {"Indication": "key", "Population": "source", "SiteTrial": "unit", "TrialArea": "key"}
    field = fields.get(name, "name")
    address = pages_of(model)["change"]
    sent = form_of(client, address) | {field: "newly-named"}
    sent |= {"target": "CD19"} if name == "Product" else {}
    assert "This field is required." in text(client.post(address, sent))
    sent |= {"reason": "Regionen bad om det"}
    if name in {"Product", "Indication"}:  # infusions refer to what is changed (test_list_changes.py)
        asked = client.post(address, sent).context["adminform"].form
        sent |= {"settled": asked.fields["settled"].widget.seen}
    assert client.post(address, sent).status_code == 302
    assert last_change(model) == ("föreståndare", "Regionen bad om det")
    history = text(client.get(pages_of(model)["history"]))
    assert "Regionen bad om det" in history
    assert "→ newly-named" in history


def test_a_change_of_a_list_is_published_without_waiting_for_the_sweep(
    world, messages, django_capture_on_commit_callbacks
):
    client, address = sign_in(), page(Centre, "change", Centre.objects.get(code="UPP").pk)
    sent = form_of(client, address) | {"city_sv": "Upsala", "reason": "gammal stavning"}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address, sent).status_code == 302
    assert Run.objects.filter(task=Task.PUBLISH, started_at=None).count() == 1
    assert len(messages) == 1
    unused = Product.objects.create(
        name="Ny", target="CD19", modality="CAR-T", origin="investigational", position=9
    )
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(Product, "delete", unused.pk), {"post": "yes"})
    assert len(messages) == 2


def test_a_change_that_waits_too_long_for_the_lock_gives_503_and_stores_nothing(world, monkeypatch):
    def refuse(*arguments, **options):
        raise OperationalError from LockNotAvailable()

    centre = Centre.objects.get(code="UPP")
    client, address = sign_in(), page(Centre, "change", centre.pk)
    sent = form_of(client, address) | {"city_sv": "Upsala", "reason": "gammal stavning"}
    monkeypatch.setattr(Centre, "save", refuse)
    response = client.post(address, sent)
    assert response.status_code == 503
    assert "Another change is being stored" in text(response)
    assert Centre.objects.get(code="UPP").city_sv == centre.city_sv


def test_an_addition_and_a_deletion_leave_history(world):
    client = sign_in()
    sent = form_of(client, page(Product, "add")) | {
        "name": "Ny", "target": "CD19", "modality": "CAR-T", "origin": "investigational", "position": 9,
    }  # fmt: skip
    assert client.post(page(Product, "add"), sent).status_code == 302
    assert last_change(Product) == ("föreståndare", "admin")
    address = page(Product, "delete", Product.objects.get(name="Ny").pk)
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not Product.objects.filter(name="Ny").exists()
    assert last_change(Product) == ("föreståndare", "admin")


def test_a_row_in_use_cannot_be_deleted(world):
    client, used = sign_in(), Product.objects.get(name="Kymriah")
    assert client.post(page(Product, "delete", used.pk), {"post": "yes"}).status_code == 403
    assert "deletelink" not in text(client.get(page(Product, "change", used.pk)))
    assert Product.objects.filter(pk=used.pk).exists()


@pytest.mark.parametrize(
    ("model", "values", "sentence"),
    [
        ("Centre", {"code": "upp"}, "A code is 2 to 12 capital letters"),
        ("Centre", {"latitude": "159"}, "Latitude is between"),
        ("ManufacturingSite", {"code": "upp"}, "A code is 2 to 12 capital letters"),
        ("Product", {"name": "YESCARTA"}, "There is already a product of this name."),
        ("Product", {"inn": "Axicabtagene ciloleucel"}, "There is already a product with this INN."),
        ("Product", {"authorised_precision": ""}, "Give a date and its precision, or neither."),
        ("Trial", {"identifier": "NCT1"}, "Write NCT and 8 digits"),
        ("Trial", {"other_identifiers": "NCT1"}, "Write NCT and 8 digits"),
        ("Trial", {"other_identifiers": "NCT99000001, NCT99000002"}, "One of these numbers is another trial"),
        ("Trial", {"other_identifiers": "19700101-9806"}, "This looks like an identity number."),
        ("SiteTrial", {"statuses-0-since": "2999-01-01"}, "The date lies in the future."),
        ("SiteTrial", {"statuses-0-since": "2020-05-05", "statuses-0-date_precision": "month"}, "do not fit"),
        ("SiteTrial", {"statuses-0-explanation": "19700101-9806"}, "This looks like an identity number."),
        ("Trial", {"reason": "for 19700101-9806"}, "This looks like an identity number."),
    ],
)
def test_a_broken_constraint_is_explained_in_a_sentence(world, model, values, sentence):
    client = sign_in()
    address = pages_of(next(found for found in MODELS if found.__name__ == model))["change"]
    response = client.post(address, form_of(client, address) | {"reason": "test"} | values)
    assert response.status_code == 200
    assert sentence in text(response)
    assert "constraint" not in text(response).lower()


def test_a_role_at_a_centre_is_given_with_history_and_explained(world):
    client, reporter = sign_in(), User.objects.get(username="rapportör")
    address = page(User, "change", reporter.pk)
    shown = text(client.get(address))
    assert "Manages code lists, users and centres" in shown
    assert "attests that they are complete, states its trials, and" in shown
    sent = form_of(client, address) | {"memberships-0-role": "lead", "reason": "new head of clinic"}
    assert client.post(address, sent).status_code == 302
    assert reporter.memberships.get().role == "lead"
    assert last_change(Membership) == ("föreståndare", "new head of clinic")
    assert "Reporter → Lead" in text(client.get(page(User, "history", reporter.pk)))


def test_administrators_cannot_remove_their_own_access_or_delete_a_user(world):
    client = sign_in()
    me = User.objects.get(username="föreståndare")
    sent = form_of(client, page(User, "change", me.pk)) | {"national_role": "", "is_staff": "", "reason": "x"}
    client.post(page(User, "change", me.pk), sent)
    me.refresh_from_db()
    assert (me.is_staff, me.national_role) == (True, "administrator")
    assert client.post(page(User, "delete", me.pk), {"post": "yes"}).status_code == 403


def test_a_password_is_set_and_never_shown(world):
    client, reporter = sign_in(), User.objects.get(username="rapportör")
    address = reverse("admin:auth_user_password_change", args=[reporter.pk])
    assert address in text(client.get(page(User, "change", reporter.pk)))
    new = {"password1": "björk-gren-7", "password2": "björk-gren-7", "usable_password": "true", "reason": "x"}
    assert client.post(address, new | {"set-password": ""}).status_code == 302
    reporter.refresh_from_db()
    assert reporter.check_password("björk-gren-7")


def test_no_page_shows_a_digest_or_the_hash_of_a_password(world):
    client = sign_in()
    secrets = {user.password for user in User.objects.all()}
    secrets |= {user.password.split("$")[-1][:6] for user in User.objects.all()}
    for identifier in PatientIdentifier.objects.all():
        digest = bytes(identifier.digest)
        secrets |= {digest.hex(), b64encode(digest).decode(), repr(digest)}
    for model in MODELS:
        for address in pages_of(model).values():
            shown = text(client.get(address))
            assert not [secret for secret in secrets if secret in shown], address


def lengthen_every_list(lists) -> None:
    for place in range(6):
        day = f"2020-06-{place + 1:02}"
        factories.record(lists, factories.nth_number(place + 3), infused_on=day, centre="STO")
        factories.user(f"u{place}", lists.centres["UPP"], lists.centres["STO"])
        Centre.objects.create(
            code=f"NEW{place}", name="N", city_sv="N", city_en="N", county="N", county_code="01",
            region="Norra", latitude=60, longitude=15, status="active", position=50 + place,
        ).manufacturing_sites.create(code=f"SITE{place}", name="S")  # fmt: skip
        publish()
        Run.objects.create(
            task="registry.prune_facts", queued_at=timezone.now(), started_at=timezone.now(),
            heartbeat_at=timezone.now(), snapshot=Snapshot.objects.first(),
        )  # fmt: skip


def test_a_longer_list_takes_no_more_queries(world, purpose_known):
    client = sign_in()

    def ask(model) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(page(model, "changelist"))
        return len(queries), len(response.context["cl"].result_list)

    before = {model: ask(model) for model in MODELS}
    lengthen_every_list(world)
    after = {model: ask(model) for model in MODELS}
    more = {model.__name__: after[model][0] - before[model][0] for model in MODELS}
    assert more == dict.fromkeys(more, 0)
    longer = {model.__name__ for model in MODELS if after[model][1] > before[model][1]}
    assert longer == {"Centre", "Infusion", "ManufacturingSite", "Patient", "Question", "Run", "Snapshot", "User"}

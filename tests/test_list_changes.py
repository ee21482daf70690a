"""Code lists: a change that affects registered infusions is confirmed first, one that contradicts them refused."""

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils.timezone import now

from registry.access import Operator
from registry.entry.importing.job import store_checked
from registry.entry.infusions.record import withdraw_infusion
from registry.entry.list_changes import settling
from registry.entry.questions.questions import ask_steward
from registry.models import (
    Centre,
    Coverage,
    Draft,
    ImportJob,
    Indication,
    Infusion,
    Invitation,
    ManufacturingSite,
    Membership,
    Product,
    Referral,
    Revision,
    Trial,
)
from tests import factories
from tests.admin_browser import form_of, last_change, page, sign_in, text
from tests.test_import import ROW, as_csv
from tests.test_import_jobs import receive, run

LISTS = [Centre, ManufacturingSite, Product, Indication, Trial]
REASON = {"reason": "the region asked for it"}
# Guarded fields, each with a new value; three infusions at two centres refer to each row.
SETTLED = [
    (Centre, "UPP", "region", "Norra"),
    (Centre, "UPP", "county_code", "24"),
    (Centre, "UPP", "status", "closed"),
    (Product, "Yescarta", "modality", "TCR-T"),
    (Product, "Yescarta", "target", "BCMA"),
    (Product, "Yescarta", "name", "Yescarta 2"),
    (Product, "Yescarta", "origin", "investigational"),
    (Product, "Yescarta", "authorised_on", "2019-01-01"),
    (Indication, "dlbcl", "icd10", "C90.0"),
    (Indication, "dlbcl", "key", "mm"),
    (ManufacturingSite, "GMPUPP", "centre", "STO"),
    (ManufacturingSite, "GMPUPP", "code", "GMPX"),
    (Trial, factories.ACADEMIC, "identifier", "NCT99000077"),
]
FREE = [
    (Centre, "UPP", "city_sv", "Upsala"),
    (Product, "Yescarta", "holder", "Gilead"),
    (Indication, "dlbcl", "name_sv", "Storcelligt B-cellslymfom"),
    (ManufacturingSite, "GMPUPP", "name", "Uppsala GMP"),
    (Trial, factories.ACADEMIC, "phase", "III"),
]
BLOCKED = [
    (Trial, factories.ACADEMIC, "sponsor", "industry", "UPP 2, STO 1"),
    (Trial, factories.INDUSTRY, "sponsor", "academic", "UPP 1"),
    (Centre, "UPP", "status", "upcoming", "UPP 3"),
    (Centre, "UPP", "code", "UPPX", "UPP 3"),
]
NAMED_BY = {
    Centre: "code", ManufacturingSite: "code", Product: "name", Indication: "key", Trial: "identifier",
}  # fmt: skip


@pytest.fixture
def rows(lists):
    """Three infusions at two centres."""
    treatment = {
        "product": "Yescarta", "indication": "C83.3", "manufacturing_site": "GMPUPP", "category": "ACT",
        "infused_on": "2020-05-05",
    }  # fmt: skip
    for place, centre in enumerate(("UPP", "UPP", "STO")):
        factories.record(lists, factories.nth_number(place), centre=centre, **treatment)
    factories.record(lists, factories.nth_number(5), category="ICT")
    withdrawn = factories.record(lists, factories.nth_number(6), centre="UME", **treatment | {"category": "SOC"})
    withdraw_infusion(infusion_id=withdrawn.pk, by=Operator(), reason="never given")
    Infusion.objects.filter(pk=withdrawn.pk).update(centre=lists.centres["STO"])
    return lists


def find(model, name):
    return model.objects.get(**{NAMED_BY[model]: name})


def typed(model, field, value):
    """A value as a form sends it."""
    return find(Centre, value).pk if model is ManufacturingSite and field == "centre" else value


def stored(row, field) -> str:
    return str(type(row).objects.values_list(field, flat=True).get(pk=row.pk))


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_every_field_of_a_list_is_guarded_or_free(model):
    fields = {field.name for field in model._meta.concrete_fields if not field.primary_key}
    assert sorted(fields) == sorted([*model.guard.guarded, *model.guard.free])
    assert set(model.guard.forbidden) <= set(model.guard.guarded)
    assert model.guard.table == model._meta.db_table


def test_every_list_that_infusions_refer_to_has_a_guard():
    referred = {
        field.related_model for field in Infusion._meta.concrete_fields if isinstance(field, models.ForeignKey)
    }
    assert {model for model in referred if hasattr(model, "guard")} == set(LISTS)
    assert {model.__name__ for model in referred - set(LISTS)} == {"Patient"}


@pytest.mark.parametrize(("model", "name", "field", "value"), SETTLED)
def test_a_guarded_change_names_the_infusions_and_is_made_once_they_are_confirmed(rows, model, name, field, value):
    client, row = sign_in(), find(model, name)
    address, before = page(model, "change", row.pk), stored(row, field)
    sent = form_of(client, address) | REASON | {field: typed(model, field, value)}
    response = client.post(address, sent)
    assert response.status_code == 200 and stored(row, field) == before
    [error] = response.context["adminform"].form.errors["settled"]
    assert "UPP 3" in error if model is Centre else "UPP 2" in error and "STO" in error
    link = error.split('href="')[1].split('"')[0].replace("&amp;", "&")
    listed = client.get(link)
    assert listed.status_code == 200
    shown = {infusion.pk for infusion in listed.context["cl"].result_list}
    resting = Infusion.objects.filter(**{model.guard.column: row.pk})
    assert shown == set(resting.values_list("pk", flat=True)) and shown
    seen = response.context["adminform"].form.fields["settled"].widget.seen
    assert f'value="{seen}"' in text(response)
    revision = Revision.objects.get().number
    assert client.post(address, sent | {"settled": seen + "x"}).status_code == 200
    assert client.post(address, sent | {"settled": seen, "reason": ""}).status_code == 200
    assert stored(row, field) == before and Revision.objects.get().number == revision
    assert client.post(address, sent | {"settled": seen}).status_code == 302
    assert stored(row, field) == str(typed(model, field, value))
    assert last_change(model) == ("föreståndare", REASON["reason"])
    assert Revision.objects.get().number > revision  # published by a new snapshot


@pytest.mark.parametrize(("model", "name", "field", "value"), FREE)
def test_a_free_field_changes_without_confirmation(rows, model, name, field, value):
    client, row = sign_in(), find(model, name)
    address = page(model, "change", row.pk)
    assert client.post(address, form_of(client, address) | REASON | {field: value}).status_code == 302
    assert stored(row, field) == value


@pytest.mark.parametrize(("model", "name", "field", "value"), [row for row in SETTLED if row[0] is not Centre])
def test_without_infusions_every_field_changes_without_confirmation(lists, model, name, field, value):
    client, row = sign_in(), find(model, name)
    address = page(model, "change", row.pk)
    sent = form_of(client, address) | REASON | {field: typed(model, field, value)}
    assert client.post(address, sent).status_code == 302


@pytest.mark.parametrize(("model", "name", "field", "value", "centres"), BLOCKED)
def test_a_change_that_contradicts_infusions_is_refused(rows, model, name, field, value, centres):
    client, row = sign_in(), find(model, name)
    address, before = page(model, "change", row.pk), stored(row, field)
    response = client.post(address, form_of(client, address) | REASON | {field: value})
    [error] = response.context["adminform"].form.errors[field]
    assert centres in error and "incorrect" in error and "href" in error
    assert "settled" not in response.context["adminform"].form.errors
    setattr(row, field, value)
    with pytest.raises(IntegrityError), transaction.atomic(), settling(row):
        row.save()
    assert stored(row, field) == before


def test_a_sponsor_changes_once_no_infusion_contradicts_it(rows):
    for row in Infusion.objects.counted().filter(category="ACT"):
        withdraw_infusion(infusion_id=row.pk, by=Operator(), reason="wrong trial")
    client, row = sign_in(), find(Trial, factories.ACADEMIC)
    address = page(Trial, "change", row.pk)
    sent = form_of(client, address) | REASON | {"sponsor": "industry"}
    asked = client.post(address, sent)
    seen = asked.context["adminform"].form.fields["settled"].widget.seen
    assert client.post(address, sent | {"settled": seen}).status_code == 302
    assert stored(row, "sponsor") == "industry"


def test_new_infusions_require_a_new_confirmation(rows):
    client, row = sign_in(), find(Product, "Yescarta")
    address = page(Product, "change", row.pk)
    sent = form_of(client, address) | REASON | {"target": "BCMA"}
    seen = client.post(address, sent).context["adminform"].form.fields["settled"].widget.seen
    factories.record(rows, factories.nth_number(9), product="Yescarta")
    response = client.post(address, sent | {"settled": seen})
    assert response.status_code == 200 and "UPP 3" in text(response)


@pytest.mark.parametrize(("model", "name", "field", "value"), SETTLED)
def test_no_other_path_changes_a_list_under_rows(rows, model, name, field, value):
    row = find(model, name)
    column = "centre_id" if field == "centre" else field
    for change in (
        lambda: model.objects.filter(pk=row.pk).update(**{column: typed(model, field, value)}),
        lambda: (setattr(row, column, typed(model, field, value)), row.save()),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    other = model.objects.exclude(pk=row.pk).first()
    with pytest.raises(IntegrityError), transaction.atomic(), settling(other):
        model.objects.filter(pk=row.pk).update(**{column: typed(model, field, value)})


@pytest.mark.parametrize(
    ("model", "name"),
    [(Centre, "UPP"), (Product, "Yescarta"), (Indication, "dlbcl"), (ManufacturingSite, "GMPUPP"),
     (Trial, factories.ACADEMIC)],
)  # fmt: skip
def test_deleting_a_row_in_use_is_refused_with_the_infusions_named(rows, model, name):
    client, row = sign_in(), find(model, name)
    for response in (
        client.get(page(model, "delete", row.pk)),
        client.post(page(model, "delete", row.pk), {"post": "yes"}),
    ):
        assert response.status_code == 403
        assert "cannot be deleted: " in text(response) and "UPP" in text(response)
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("change", ["sponsor", "upcoming", "deleted"])
def test_an_upload_that_was_checked_before_a_list_changed_is_not_stored(lists, change):
    reporter = factories.user("reporter", lists.centres["UPP"])
    rows = [ROW | {"category": "ACT", "trial": factories.ACADEMIC, "product": "Yescarta"}]
    job = receive(reporter, as_csv(rows))
    assert run(job).state == "checked"
    match change:
        case "sponsor":
            Trial.objects.filter(identifier=factories.ACADEMIC).update(sponsor="industry")
        case "upcoming":
            Centre.objects.filter(code="UPP").update(status="upcoming")
        case "deleted":
            Product.objects.get(name="Yescarta").delete()
    stored_job = run(store_checked(job_id=job.pk, by=reporter))
    assert stored_job.state == "refused"
    assert [problem.code for problem in stored_job.problems.all()] == ["list_changed"]
    assert not Infusion.objects.exists()


# What is deleted


def test_every_relation_to_a_list_protects_its_rows():
    """History tables may name deleted rows, without a constraint; every other relation protects."""
    found = {
        (model.__name__, field.name): field.remote_field.on_delete
        for model in apps.get_app_config("registry").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model in LISTS
    }
    histories = {key for key in found if key[0].endswith("History")}
    assert len(found.keys() - histories) >= 13
    assert {found[key] for key in histories} == {models.DO_NOTHING}
    assert {key: rule for key, rule in found.items() if key not in histories and rule is not models.PROTECT} == {}


def _draft(centre, user):
    Draft.objects.create(centre=centre, fields={}, saved_by=user)


def _coverage(centre, user):
    Coverage.objects.create(centre=centre, complete_through="2020-05-05", stated_by=user.username)


def _membership(centre, user):
    Membership.objects.create(centre=centre, user=user, role="reporter")


def _invitation(centre, user):
    invited = {"email": "a@example.org", "role": "lead", "token_digest": b"x", "invited_by": "x"}
    Invitation.objects.create(centre=centre, expires_at=now(), **invited)


def _upload(centre, user):
    ImportJob.objects.create(centre=centre, uploaded_by=user)


def _site(centre, user):
    ManufacturingSite.objects.create(code="GMPFAL", name="Falun GMP", centre=centre)


def _question(centre, user):
    ask_steward(centre=centre, text="Who keeps the list?", by=Operator())


def _referral(centre, user):
    Referral.objects.create(centre=centre, code="known_elsewhere", chain=b"x", sent_by=user.username)


@pytest.mark.parametrize(
    ("store", "named"),
    [(_draft, "drafts 1"), (_coverage, "attestations of completeness 1"), (_membership, "memberships 1"),
     (_invitation, "invitations 1"), (_upload, "imports 1"), (_site, "manufacturing sites 1"),
     (_question, "questions 1"), (_referral, "referrals 1")],
)  # fmt: skip
def test_what_keeps_a_centre_without_infusions_from_deletion_is_named(lists, store, named):
    centre = lists.centres["FAL"]
    store(centre, factories.user("nurse", lists.centres["UPP"]))
    client = sign_in()
    for response in (
        client.get(page(Centre, "delete", centre.pk)),
        client.post(page(Centre, "delete", centre.pk), {"post": "yes"}),
    ):
        assert response.status_code == 403
        assert named in text(response) and "set its status to closed" in text(response)
    with pytest.raises(models.ProtectedError):
        centre.delete()
    assert Centre.objects.filter(pk=centre.pk).exists()


def test_a_centre_to_which_nothing_refers_is_deleted(lists):
    client, centre = sign_in(), lists.centres["FAL"]
    assert client.post(page(Centre, "delete", centre.pk), {"post": "yes"}).status_code == 302
    assert not Centre.objects.filter(pk=centre.pk).exists()

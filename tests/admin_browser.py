"""Shared by the tests of the admin: a registry, a client, and forms as a browser sends them."""

from datetime import date

from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry.access import Operator
from registry.entry.questions.questions import ask
from registry.entry.trials.joining import StatedTrial
from registry.entry.trials.site_trials import SiteStatus, state_site_trial
from registry.entry.trials.statements import Origin, state_exemption, state_manufacturing
from registry.models import Population, Run, TrialArea, User
from registry.publishing.publish import publish
from tests import factories

MODELS = sorted(admin.site._registry, key=lambda model: model.__name__)
RECORDS = {"Infusion", "Patient", "Question"}
MADE_BY_JOBS = {"Run", "Snapshot"}
CODE_LISTS = {
    "Centre", "Indication", "ManufacturingSite", "Population", "Product", "SiteTrial", "Trial", "TrialArea",
}  # fmt: skip
STATED = {"ExemptionYear", "ManufacturingStatement"}  # added, and never changed


def store_world(lists: factories.Lists) -> factories.Lists:
    """Every registered table with a row, published; one reporter has a centre."""
    infusion = factories.record(lists, infused_on="2020-05-05")
    ask(infusion_id=infusion.pk, text="Is the date right?", by=Operator())
    factories.record(lists, infused_on="2021-05-05", kind="reinfusion", centre="STO")
    factories.user("rapportör", lists.centres["UPP"])
    Population.objects.create(area="03", year=2023, persons=404_589, source="SCB")
    store_statements(lists)
    publish()
    # Queued by what was stored, where that was committed.
    Run.objects.get_or_create(
        task="registry.publish_snapshot", started_at=None, defaults={"queued_at": timezone.now()}
    )
    return lists


def store_statements(lists: factories.Lists) -> None:
    """A therapeutic area, a trial at a hospital, and a statement of each kind."""
    TrialArea.objects.create(key="oncology", name_sv="Onkologi", name_en="Oncology", position=0)
    state_site_trial(
        centre=lists.centres["UPP"], trial=StatedTrial([factories.INDUSTRY]), by=Operator(),
        status=SiteStatus("recruiting", date(2020, 1, 1)),
    )  # fmt: skip
    origin = Origin("Sjukhuset", "Rapport")
    state_exemption(centre=lists.centres["UPP"], product="K", year=2020, patients=3, origin=origin, by=Operator())
    state_manufacturing(
        site=lists.sites["VECURA"], as_of=date(2020, 5, 5), counts={"batches": 9, "products": 2, "countries": 1},
        classes={"sctmp": 2}, countries=["NO"], origin=origin, by=Operator(),
    )  # fmt: skip


def sign_in(name="föreståndare", *, national_role="administrator", is_staff=True, **fields) -> Client:
    """A client in English, signed in as a new user."""
    user = factories.user(name, national_role=national_role)
    User.objects.filter(pk=user.pk).update(is_staff=is_staff, **fields)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def page(model, view, *arguments) -> str:
    """The URL of an admin page of a model."""
    return reverse(f"admin:registry_{model._meta.model_name}_{view}", args=arguments)


def pages_of(model) -> dict[str, str]:
    one = model._default_manager.order_by("pk").first()
    return {
        "list": page(model, "changelist"),
        "add": page(model, "add"),
        "change": page(model, "change", one.pk),
        "history": page(model, "history", one.pk),
    }


def statuses(client, model) -> dict[str, int]:
    return {name: client.get(address).status_code for name, address in pages_of(model).items()}


def form_of(client, address) -> dict:
    """The form as a browser would send it unchanged."""
    context = client.get(address).context
    forms = [context["adminform"].form]
    for inline in context.get("inline_admin_formsets", []):
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    sent = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            sent[bound.html_name] = "" if value is None or value is False else value
            if bound.field.show_hidden_initial:
                sent[bound.html_initial_name] = "" if bound.initial is None else bound.initial
    return sent


def last_change(model) -> tuple[str, str]:
    row = model.pgh_event_model.objects.order_by("pgh_id").last()
    return row.acted_by, row.reason


def text(response) -> str:
    return response.content.decode()

"""The administration. Whoever is not of its staff is sent to sign in, before anything is looked up."""

from collections.abc import Iterator
from datetime import date

from django.utils import timezone

from registry.models import (
    ExemptionYear,
    ManufacturingStatement,
    Population,
    Run,
    SiteTrial,
    Snapshot,
    TrialArea,
)
from tests.routes import Row, World

STAFF = {"nobody": 302, "signed_in": 302, "administrator": 200}
STAFF_302 = STAFF | {"administrator": 302}
STAFF_403 = STAFF | {"administrator": 403}
STAFF_405 = STAFF | {"administrator": 405}
CODE_LISTS = (
    "centre",
    "manufacturingsite",
    "product",
    "indication",
    "trial",
    "population",
    "trialarea",
    "sitetrial",
)
STATED = ("exemptionyear", "manufacturingstatement")  # added, and never changed
UNUSED = (
    "manufacturingsite",
    "trial",
    "population",
    "trialarea",
    "sitetrial",
)  # of those that the world's rows name, none: they may go
READ_ONLY = ("patient", "infusion", "snapshot", "run", "question")


def first_of(model: str):
    """Arguments that name a row of the model."""

    def arguments(world: World) -> dict:
        if model == "run":
            key = Run.objects.create(task="registry.publish_snapshot", queued_at=timezone.now()).pk
        elif model == "snapshot":
            key = Snapshot.objects.values_list("pk", flat=True)[0]
        else:
            key = {
                "centre": lambda: world.lists.centres["UPP"],
                "manufacturingsite": lambda: world.lists.sites["VECURA"],
                "product": lambda: world.lists.products["Kymriah"],
                "indication": lambda: world.lists.indications["C91.0"],
                "trial": lambda: world.lists.trials["NCT99000002"],
                "population": lambda: Population.objects.get_or_create(
                    area="03", year=2023, persons=404_589, source="SCB"
                )[0],
                "trialarea": lambda: TrialArea.objects.get_or_create(key="x", position=0)[0],
                "sitetrial": lambda: SiteTrial.objects.get_or_create(
                    trial=world.lists.trials["NCT99000001"], centre=world.lists.centres["UME"]
                )[0],
                "exemptionyear": lambda: ExemptionYear.objects.create(
                    centre=world.lists.centres["UME"],
                    product="K",
                    year=2020,
                    through=date(2020, 12, 31),
                    stated_by="X",
                    source="X",
                ),
                "manufacturingstatement": lambda: ManufacturingStatement.objects.create(
                    site=world.lists.sites["VECURA"], as_of=date(2020, 5, 5), stated_by="X", source="X"
                ),
                "user": lambda: world.users["reporter"],
                "patient": lambda: world.patient,
                "infusion": lambda: world.infusion,
                "question": lambda: world.question,
            }[model]().pk
        return {"object_id": str(key)}

    return arguments


def infusion(world: World) -> dict:
    return {"infusion_id": world.infusion.pk}


def reporter(world: World) -> dict:
    return {"id": str(world.users["reporter"].pk)}


def confirmed(world: World) -> dict:
    return {"post": "yes"}


def reason(world: World) -> dict:
    return {"reason": "asked for by the lead"}


def pages_of(model: str) -> Iterator[Row]:
    """The five pages that Django makes for each model; an empty form is shown again."""
    name, args = f"admin:registry_{model}", first_of(model)
    written = STAFF_403 if model in READ_ONLY else STAFF
    asked, deleted = (STAFF, STAFF_302) if model in UNUSED else (STAFF_403, STAFF_403)
    yield Row(f"{name}_changelist", "GET", STAFF)
    yield Row(f"{name}_changelist", "POST", STAFF)
    yield Row(f"{name}_add", "GET", written)
    yield Row(f"{name}_add", "POST", written)
    yield Row(f"{name}_change", "GET", STAFF, args=args)
    yield Row(f"{name}_change", "POST", STAFF_403 if model in STATED else written, args=args)
    yield Row(f"{name}_history", "GET", STAFF, args=args)
    yield Row(f"{name}_history", "POST", STAFF, args=args)
    yield Row(f"{name}_delete", "GET", asked, args=args)
    yield Row(f"{name}_delete", "POST", deleted, args=args, data=confirmed)


ROWS = [
    Row("admin:index", "GET", STAFF),
    Row("admin:index", "POST", STAFF),
    Row("admin:app_list", "GET", STAFF, args=lambda world: {"app_label": "registry"}),
    Row("admin:app_list", "POST", STAFF, args=lambda world: {"app_label": "registry"}),
    Row("admin:login", "GET", {"nobody": 302, "signed_in": 403, "administrator": 302}),
    Row("admin:login", "POST", {"nobody": 302, "signed_in": 403, "administrator": 200}),
    Row("admin:logout", "GET", {"nobody": 302, "signed_in": 302, "administrator": 405}),
    Row("admin:logout", "POST", {"nobody": 302, "signed_in": 302, "administrator": 200}),
    Row("admin:password_change", "GET", STAFF),
    Row("admin:password_change", "POST", STAFF),
    Row("admin:password_change_done", "GET", STAFF),
    Row("admin:password_change_done", "POST", STAFF_405),
    Row("admin:jsi18n", "GET", STAFF),
    Row("admin:jsi18n", "POST", STAFF_405),
    *(row for model in (*CODE_LISTS, *STATED, "user", *READ_ONLY) for row in pages_of(model)),
    Row("admin:auth_user_password_change", "GET", STAFF, args=reporter),
    Row("admin:auth_user_password_change", "POST", STAFF, args=reporter),
    Row("admin:user_second_factor", "GET", STAFF, args=first_of("user")),
    Row("admin:user_second_factor", "POST", STAFF_302, args=first_of("user"), data=reason),
    Row("admin:snapshot_publish", "GET", STAFF_405),
    Row("admin:snapshot_publish", "POST", STAFF_302),
    Row("admin:infusion_correct", "GET", STAFF, args=infusion),
    Row("admin:infusion_correct", "POST", STAFF, args=infusion),
    Row("admin:infusion_withdraw", "GET", STAFF, args=infusion),
    Row("admin:infusion_withdraw", "POST", STAFF_302, args=infusion, data=reason),
]

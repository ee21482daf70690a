"""The clinic's pages of infusions: whoever may not, is answered as if there were no such page or row."""

from tests import factories
from tests.routes import Row, World

WRITERS = {"nobody": 302, "signed_in": 404, "reporter": 200, "lead": 200, "administrator": 200}
FOR_CLINICS = {"nobody": 302, "signed_in": 404, "steward": 200, "administrator": 200}
CORRECTED = FOR_CLINICS | {"steward": 302, "administrator": 302}
READERS = WRITERS | {"steward": 200}
ANY_WRITER, ANY_READER = WRITERS | {"other": 200}, READERS | {"other": 200}
REDIRECTED = {"nobody": 302, "signed_in": 404, "reporter": 302, "lead": 302, "administrator": 302}
METHODS = {"nobody": 302, "signed_in": 404, "reporter": 405, "lead": 405, "administrator": 405}
FORM = {
    "centre": "UPP", "patient_id": factories.nth_number(7), "category": "SOC", "product": "Kymriah",
    "infused_on": "2021-03-02", "do": "submit",
}  # fmt: skip
REASON = {"why": "typing_error", "words": ""}


def infusion(world: World) -> dict:
    return {"infusion_id": world.infusion.pk}


def number(world: World) -> dict:
    return {"number": world.patient.registry_number}


def day(world: World) -> dict:
    return {"day_of": "last"}


def no_filter(world: World) -> dict:
    return {"filter_id": 1}


def draft(world: World) -> dict:
    return {"draft_id": world.draft.pk}


def own(world: World) -> dict:
    return {"draft_id": "0b9ab2a5-6f3c-4f0c-8f0e-3c1d2a7b9e10"}


def withdrawal(world: World) -> dict:
    version = type(world.infusion).objects.with_version().get(pk=world.infusion.pk).version
    return REASON | {"version": version}


def correction(world: World) -> dict:
    return withdrawal(world) | {
        "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0",
        "infused_on": "2020-05-05", "kind": "first", "age_at_infusion": "50", "batch": "B2",
    }  # fmt: skip


def chosen(world: World) -> dict:
    return REASON | {"row": [world.infusion.pk], "do": "preview", "category": "CUP"}


def searched(world: World) -> dict:
    return {"who": str(world.patient.registry_number)}


def later(world: World) -> dict:
    return FORM | {"infused_on": "2022-03-02", "kind": "reinfusion", "age_at_infusion": "52"}


ROWS = [
    Row("clinic:start", "GET", {"nobody": 302, "signed_in": 200}),
    Row("clinic:start", "POST", {"nobody": 302, "signed_in": 405}),
    Row("clinic:changes-seen", "GET", METHODS | {"other": 405}),
    Row("clinic:changes-seen", "POST", REDIRECTED | {"other": 302}),
    Row("clinic:record", "GET", ANY_WRITER),
    # A form for a centre that is not one's own is shown again, with a sentence.
    Row("clinic:record", "POST", REDIRECTED | {"other": 200}, data=lambda world: FORM),
    Row("clinic:record-person", "GET", METHODS | {"other": 405}),
    Row("clinic:record-person", "POST", ANY_WRITER, data=lambda world: FORM),
    Row("clinic:date", "GET", {"nobody": 302, "signed_in": 405}, args=day),
    Row("clinic:date", "POST", {"nobody": 401, "signed_in": 200}, args=day),
    Row("clinic:record-for", "GET", WRITERS, args=number),
    Row("clinic:record-for", "POST", REDIRECTED, args=number, data=later),
    Row("clinic:draft", "GET", WRITERS, args=draft),
    Row("clinic:draft", "POST", REDIRECTED, args=draft, data=lambda world: FORM),
    Row("clinic:draft-autosave", "GET", METHODS | {"other": 405}, args=own),
    # For a centre that is not one's own the form is not saved, and says to choose one.
    Row("clinic:draft-autosave", "POST", ANY_WRITER, args=own, data=lambda world: FORM),
    Row("clinic:draft-discard", "GET", METHODS | {"other": 405}, args=draft),
    Row("clinic:draft-discard", "POST", REDIRECTED, args=draft),
    Row("clinic:infusions", "GET", ANY_READER),
    Row("clinic:infusions", "POST", REDIRECTED | {"steward": 302, "other": 200}, data=searched),
    Row("clinic:person", "GET", READERS, args=number),
    Row("clinic:person", "POST", METHODS | {"steward": 405, "other": 405}, args=number),
    Row("clinic:correct", "GET", WRITERS, args=infusion),
    Row("clinic:correct", "POST", REDIRECTED, args=infusion, data=correction),
    Row("clinic:correct-for", "GET", FOR_CLINICS, args=infusion),
    Row("clinic:correct-for", "POST", CORRECTED, args=infusion, data=correction),
    Row("clinic:undo", "GET", METHODS | {"other": 405}, args=infusion),
    Row("clinic:undo", "POST", REDIRECTED, args=infusion, data=withdrawal),
    Row("clinic:several", "GET", METHODS | {"other": 405}),
    # Whoever chooses another centre's infusion is answered as if it were not there.
    Row("clinic:several", "POST", WRITERS, data=chosen),
    Row("clinic:filter-save", "GET", METHODS | {"steward": 405, "other": 405}),
    Row("clinic:filter-save", "POST", REDIRECTED | {"steward": 302, "other": 302}),
    Row("clinic:filter-delete", "GET", METHODS | {"steward": 405, "other": 405}, args=no_filter),
    # One that is not one's own is not there.
    Row("clinic:filter-delete", "POST", {"nobody": 302, "signed_in": 404}, args=no_filter),
    Row("clinic:undo-several", "GET", METHODS | {"other": 405}),
    # Nothing was corrected at no moment: whoever registers is told so in the list.
    Row("clinic:undo-several", "POST", REDIRECTED | {"other": 302}),
    Row("clinic:withdraw", "GET", WRITERS, args=infusion),
    Row("clinic:withdraw", "POST", REDIRECTED, args=infusion, data=withdrawal),
]

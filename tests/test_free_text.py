"""Wherever someone can write, an identity number is refused or not kept: in every form, table, address and log."""

import logging
import sys
from datetime import date

import pytest
from django import forms
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client, RequestFactory
from django.urls import get_resolver

from registry.admin.forms import RulesForm
from registry.choices import Category
from registry.models import Draft, Infusion, Release, Trial, User
from registry.pages.accounts.forms import NewcomerForm, NewPasskeyForm, PasskeyForm
from registry.pages.clinic.access_log import LogForm
from registry.pages.clinic.correction_forms import ReasonForm
from registry.pages.clinic.members import InviteForm
from registry.pages.clinic.questions import AskStewardForm
from registry.pages.clinic.steward_forms import EraseForm, IdentifierForm, MergeForm, MoveForm, WordsForm
from registry.pages.clinic.tokens import TokenForm
from registry.pages.clinic.trial_fields import (
    NewExemptionForm,
    NewManufacturingForm,
    NewTrialForm,
    TrialStatusForm,
)
from registry.publishing import release_files
from registry.publishing.publish import publish
from swecar.log_lines import LineWithoutNumbers, hide_numbers
from tests import factories
from tests.calling import Program
from tests.desk import sign_in
from tests.test_number_search import IN_TEXT, OTHERS, SPELLINGS, WOMAN

NUMBER = factories.number(date(1987, 10, 9), 992)
REASON = "shown in the history"
# Every field of a form in which words can be typed, and what becomes of a number there: it is refused, or why it
# may stand there.
REFUSED = {
    "NewcomerForm.username", "NewcomerForm.first_name", "NewcomerForm.last_name",
    "WordsForm.text", "MergeForm.text", "MergeForm.explanation", "IdentifierForm.text", "IdentifierForm.despite",
    "MoveForm.text", "EraseForm.text", "AskStewardForm.text", "LogForm.patient", "LogForm.actor",
    "InfusionForm.batch", "CorrectionForm.batch", "ReasonForm.words", "InviteForm.email", "TokenForm.name",
    "ReleaseForm.name", "ReleaseForm.title_sv", "ReleaseForm.title_en", "ReleaseForm.note_sv",
    "ReleaseForm.note_en", "ReasonForm.reason", "ActionForm.reason", "WithdrawalForm.reason",
    "CorrectionForm.reason", "RecordForm.reason", "UserForm.reason", "ListForm.reason", "TrialForm.reason",
    "SiteTrialForm.reason", "TrialStatusForm.explanation", "NewTrialForm.explanation", "NewTrialForm.identifier",
    "NewTrialForm.name", "NewTrialForm.sponsor_name", "NewTrialForm.unit", "OfOrigin.stated_by", "OfOrigin.source",
    "NewExemptionForm.stated_by", "NewExemptionForm.source", "NewExemptionForm.product",
    "NewManufacturingForm.stated_by", "NewManufacturingForm.source", "NewManufacturingForm.named",
    "OthersPasswordForm.reason",
    "UserForm.username", "UserForm.first_name", "UserForm.last_name", "UserForm.email",
    "NewUserForm.username", "NewPasskeyForm.name", "PasskeyForm.name",
}  # fmt: skip
LISTED = dict.fromkeys(["centre", "category", "trial", "product", "indication", "kind", "former_first_becomes",
                        "sex", "manufacturing_site"], "looked up in a list, and not kept")  # fmt: skip
NUMERIC = dict.fromkeys(["age_at_infusion", "sequence", "infused_on"], "a number or a date is kept")
ROW = LISTED | NUMERIC | {"patient_id": "digested"}
NOT_KEPT = {
    **{f"{form}.{field}": why for form in ("InfusionForm", "CorrectionForm") for field, why in ROW.items()},
    "WhoForm.who": "looked up, and shown again in the answer alone",
    "IdentifierForm.number": "digested",
    "SignInForm.password": "compared", "NewcomerForm.password": "kept as a digest",
    "NewcomerForm.again": "compared", "UserForm.password": "not shown",
    "NewUserForm.password1": "kept as a digest", "NewUserForm.password2": "compared",
    "OthersPasswordForm.password1": "kept as a digest", "OthersPasswordForm.password2": "compared",
    "OwnPasswordForm.oldpassword": "compared", "OwnPasswordForm.password1": "kept as a digest",
    "OwnPasswordForm.password2": "compared", "TokenForm.networks": "networks alone are kept",
    "UploadForm.file": "its name is not kept", "ListForm.settled": "what the page itself wrote",
    "TrialForm.settled": "what the page itself wrote", "TrialStatusForm.since": "a date is kept",
    "NewTrialForm.since": "a date is kept", "TrialFileForm.file": "its cells are checked in the write path",
    "TrialFileForm.text": "as the file",
    "NewPasskeyForm.credential": "made by the device",
}  # fmt: skip


def subclasses(form: type) -> set[type]:
    return {form}.union(*map(subclasses, form.__subclasses__()))


def typed_fields() -> set[str]:
    assert get_resolver().url_patterns  # every page's module is loaded by now
    found = set()
    for form in subclasses(forms.BaseForm):
        if not form.__module__.startswith(("registry.", "api.", "swecar.")):
            continue
        for name, field in getattr(form, "base_fields", {}).items():
            if isinstance(field, forms.CharField | forms.FileField | forms.JSONField):
                found.add(f"{form.__name__}.{name}")
    return found


def test_every_field_of_every_form_is_known():
    assert typed_fields() == REFUSED | set(NOT_KEPT)
    assert not REFUSED & set(NOT_KEPT)


def test_forms_of_lists_refuse_a_number_in_each_text(db):
    """Whatever field a list gets, the admin's form of it refuses a number there."""
    request, tried = RequestFactory().get("/"), []
    request.user = User(is_staff=True, is_superuser=True)
    for model, page in admin.site._registry.items():
        if not issubclass(page.form, RulesForm):
            assert not page.has_add_permission(request), model
            continue
        for form in (page.get_form(request), page.get_form(request, obj=model())):
            names = [name for name, field in form.base_fields.items() if type(field) is not forms.ChoiceField]
            names = [name for name in names if isinstance(form.base_fields[name], forms.CharField)]
            filled = form({**dict.fromkeys(names, NUMBER), "settled": ""})
            filled.is_valid()
            for name in names:
                if name.startswith("password") or name == "settled" or filled.fields[name].disabled:
                    continue
                tried.append(f"{model.__name__}.{name}")
                assert "identifier_in_text" in {one.code for one in filled.errors.as_data().get(name, [])}, name
    assert {"Trial.name", "Centre.name", "Product.name", "Indication.name_sv", "User.username"} <= set(tried)


@pytest.mark.parametrize("form, kwargs", [(NewPasskeyForm, {"user": User()}), (PasskeyForm, {"instance": None})])
def test_the_name_of_a_passkey_holds_none(form, kwargs, rf, monkeypatch):
    form = form.__new__(form)
    form.cleaned_data, form.user = {"name": NUMBER}, User()
    monkeypatch.setattr(
        "allauth.mfa.adapter.DefaultMFAAdapter.generate_authenticator_name", lambda *_args: "Key 1"
    )
    if isinstance(form, PasskeyForm):
        with pytest.raises(forms.ValidationError):
            form.clean_name()
    else:
        assert form.clean_name() == "Key 1"


# Every form of the pages in which words are typed, and what else it is made with.
NO_CENTRES = {"centres": []}
FORMS_OF_PAGES = {
    (TokenForm, "name"): {},
    (InviteForm, "email"): NO_CENTRES,
    (LogForm, "actor"): {},
    (ReasonForm, "words"): {},
    (WordsForm, "text"): {},
    (MergeForm, "explanation"): {},
    (IdentifierForm, "despite"): NO_CENTRES,
    (MoveForm, "text"): NO_CENTRES | {"known_at": []},
    (EraseForm, "text"): {},
    (AskStewardForm, "text"): NO_CENTRES,
    (TrialStatusForm, "explanation"): {},
    **{(NewTrialForm, name): NO_CENTRES for name in ("name", "sponsor_name", "unit")},
    **{(NewExemptionForm, name): NO_CENTRES for name in ("product", "stated_by", "source")},
    **{(NewManufacturingForm, name): {"sites": []} for name in ("named", "stated_by", "source")},
    (NewcomerForm, "username"): {},
    (NewcomerForm, "first_name"): {},
    (NewcomerForm, "last_name"): {},
}


@pytest.mark.parametrize("form, field", FORMS_OF_PAGES)
def test_forms_of_pages_refuse_a_number_by_the_one_code(form, field, db):
    def codes_of(typed: str) -> list[str]:
        typed = f"{typed}@example.org" if field == "email" else typed
        filled = form({field: typed}, **FORMS_OF_PAGES[form, field])
        return [one.code for one in filled.errors.as_data().get(field, [])]

    assert codes_of(NUMBER) == ["identifier_in_text"]
    assert codes_of("lot-7") == []


# Every column that can hold words, and how words come there.
CODED = "written by the registry itself"
CHECKED = "checked in the write path"
LIST = "checked by the admin's form"
NAME = "a user's name, checked where the account is made"
DIGEST = "a digest, or sealed"
COLUMNS = {
    "AccessLog": {"actor": NAME, "unit": CODED, "detail": CODED},
    "User": {"password": DIGEST, "username": LIST, "first_name": LIST, "last_name": LIST, "email": LIST},
    "Invitation": {"email": CHECKED, "invited_by": NAME},
    "Token": {"name": CHECKED, "networks": "networks, written by the registry"},
    "Centre": dict.fromkeys(["code", "name", "city_sv", "city_en", "hsa_id", "ebmt_code"], LIST)
    | {"county": CODED},
    "ManufacturingSite": dict.fromkeys(["code", "name"], LIST),
    "Draft": {"fields": CHECKED},
    "Coverage": {"stated_by": NAME},
    "Infusion": {"batch": CHECKED},
    "PatientIdentifier": {"key_id": CODED},
    "IdentityKeyInUse": {"newest": CODED},
    "ChainLink": {"chain": CODED, "acted_by": NAME},
    "HistoryHeads": {"heads": CODED},
    "Erasure": {"erased_by": NAME, "reason": CHECKED},
    "Refusal": {"key_id": CODED},
    "Product": dict.fromkeys(["name", "inn", "atc", "holder", "target", "unconfirmed"], LIST),
    "Indication": dict.fromkeys(["key", "icd10", "name_sv", "name_en", "unconfirmed"], LIST),
    "Trial": dict.fromkeys(["identifier", "name", "sponsor_name"], LIST),
    "TrialArea": dict.fromkeys(["key", "name_sv", "name_en"], LIST),
    "SiteTrial": dict.fromkeys(["unit", "source"], CHECKED),
    "SiteTrialStatus": {"explanation": CHECKED},
    "TrialConfirmation": {"stated_by": NAME},
    "ExemptionYear": dict.fromkeys(["product", "stated_by", "source"], CHECKED) | {"entered_by": NAME},
    "ManufacturingStatement": dict.fromkeys(["stated_by", "source"], CHECKED) | {"entered_by": NAME},
    "StatementCountry": {"country": "two letters"},
    "Population": {"source": LIST},
    "Referral": {"code": CODED, "fields": CHECKED, "identifier_type": CODED, "sent_by": NAME, "settled_by": NAME},
    "Question": {"text": CHECKED, "rule": CODED, "asked_by": NAME, "answer": CHECKED, "answered_by": NAME,
                 "closed_by": NAME, "text_values": CODED},
    "Message": {"text": CHECKED, "written_by": NAME},
    "Release": {"name": CHECKED, "title_sv": CHECKED, "title_en": CHECKED, "note_sv": CHECKED, "note_en": CHECKED,
                "released_by": NAME, "documents": CODED, "changes": CODED},
    "ReleaseFile": dict.fromkeys(["name", "language", "format", "media_type", "sha256"], CODED),
    "ReleasedInfusion": dict.fromkeys(["centre", "category", "values"], CODED),
    "Publication": {"lineage": CODED},
    "Snapshot": dict.fromkeys(["hash", "disclosure", "map_document", "code_lists", "atmp", "blocks",
                               "history_head"], CODED),
    "Run": {"message": CODED},
    "ImportJob": {"stage": CODED, "message": CODED},
    "ImportRow": {"cells": "hidden where they may identify", "staged": CHECKED},
    "ImportProblem": {"field": CODED, "code": CODED, "sentence": CODED},
    "IdempotencyKey": {"key": CHECKED, "body": CODED},
    "SavedFilter": {"name": CHECKED, "query": CODED},
    "LastSeen": {"instance": CODED},
    "KeptApart": {"reason": CHECKED, "decided_by": NAME, "ended_reason": CHECKED, "ended_by": NAME},
    "PossibleDoubles": dict.fromkeys(["pairs", "known_to"], CODED),
    "ScheduleLease": {"holder": CODED, "sent": CODED},
}  # fmt: skip
TEXTS = models.CharField | models.TextField | models.JSONField


def test_every_column_that_holds_words_is_known():
    found: dict[str, set[str]] = {}
    for model in apps.get_app_config("registry").get_models():
        if model._meta.proxy or hasattr(model, "pgh_tracked_model"):
            continue  # history holds what its table holds, the actor and the reason
        for field in model._meta.concrete_fields:
            if isinstance(field, TEXTS) and not field.choices:
                found.setdefault(model.__name__, set()).add(field.name)
    assert found == {name: set(columns) for name, columns in COLUMNS.items()}


# Typed into pages, programs and addresses.

EVERY_SPELLING = SPELLINGS | IN_TEXT | OTHERS


@pytest.fixture
def infusion(lists):
    return factories.record(lists, factories.number(date(1960, 1, 2), 984))


def test_every_spelling_is_refused_in_a_batch_by_page_and_program(lists, nurse):
    client, program = Client(), Program(nurse)
    client.force_login(nurse)
    row = {"centre": "UPP", "category": Category.SOC, "product": "Kymriah", "indication": "C91.0",
           "infused_on": "2020-05-05", "patient_id": factories.number(date(1960, 1, 2), 984)}  # fmt: skip
    for name, text in EVERY_SPELLING.items():
        answer = client.post("/en/clinic/infusions/new", row | {"batch": text, "do": "submit"})
        codes = {one.code for one in answer.context["form"].errors.as_data().get("batch", [])}
        assert "identifier_in_text" in codes, name
        told = program.call("POST", "infusions", row | {"batch": text}).json()
        assert ("batch", "identifier_in_text") in {(one["field"], one["code"]) for one in told["errors"]}, name
        client.post("/en/clinic/infusions/new", row | {"batch": text, "do": "draft"})
    assert not Infusion.objects.exists()
    assert not Draft.objects.exists()


def test_every_spelling_is_refused_as_a_reason_a_message_and_an_answer(lists, nurse, infusion):
    program = Program(nurse)
    for name, text in EVERY_SPELLING.items():
        if "\n" in text:
            continue
        etag = program.call("GET", f"infusions/{infusion.pk}").headers["ETag"]
        body = {"reason": f"is {text}"}
        told = program.call("DELETE", f"infusions/{infusion.pk}", body, if_match=etag)
        assert (told.status_code, told.json()["code"]) == (400, "identifier_in_text"), name
        told = program.call("PATCH", f"infusions/{infusion.pk}", body | {"batch": "B"}, if_match=etag)
        assert (told.status_code, told.json()["code"]) == (400, "identifier_in_text"), name
        told = program.call("POST", "questions", {"text": f"is {text}", "infusion": str(infusion.pk)})
        assert told.status_code in {400, 422}, (name, told.content)
    infusion.refresh_from_db()
    assert (infusion.status, infusion.batch) == ("submitted", "")


@pytest.fixture
def keeper(lists):
    keeper = factories.user("keeper", national_role="administrator")
    keeper.is_staff = True
    keeper.save()
    return sign_in(keeper)


def test_the_pages_of_lists_keep_none(keeper):
    for place, written in enumerate((NUMBER, "Alva")):
        keeper.post("/admin/registry/trial/add/", {
            "identifier": f"NCT9900007{place}", "name": f"of {written}", "sponsor": "academic", "phase": "I",
            "atmp_class": "unknown", "reason": "new trial",
        })  # fmt: skip
        keeper.post("/admin/registry/user/add/", {
            "username": written, "password1": "a-long-word-9", "password2": "a-long-word-9",
            "usable_password": "true", "reason": "new here",
        })  # fmt: skip
    assert list(Trial.objects.filter(name__startswith="of ").values_list("name", flat=True)) == ["of Alva"]
    assert list(User.objects.exclude(username="keeper").values_list("username", flat=True)) == ["Alva"]


def test_the_page_of_releases_keeps_none(lists, monkeypatch):
    monkeypatch.setattr(release_files, "MAP_FORMATS", {})  # time
    factories.record_several(lists)
    publish()
    steward = sign_in(factories.user("steward", national_role="steward"))
    words = dict.fromkeys(("name", "title_sv", "title_en", "note_sv", "note_en"), "first")
    for name in words:
        steward.post("/en/clinic/desk/releases/", words | {name: NUMBER})
        assert not Release.objects.exists(), name
    b"".join(steward.post("/en/clinic/desk/releases/", words))
    assert [release.name for release in Release.objects.all()] == ["first"]


ADDRESSES = ["/{}", "/en/clinic/persons/{}/", "/api/v1/infusions/{}", "/admin/registry/patient/{}/change/",
             "/static/{}.css", "/en/releases/{}/"]  # fmt: skip


@pytest.mark.parametrize("written", [NUMBER, NUMBER.replace("-", ""), NUMBER[2:], NUMBER.replace("-", "%2D")])
def test_no_line_of_the_log_holds_a_number_of_an_address(written, nurse, caplog, settings):
    client = Client(raise_request_exception=False)
    client.force_login(nurse)
    with caplog.at_level(logging.DEBUG):
        for address in ADDRESSES:
            client.get(address.format(written))
    line = LineWithoutNumbers(settings.LOGGING["formatters"]["line"]["fmt"])
    assert settings.LOGGING["formatters"]["line"]["()"].endswith(LineWithoutNumbers.__name__)
    printed = "\n".join(map(line.format, caplog.records))
    assert "Not Found: " in printed
    for number in (NUMBER, NUMBER.replace("-", ""), NUMBER[2:], NUMBER[-4:]):
        assert number not in printed


@pytest.mark.parametrize("spelling", EVERY_SPELLING)
def test_a_line_of_the_log_holds_no_number_however_it_is_written(spelling):
    text = EVERY_SPELLING[spelling]
    shown = hide_numbers(f"Not Found: /en/{text}/ (worker 17)")
    assert text not in shown
    assert WOMAN[-4:] not in shown


def test_a_traceback_in_the_log_holds_none():
    try:
        raise ValueError(f"no such person: {NUMBER}")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed in %s s", (3,), sys.exc_info())
    printed = LineWithoutNumbers("%(asctime)s %(message)s").format(record)
    assert NUMBER not in printed
    assert "ValueError: no such person: (number)" in printed
    assert "failed in 3 s" in printed


QUESTIONS = ["{}=1", "centre={}", "as_of={}", "lang={}", "format={}", "by={}", "snapshot={}"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_error_of_the_public_interface_does_not_repeat_one(lists, question):
    factories.record(lists, WOMAN)
    publish()
    for number in (NUMBER, NUMBER.replace("-", "")):
        for path in ("/api/v1/counts", "/api/v1/map"):
            answer = Client().get(f"{path}?{question.format(number)}")
            assert answer.status_code == 400
            assert number not in answer.content.decode()


def test_a_page_of_a_day_that_is_none_says_so_before_anything_is_published(lists):
    assert Client().get("/?as_of=nonsense").status_code == Client().get("/").status_code == 503

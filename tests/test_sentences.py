"""What the registry itself has written is read in the reader's language, whoever caused it in which language."""

from html import unescape
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils.translation import override

from registry.access import Operator
from registry.entry.history import read_history
from registry.entry.infusions.record import correct_infusion, record_infusion
from registry.entry.questions.questions import ask
from registry.models import Infusion, Question
from registry.sentences import say_own
from tests import factories
from tests.calling import Program
from tests.desk import sign_in
from tests.test_kind_against_course import lists  # noqa: F401  (with Aucatzyl)

ONE, OTHER = (factories.nth_number(place) for place in range(2))
FIRST = {"product": "Aucatzyl", "infused_on": "2025-09-02", "kind": "first"}
DOSE = FIRST | {"infused_on": "2025-10-10", "kind": "further_dose"}
LANGUAGES = ("sv", "en")
PAGES = ("start", "questions", "person")

# What makes a rule ask, the rule, and its question in both languages.
RULES = [
    (
        [FIRST, DOSE],
        "further_dose_late",
        "Produktens ytterligare dos ges enligt plan inom 20 dagar: är det en reinfusion?",
        "The product&#x27;s further dose is planned within 20 days: is this a reinfusion?",
    ),
    (
        [FIRST | {"product": "Yescarta", "infused_on": "2017-05-02"}],
        "product_before_authorisation",
        "Yescarta var ännu inte godkänd vid det datumet: stämmer det?",
        "Yescarta was not authorised yet on that date: is it right?",
    ),
    (
        [FIRST | {"category": "CUP", "trial": factories.INDUSTRY}],
        "cup_in_industry_trial",
        f"{factories.INDUSTRY} är en industriprövning: stämmer kategorin CUP?",
        f"{factories.INDUSTRY} is an industry trial: is the category CUP right?",
    ),
    (
        [FIRST | {"kind": "reinfusion"}],
        "no_earlier_infusion",
        "Registret har ingen tidigare infusion för personen: gavs den någon annanstans?",
        "The registry has no earlier infusion of this person: was it given elsewhere?",
    ),
]


def open_page(client, name: str, language: str) -> str:
    number = Infusion.objects.first().patient.registry_number
    with override(language):
        address = reverse(f"clinic:{name}", kwargs={"number": number} if name == "person" else {})
    return client.get(address).content.decode()


def words_of(language: str, clinic) -> list[str]:
    """Every page on which a clinic reads what it is asked."""
    return [open_page(clinic, page, language) for page in PAGES]


@pytest.fixture
def clinic(lists):  # noqa: F811
    nurse = factories.user("nurse", lists.centres["UPP"])
    return SimpleNamespace(nurse=nurse, pages=sign_in(nurse), program=Program(nurse))


@pytest.mark.parametrize("caused_in", LANGUAGES)
@pytest.mark.parametrize(("rows", "rule", "swedish", "english"), RULES)
def test_a_rule_asks_each_reader_in_their_language(lists, clinic, rows, rule, swedish, english, caused_in):  # noqa: F811
    with override(caused_in):
        for row in rows:
            factories.record(lists, ONE, **row)
    assert [question.rule for question in Question.objects.all()] == [rule]
    for language, said, unsaid in (("sv", swedish, english), ("en", english, swedish)):
        with override(language):
            assert str(Question.objects.get()) == unescape(said)[:60]
        for page in words_of(language, clinic.pages):
            assert said in page and unsaid not in page
    [told] = clinic.program.get("questions").json()["results"]
    assert told["messages"][0]["text"] == english.replace("&#x27;", "'")  # the API speaks English


@pytest.mark.parametrize("caused_in", LANGUAGES)
def test_a_confirmed_warning_and_the_reasons_of_the_registry_are_read_so_too(lists, clinic, caused_in):  # noqa: F811
    with override(caused_in):
        stated = factories.stated(lists, ONE, **FIRST | {"kind": "reinfusion"})
        record_infusion(stated=stated, by=clinic.nurse, confirmed=["no_earlier_infusion"])
    for language, said in (("sv", "Det stämmer som det står"), ("en", "It is right as it stands")):
        assert said in open_page(clinic.pages, "questions", language)
        assert said in open_page(clinic.pages, "person", language)
    [told] = clinic.program.get("questions").json()["results"]
    assert told["messages"][1]["text"] == "It is right as it stands"


def test_a_reason_of_the_registry_keeps_its_names():
    with override("sv"):
        said = say_own("Sent by anna.berg, released by the registry's steward")
        assert said == "Skickad av anna.berg, registrerad av registeransvarig"
        assert say_own("Invitation accepted") == "Inbjudan accepterad"
        assert say_own("Batch") == "Batch", "a person's words stay as they are"


def test_what_was_stored_in_one_language_stays_readable(lists, clinic):  # noqa: F811
    infusion = factories.record(lists, ONE, **FIRST | {"kind": "reinfusion"})
    Question.objects.update(text="100 % säkert? %(product)s", text_values={})
    for language in LANGUAGES:
        for page in words_of(language, clinic.pages):
            assert "100 % säkert? %(product)s" in page
    Question.objects.update(closed_at="2026-11-28T12:00:00Z")
    ask(infusion_id=infusion.pk, text="Batch", by=factories.user("steward", national_role="steward"))
    assert "Batch</p>" in open_page(clinic.pages, "questions", "sv"), "a person's words are nobody's to translate"


@pytest.mark.parametrize("caused_in", LANGUAGES)
def test_a_product_that_was_corrected_since_is_named_as_it_was_asked_about(lists, clinic, caused_in):  # noqa: F811
    with override(caused_in):
        row = factories.record(lists, ONE, **FIRST | {"product": "Yescarta", "infused_on": "2017-05-02"})
        Question.objects.update(answer="Yes.", answered_by="nurse", answered_at="2026-11-28T12:00:00Z")
        products = type(row.product).objects
        changes = {"product": products.get(name="Kymriah")}
        correct_infusion(infusion_id=row.pk, changes=changes, by=Operator(), reason="the other product")
    assert "Yescarta var ännu inte godkänd" in open_page(clinic.pages, "questions", "sv")


@pytest.mark.parametrize("caused_in", LANGUAGES)
@pytest.mark.parametrize(("rows", "rule", "swedish", "english"), RULES)
def test_the_history_of_a_question_is_read_so_too(lists, rows, rule, swedish, english, caused_in):  # noqa: F811
    with override(caused_in):
        for row in rows:
            factories.record(lists, ONE, **row)
    question = Question.objects.get()
    Question.objects.update(
        answer="It is right as it stands", answered_by="nurse", answered_at="2026-11-28T12:00:00Z"
    )
    for language, said, answer in (("sv", swedish, "Det stämmer som det står"), ("en", english, "It is right")):
        with override(language):
            words = [
                str(field.after) for change in read_history(question, {}) for field in change.fields
            ]  # fmt: skip
        assert unescape(said) in words
        assert any(word.startswith(answer) for word in words)
        assert not [word for word in words if "%(" in word or "{" in word]

"""Questions, the steward's desk, the access log."""

from registry.entry.patients.count_effect import compare, places_of, print_effect
from tests import factories
from tests.routes import Row

STEWARDS = {"nobody": 302, "signed_in": 404, "steward": 200, "administrator": 200}
AUDITORS = {"nobody": 302, "signed_in": 404, "auditor": 200, "administrator": 200}
EITHER = STEWARDS | AUDITORS
READERS = {"nobody": 302, "signed_in": 200, "outsider": 404, "auditor": 404}

ENTERING = {"nobody": 302, "signed_in": 404, "reporter": 200, "lead": 200, "administrator": 200}
SIDES = ENTERING | {"steward": 200}
METHODS = {"nobody": 302, "signed_in": 405, "outsider": 404, "auditor": 404}
ONLY_POST = {"nobody": 302, "signed_in": 404, "steward": 405, "administrator": 405}


def done(allowed):
    """The same where the answer to those who may is a redirect."""
    return {role: 302 if status == 200 else status for role, status in allowed.items()}


def pair(world):
    return {"number": world.patient.registry_number, "other": world.other_patient.registry_number}


def infusion(world):
    return {"infusion_id": world.infusion.pk}


def person(world):
    return {"number": world.patient.registry_number}


def not_the_same(_world):
    return {"apart-text": "Two sisters.", "do": "keep"}


def identifier(world):
    return person(world) | {"identifier_id": world.patient.identifiers.get().pk}


def another_number(_world):
    return {"number": factories.number(birth_number=998), "text": "As the Tax Agency says."}


def question(world):
    return {"question_id": world.question.pk}


def words(world):
    return {"text": "May we?"}


def referral(world):
    return {"referral_id": world.referral.pk}


def who(world):
    return {"who": str(world.patient.registry_number)}


def to_erase(world):
    return {"text": "Asked for it.", "refuses": "yes", "confirmed": "yes", "seen": seen(world, lambda place: None)}


def to_move(world):
    def at_umea(place):
        return place.at(world.lists.centres["UME"]) if place.codes["centre"] == "UPP" else place

    return {"from_centre": "UPP", "to_centre": "UME", "text": "Wrong.", "shown": "UPP>UME"} | {
        "seen": seen(world, at_umea)
    }


def seen(world, becomes) -> str:
    """What the page would carry."""
    course = places_of(world.patient.infusions.with_codes())
    return print_effect(course, compare(course, list(filter(None, map(becomes, course)))))


ROWS = [
    Row("clinic:releases", "GET", STEWARDS),
    Row("clinic:releases", "POST", STEWARDS),
    Row("clinic:questions", "GET", READERS),
    Row("clinic:questions", "POST", {"nobody": 302, "signed_in": 405, "outsider": 404, "auditor": 404}),
    Row(
        "clinic:question-answer",
        "POST",
        {"nobody": 302, "signed_in": 404, "reporter": 302, "lead": 302, "administrator": 302},
        args=question,
        data=lambda world: {f"answer-{world.question.pk}-text": "Yes."},
    ),
    Row("clinic:question-answer", "GET", METHODS, args=question),
    Row("clinic:question-close", "POST", done(STEWARDS), args=question),
    Row("clinic:question-close", "GET", METHODS, args=question),
    Row(
        "clinic:question-write",
        "POST",
        done(SIDES),
        args=lambda world: {"question_id": world.asked.pk},
        data=lambda world: {f"answer-{world.asked.pk}-text": "Please."},
    ),
    Row("clinic:question-write", "GET", METHODS, args=question),
    Row("clinic:ask-steward", "GET", ENTERING | {"other": 200}),
    Row("clinic:ask-steward", "POST", done(ENTERING) | {"other": 302, "administrator": 200}, data=words),
    Row("clinic:ask-steward-about", "GET", ENTERING, args=infusion),
    Row("clinic:ask-steward-about", "POST", done(ENTERING), args=infusion, data=words),
    Row("clinic:referrals", "GET", SIDES | {"other": 200}),
    Row("clinic:referrals", "POST", METHODS),
    Row("clinic:referral", "GET", SIDES, args=referral),
    Row("clinic:referral", "POST", METHODS, args=referral),
    Row("clinic:referral-take-back", "POST", done(ENTERING), args=referral),
    Row("clinic:referral-take-back", "GET", METHODS | {"steward": 404}, args=referral),
    Row(
        "clinic:referral-decline",
        "POST",
        done(STEWARDS),
        args=referral,
        data=lambda world: {"decline-text": "No."},
    ),
    Row("clinic:referral-decline", "GET", ONLY_POST, args=referral),
    Row("clinic:referral-settle", "GET", STEWARDS, args=referral),
    Row("clinic:referral-settle", "POST", STEWARDS, args=referral, data=lambda world: {"do": "check"}),
    Row("clinic:settle", "GET", STEWARDS, args=person),
    Row("clinic:settle", "POST", STEWARDS, args=person, data=lambda world: {"do": "check"}),
    Row("clinic:question-ask", "GET", STEWARDS, args=infusion),
    Row("clinic:question-ask", "POST", done(STEWARDS), args=infusion, data=lambda world: {"text": "Why?"}),
    Row("clinic:desk", "GET", STEWARDS),
    Row("clinic:desk", "POST", done(STEWARDS), data=who),
    Row("clinic:merge-with", "GET", STEWARDS, args=person),
    Row("clinic:merge-with", "POST", done(STEWARDS), args=person, data=who),
    Row("clinic:merge", "GET", STEWARDS, args=pair),
    Row("clinic:apart", "GET", ONLY_POST, args=pair),
    Row("clinic:apart", "POST", done(STEWARDS), args=pair, data=not_the_same),
    Row("clinic:attested", "GET", STEWARDS),
    Row("clinic:attested", "POST", ONLY_POST),
    Row("clinic:runs", "GET", STEWARDS),
    Row("clinic:runs", "POST", ONLY_POST),
    Row("clinic:kept-apart", "GET", STEWARDS),
    Row("clinic:kept-apart", "POST", ONLY_POST),
    # The world's two persons have an infusion on one day: the page says why they cannot be merged.
    Row("clinic:merge", "POST", STEWARDS, args=pair, data=lambda world: {"text": "One person."}),
    Row("clinic:move", "GET", STEWARDS, args=person),
    Row(
        "clinic:move",
        "POST",
        done(STEWARDS),
        args=person,
        data=to_move,
    ),
    Row("clinic:identifiers", "GET", STEWARDS, args=person),
    Row("clinic:identifiers", "POST", done(STEWARDS), args=person, data=another_number),
    Row("clinic:identifier-wrong", "GET", STEWARDS, args=identifier),
    Row("clinic:identifier-wrong", "POST", done(STEWARDS), args=identifier, data=another_number),
    Row("clinic:erase", "GET", STEWARDS, args=person),
    Row(
        "clinic:erase",
        "POST",
        done(STEWARDS),
        args=person,
        data=to_erase,
    ),
    Row("clinic:access-log", "GET", AUDITORS),
    Row("clinic:access-log", "POST", done(AUDITORS), data=lambda world: {"actor": "reporter"}),
    Row("clinic:access-log-file", "GET", AUDITORS),
    Row("clinic:access-log-file", "POST", {"nobody": 302, "signed_in": 404, "auditor": 405, "administrator": 405}),
    Row("clinic:extract", "GET", EITHER),
    Row("clinic:extract", "POST", done(EITHER), data=who),
    Row("clinic:extract-of", "GET", EITHER, args=person),
    Row(
        "clinic:extract-of",
        "POST",
        {"nobody": 302, "signed_in": 404, "steward": 405, "auditor": 405, "administrator": 405},
        args=person,
    ),
]

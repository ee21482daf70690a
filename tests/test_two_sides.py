"""Two clinics and the steward settle an order through the pages; the numbers are COUNTING.md's after each step."""

import re

import pytest

from registry.entry.infusions.record import record_infusion, withdraw_infusion
from registry.models import Centre, Infusion, Membership, Question, Referral
from registry.published.queries import read_map
from registry.publishing.publish import publish
from tests import factories, oracle
from tests.desk import BY, WOMAN, address, sign_in, text

FORM = {
    "centre": "UPP", "patient_id": WOMAN, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
    "infused_on": "2020-03-04", "kind": "first", "batch": "B17", "do": "refer",
}  # fmt: skip


class Country:
    """Uppsala, Stockholm, Linköping and two stewards, each with a browser."""

    def __init__(self, lists):
        self.lists = lists
        self.users = {code: factories.user(code.lower(), lists.centres[code]) for code in ("UPP", "STO", "LIN")}
        self.users["colleague"] = factories.user("colleague", lists.centres["UPP"])
        for name in ("steward", "second"):
            self.users[name] = factories.user(name, national_role="steward")
        self.pages = {name: sign_in(user) for name, user in self.users.items()}

    def knows(self, centre: str, day: str, **fields) -> Infusion:
        stated = factories.stated(self.lists, WOMAN, centre=centre, infused_on=day, **fields)
        return record_infusion(stated=stated, by=self.users[centre])

    def send(self, **more) -> Referral:
        answer = self.pages["UPP"].post(address("record"), FORM | more)
        assert answer.status_code == 302, answer.context["form"].errors
        referral = Referral.objects.filter(state="open").latest("sent_at")
        assert answer.url == address("referral", referral_id=referral.pk)
        self.numbers()
        return referral

    def settle(self, referral, answers, *, by="steward", message=""):
        """As the steward sees the effect and then settles; returns the last answer."""
        page = address("referral-settle", referral_id=referral.pk)
        said = {f"row-{getattr(row, 'pk', row)}": kind for row, kind in answers.items()}
        shown = re.search(r'name="shown" value="(\w+)"', text(self.pages[by].post(page, said | {"do": "check"})))
        assert shown, "the effect is shown before"
        answer = self.pages[by].post(page, said | {"do": "settle", "shown": shown[1], "text": message})
        self.numbers()
        return answer

    def numbers(self) -> None:
        """What is published is what the oracle counts of the rows."""
        publish()
        told, counted = read_map(language="en")["national"], oracle.total(factories.read_rows())
        for name in ("patients", "infusions", "reinfusions", "further_doses", "children"):
            assert told[name] == counted[name], name

    def course(self) -> list[tuple[str, str]]:
        patient = Infusion.objects.first().patient
        return [(one.centre.code, one.kind) for one in patient.infusions.counted().in_order()]

    def sees(self, name: str, page: str, **kwargs) -> str:
        return text(self.pages[name].get(address(page, **kwargs))).replace("&#x27;", "'")


@pytest.fixture
def country(lists):
    return Country(lists)


def history(infusion) -> list[tuple[str, str]]:
    rows = Infusion.pgh_event_model.objects.filter(pgh_obj_id=infusion.pk).order_by("pgh_id")
    return [(row.acted_by, row.kind if row.status == "submitted" else row.status) for row in rows]


def test_ours_was_the_first(country):
    theirs = country.knows("STO", "2021-05-05")
    referral = country.send()
    country.settle(referral, {"sent": "first", theirs: "reinfusion"}, message="Yours was.")
    assert country.course() == [("UPP", "first"), ("STO", "reinfusion")]
    assert [kind for _by, kind in history(theirs)] == ["first", "reinfusion"]
    assert history(theirs)[-1][0] == "steward"
    assert "Yours was." in country.sees("UPP", "referral", referral_id=referral.pk)
    # Stockholm is told of its own row alone, and answers.
    told = Question.objects.get(infusion=theirs)
    assert "settled the order" in country.sees("STO", "questions")
    for words in ("Uppsala", "UPP", "2020-03-04", "B17"):
        assert words not in country.sees("STO", "questions")
    country.pages["STO"].post(
        address("question-answer", question_id=told.pk), {f"answer-{told.pk}-text": "That is right."}
    )
    assert "That is right." in country.sees("steward", "questions")
    country.pages["steward"].post(address("question-close", question_id=told.pk))
    told.refresh_from_db()
    assert told.closed_by == "steward"


def test_theirs_was_the_first(country):
    theirs = country.knows("STO", "2019-05-05")
    referral = country.send()
    country.settle(referral, {"sent": "reinfusion", theirs: "first"})
    assert country.course() == [("STO", "first"), ("UPP", "reinfusion")]
    assert "settled the order" not in country.sees("STO", "questions"), "nothing of theirs has changed"
    ours = Infusion.objects.get(centre__code="UPP")
    assert history(ours) == [("steward", "reinfusion")]
    assert country.sees("UPP", "person", number=ours.patient.registry_number).count("2019-05-05") == 0


@pytest.mark.parametrize("kept", ["ours", "theirs"])
def test_both_are_the_same_infusion(country, kept):
    theirs = country.knows("STO", "2020-03-04")
    referral = country.send()
    if kept == "ours":
        country.settle(referral, {"sent": "first", theirs: "withdraw"})
        assert country.course() == [("UPP", "first")]
        assert history(theirs) == [("sto", "first"), ("steward", "withdrawn")]
        assert "registered twice" in country.sees("STO", "questions")
        return
    country.pages["steward"].post(
        address("referral-decline", referral_id=referral.pk),
        {"decline-text": "Another centre has registered it."},
    )
    country.numbers()
    assert country.course() == [("STO", "first")]
    shown = country.sees("UPP", "referral", referral_id=referral.pk)
    assert "Another centre has registered it." in shown
    # The clinic answers a refusal, and the steward reads it.
    field = f"answer-{referral.question.pk}-text"
    country.pages["UPP"].post(address("question-write", question_id=referral.question.pk), {field: "It was here."})
    assert "It was here." in country.sees("steward", "questions")
    country.pages["steward"].post(
        address("question-write", question_id=referral.question.pk), {field: "Then send it again."}
    )
    again = country.send(message="As you wrote.")
    assert again != referral
    assert "Then send it again." in country.sees("UPP", "referral", referral_id=referral.pk)


@pytest.mark.parametrize(
    ("sent", "theirs", "answers"),
    [
        ("2020", "2020-06-01", {"sent": "first", "STO": "reinfusion"}),
        ("2020", "2020-06-01", {"sent": "reinfusion", "STO": "first"}),
        ("2020-06", "2020", {"sent": "reinfusion", "STO": "first"}),
        ("2021", "2020", {"sent": "reinfusion", "STO": "first"}),
    ],
)
def test_dates_known_to_a_month_or_a_year(country, sent, theirs, answers):
    stored = country.knows("STO", theirs if len(theirs) == 10 else f"{theirs}-01-01",
                           date_precision="day" if len(theirs) == 10 else "year", age_at_infusion=50)  # fmt: skip
    referral = country.send(infused_on=sent, age_at_infusion=str(int(sent[:4]) - 1970))
    country.settle(referral, {"sent": answers["sent"], stored: answers["STO"]})
    assert Referral.objects.get().state == "released"
    first = next(centre for centre, kind in country.course() if kind == "first")
    assert first == ("UPP" if answers["sent"] == "first" else "STO")
    assert country.course()[0][1] == "first"


def test_three_centres(country):
    stockholm = country.knows("STO", "2021-05-05")
    linkoping = country.knows("LIN", "2022-06-06", kind="reinfusion")
    referral = country.send()
    country.settle(referral, {"sent": "first", stockholm: "further_dose", linkoping: "reinfusion"})
    assert country.course() == [("UPP", "first"), ("STO", "further_dose"), ("LIN", "reinfusion")]
    assert "settled the order" in country.sees("STO", "questions")
    assert "settled the order" not in country.sees("LIN", "questions")


@pytest.mark.parametrize("fault", ["stored meanwhile", "sequence taken", "trial is gone", "list has lost it"])
def test_a_row_that_became_impossible_is_named_and_declined(country, fault):
    theirs = country.knows("STO", "2021-05-05")
    more = {"category": "ACT", "trial": factories.TRIAL_OF["ACT"]} if "trial" in fault else {}
    if fault == "list has lost it":
        more = {"manufacturing_site": next(iter(country.lists.sites))}
    referral = country.send(**more)
    if fault == "stored meanwhile":
        country.knows("UPP", "2020-03-04", kind="reinfusion")
    elif fault == "sequence taken":
        country.knows("UPP", "2020-03-04", kind="reinfusion", product="Yescarta")
    elif fault == "trial is gone":
        country.lists.trials[factories.TRIAL_OF["ACT"]].delete()
    else:
        country.lists.sites[more["manufacturing_site"]].delete()
    page = address("referral-settle", referral_id=referral.pk)
    said = {f"row-{row.pk}": "reinfusion" for row in Infusion.objects.all()} | {"row-sent": "first"}
    shown = country.pages["steward"].post(page, said | {"do": "check"}, follow=True)
    if found := re.search(r'name="shown" value="(\w+)"', text(shown)):
        shown = country.pages["steward"].post(page, said | {"do": "settle", "shown": found[1]}, follow=True)
    assert shown.status_code == 200
    words = {
        "stored meanwhile": "itself registered", "sequence taken": "itself registered",
        "trial is gone": "decline it, and say why. trial:",
        "list has lost it": "decline it, and say why. manufacturing_site:",
    }  # fmt: skip
    told = text(shown).replace("&#x27;", "'")
    assert words[fault] in told
    ways = [address(name, referral_id=referral.pk) for name in ("referral-decline", "referral")]
    assert any(f'"{way}"' in told for way in ways), "there is a way on"
    assert Referral.objects.get().state == "open"
    country.pages["steward"].post(
        address("referral-decline", referral_id=referral.pk), {"decline-text": "It cannot be stored as it stands."}
    )
    assert Referral.objects.get().state == "declined"
    assert "It cannot be stored as it stands." in country.sees("UPP", "referral", referral_id=referral.pk)
    theirs.refresh_from_db()
    assert theirs.kind == "first"
    country.numbers()


@pytest.mark.parametrize("status", ["closed", "paused"])
def test_a_centre_that_has_closed_since_has_its_row_registered(country, status):
    theirs = country.knows("STO", "2021-05-05")
    referral = country.send()
    Centre.objects.filter(code="UPP").update(status=status)
    country.settle(referral, {"sent": "first", theirs: "reinfusion"})
    assert Referral.objects.get().state == "released"
    assert country.course() == [("UPP", "first"), ("STO", "reinfusion")]


def test_whoever_sent_it_and_left_sees_it_no_more_and_a_colleague_does(country):
    theirs = country.knows("STO", "2021-05-05")
    referral = country.send()
    Membership.objects.filter(user=country.users["UPP"]).delete()
    for name in ("referral", "referral-take-back"):
        where = address(name, referral_id=referral.pk)
        client = country.pages["UPP"]
        assert (client.post(where) if "take" in name else client.get(where)).status_code == 404
    country.settle(referral, {"sent": "first", theirs: "reinfusion"}, message="Yours was.")
    assert "Yours was." in country.sees("colleague", "referral", referral_id=referral.pk)
    country.pages["colleague"].post(address("question-close", question_id=referral.question.pk))
    assert Question.objects.get(referral=referral).closed_by == "colleague"


def test_nobody_else_knows_the_person_any_more(country):
    theirs = country.knows("STO", "2021-05-05")
    referral = country.send()
    withdraw_infusion(infusion_id=theirs.pk, by=BY, reason="never given")
    country.settle(referral, {"sent": "first"})
    assert country.course() == [("UPP", "first")]

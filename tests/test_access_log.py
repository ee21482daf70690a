"""The access log: who may read it, that reading it is logged, that it stays, and a patient's extract."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from registry.access import Operator
from registry.entry import access_log
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.models import AccessLog
from registry.models.access_log import log_persons
from registry.pages.clinic import access_log as pages
from registry.tasks import prune_facts
from tests import factories
from tests.desk import address, sign_in, text

NUMBER, OTHER = factories.nth_number(1), factories.nth_number(2)


def cells(response) -> list[list[str]]:
    content = response.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content), delimiter=";"))


@pytest.fixture
def world(lists):
    """An infusion of Uppsala, and someone of each kind."""
    world = {
        "nurse": factories.user("nurse", lists.centres["UPP"]),
        "outsider": factories.user("outsider"),
        "steward": factories.user("steward", national_role="steward"),
        "auditor": factories.user("auditor", national_role="auditor"),
    }
    world["infusion"] = factories.record(lists, NUMBER, by=world["nurse"])
    world["number"] = world["infusion"].patient.registry_number
    return world


def log(**fields) -> AccessLog:
    return AccessLog.objects.create(**{"actor": "someone", "action": "read", "unit": "UPP"} | fields)


def shown(response) -> list[tuple]:
    return [(line.actor, line.action) for line in response.context["listed"].lines]


# Who may.


@pytest.mark.parametrize("who", ["nurse", "outsider", "steward"])
def test_the_log_does_not_exist_for_anyone_but_the_auditor(world, who):
    client, made_up = sign_in(world[who]), "/en/clinic/no-such-page/"
    before = AccessLog.objects.count()
    for where in (address("access-log"), address("access-log-file")):
        refused, missing = client.get(where), client.get(made_up)
        assert (refused.status_code, missing.status_code) == (404, 404)
        assert refused.content == missing.content
    assert AccessLog.objects.count() == before


@pytest.mark.parametrize("who", ["nurse", "outsider"])
def test_an_extract_does_not_exist_for_a_clinic(world, who):
    client, before = sign_in(world[who]), AccessLog.objects.count()
    answers = [
        client.get(address("extract")),
        client.post(address("extract"), {"who": str(world["number"])}),
        client.get(address("extract-of", number=world["number"])),
        client.get(address("extract-of", number=1)),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert AccessLog.objects.count() == before


# The page.


def test_the_log_shows_who_did_what_and_its_reading_is_logged(world):
    auditor = sign_in(world["auditor"])
    assert shown(auditor.get(address("access-log"))) == [("nurse", "record")]
    page = auditor.get(address("access-log"))
    assert shown(page) == [("auditor", "read_log"), ("nurse", "record")]
    assert str(world["number"]) in text(page)
    assert "Read the access log" in text(page)


FILTERS = {
    "actor": ("anna", {"actor": "anna"}),
    "unit": ("STO", {"unit": "STO"}),
    "action": ("export", {"action": "export"}),
    "patient": ("10000000002", {"patient": 10000000002 - 10000000002 % 97 + 1}),
    "since": ("2024-03-01", {"at": timezone.make_aware(datetime(2024, 3, 1))}),
    "until": ("2020-02-29", {"at": timezone.make_aware(datetime(2020, 2, 29, 23, 59, 59))}),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_finds_its_lines_and_no_others(lists, name):
    typed, fields = FILTERS[name]
    typed = str(fields["patient"]) if name == "patient" else typed
    middle = timezone.make_aware(datetime(2022, 1, 1))
    outside = {
        "since": timezone.make_aware(datetime(2024, 2, 29, 23, 59, 59)),
        "until": timezone.make_aware(datetime(2020, 3, 1)),
    }
    wanted, _unwanted = log(**{"at": middle} | fields), log(at=outside.get(name, middle), actor="another")
    auditor = sign_in(factories.user("auditor", national_role="auditor"))
    asked = auditor.post(address("access-log"), {name: typed})
    assert asked.status_code == 302
    found = auditor.get(asked.url).context["listed"].lines
    assert [line.pk for line in found if line.action != "read_log"] == [wanted.pk]


def test_a_filter_by_person_is_logged_with_the_person(world):
    auditor = sign_in(world["auditor"])
    auditor.get(address("access-log"), {"patient": world["number"]})
    line = AccessLog.objects.latest("pk")
    assert (line.actor, line.unit, line.action, line.patient) == (
        "auditor",
        "auditor",
        "read_log",
        world["number"],
    )


WRONG = {
    "patient": {"96": "This is not a registry number.", NUMBER: "This is not a registry number.", "x" * 19: "18"},
    "actor": {NUMBER: "This looks like an identity number.", "x" * 151: "150", "a\x00": "Null characters"},
    "unit": {"Nowhere": "Choose one from the list."},
    "action": {"look": "Choose one from the list."},
    "since": {"yesterday": "Write it as 2026-11-20, 20261120,"},
    "until": {"2020-02-30": "There is no such day in the calendar."},
}


@pytest.mark.parametrize(("name", "typed"), [(name, typed) for name in WRONG for typed in WRONG[name]])
def test_a_wrong_filter_gets_a_sentence_and_shows_nothing(world, name, typed):
    auditor, before = sign_in(world["auditor"]), AccessLog.objects.count()
    answer = auditor.post(address("access-log"), {name: typed, "unit": "UPP"} | {name: typed})
    assert answer.status_code == 200
    assert WRONG[name][typed] in " ".join(answer.context["form"].errors[name])
    assert f'id="id_{name}_error"' in text(answer)
    assert NUMBER not in text(answer)
    assert "listed" not in answer.context
    assert AccessLog.objects.count() == before
    in_the_address = auditor.get(address("access-log"), {name: typed})
    assert in_the_address.status_code == (400 if "\x00" in typed else 404)


def test_a_last_day_before_the_first_is_explained(world):
    answer = sign_in(world["auditor"]).post(address("access-log"), {"since": "2024-01-02", "until": "2024-01-01"})
    assert "This day lies before the first one." in text(answer)
    assert answer.context["form"]["since"].value() == "2024-01-02"


def test_the_first_and_the_last_day_of_the_calendar_are_days(world):
    auditor, whole = sign_in(world["auditor"]), {"since": "0001-01-01", "until": "9999-12-31"}
    asked = auditor.post(address("access-log"), whole)
    assert ("nurse", "record") in shown(auditor.get(asked.url))
    assert ["nurse", "UPP"] in [line[1:3] for line in cells(auditor.get(address("access-log-file"), whole))]
    for nothing in ({"since": whole["until"]}, {"until": whole["since"]}):
        assert shown(auditor.get(address("access-log"), nothing)) == []


def test_a_long_log_is_read_page_by_page_without_gap_or_repetition(world):
    same = timezone.now() - timedelta(days=1)
    AccessLog.objects.bulk_create(
        AccessLog(at=same - timedelta(seconds=place // 7), actor=f"a{place}", action="read")
        for place in range(230)
    )
    auditor, where, seen = sign_in(world["auditor"]), address("access-log"), []
    for _page in range(3):
        answer = auditor.get(where)
        seen += [
            line.actor for line in answer.context["listed"].lines if line.actor.startswith("a") and line.unit == ""
        ]
        where = f"{address('access-log')}?{answer.context['older']}"
    assert answer.context["older"] == ""
    assert len(seen) == len(set(seen)) == 230
    assert auditor.get(address("access-log"), {"before": "nonsense"}).status_code == 200


@pytest.mark.parametrize("more", [1, 90])
def test_the_page_asks_no_more_of_the_database_when_the_log_is_longer(
    world, more, django_assert_num_queries, purpose_known
):
    AccessLog.objects.bulk_create(AccessLog(actor="a", action="read") for _line in range(more))
    auditor = sign_in(world["auditor"])
    with django_assert_num_queries(8):
        auditor.get(address("access-log"))


# The file.


def test_the_file_has_all_lines_begins_no_formula_and_is_logged(world):
    log(actor='=HYPERLINK("http://evil")', detail="+1;\tx")
    AccessLog.objects.bulk_create(AccessLog(actor="many", action="read") for _line in range(150))
    auditor = sign_in(world["auditor"])
    answer = auditor.get(address("access-log-file"))
    rows = cells(answer)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert rows[0] == ["Time", "Who", "Unit", "Action", "Registry number", "Infusion", "Detail"]
    assert [row[1] for row in rows].count("many") == 150
    assert [str(world["number"]), str(world["infusion"].pk)] == next(row[4:6] for row in rows if row[1] == "nurse")
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert any(row[1] == '\'=HYPERLINK("http://evil")' for row in rows)
    line = AccessLog.objects.latest("pk")
    assert (line.actor, line.action, line.detail) == ("auditor", "read_log", "as a file")


def test_the_file_takes_the_filter_of_the_page(world):
    log(actor="another")
    rows = cells(sign_in(world["auditor"]).get(address("access-log-file"), {"actor": "nurse"}))
    assert [row[1] for row in rows[1:]] == ["nurse"]


def test_a_file_has_an_end_and_says_how_to_get_the_rest(world, monkeypatch):
    for module in (access_log, pages):
        monkeypatch.setattr(module, "MOST_EXPORTED", 5)
    noon = timezone.make_aware(datetime(2026, 3, 10, 12))
    for hours in range(7):
        log(actor=f"nurse {hours}", at=noon - timedelta(days=hours))
    auditor = sign_in(world["auditor"])
    rows = cells(auditor.get(address("access-log-file"), {"until": "2026-03-10"}))
    assert [row[1] for row in rows[1:-1]] == [f"nurse {hours}" for hours in range(5)]
    assert rows[-1] == ["There are older lines. Export those too: set Through to 2026-03-05."]
    rest = cells(auditor.get(address("access-log-file"), {"until": "2026-03-05"}))
    assert [row[1] for row in rest[1:]] == ["nurse 5", "nurse 6"]


# A patient's extract.


@pytest.mark.parametrize("who", ["steward", "auditor"])
def test_an_extract_names_unit_time_and_action_and_no_one(world, lists, who):
    client = sign_in(world[who])
    log_persons(by=Operator(), action="search", numbers=[world["number"]])
    log(patient=factories.record(lists, OTHER).patient.registry_number, actor="unrelated")
    asked = client.post(address("extract"), {"who": NUMBER})
    assert asked.url == address("extract-of", number=world["number"])
    page = client.get(asked.url)
    assert [row[1:] for row in page.context["rows"]] == [
        (*NATIONAL[who], "Searched by identifier"),
        ("Administrator", "Searched by identifier"),
        ("Sjukhuset UPP", "Registered an infusion"),
    ]
    assert "nurse" not in text(page)
    line = AccessLog.objects.latest("pk")
    assert (line.actor, line.action, line.patient) == (who, "extract", world["number"])
    rows = cells(client.get(asked.url, {"format": "csv"}))
    assert rows[0] == ["Time", "Unit", "Action"]
    assert rows[1][2] == "Took a patient's extract of the access log"


NATIONAL = {"steward": ("Steward",), "auditor": ("Auditor",)}


def test_an_extract_has_pages_and_its_file_every_line(world):
    for number in range(230):
        log(patient=world["number"], detail=str(number))
    client, where = sign_in(world["steward"]), address("extract-of", number=world["number"])
    pages_of = [client.get(where, {"page": page}).context["rows"] for page in (1, 2, 3)]
    assert [len(rows) for rows in pages_of[:2]] == [100, 100]
    assert 'rel="next"' in client.get(where).content.decode()
    assert len(cells(client.get(where, {"format": "csv"}))) > 231 > len(pages_of[2])


def test_an_extract_holds_the_lines_of_persons_merged_into_the_patient(world, lists):
    absorbed = factories.record(lists, OTHER, infused_on="2021-05-05").patient
    log(patient=absorbed.registry_number, unit="STO")
    merge_patients(keep=world["infusion"].patient, absorb=absorbed, by=Operator(), reason="one person")
    client = sign_in(world["auditor"])
    client.get(address("extract-of", number=world["number"]))
    units = [row[1] for row in client.get(address("extract-of", number=world["number"])).context["rows"]]
    assert "Sjukhuset STO" in units
    assert "Sjukhuset UPP" in units


def test_an_erased_patient_has_an_extract_still_and_a_made_up_number_has_none(world):
    erase_patient(patient=world["infusion"].patient, by=Operator(), reason="asked for it")
    client = sign_in(world["auditor"])
    actions = [row[2] for row in client.get(address("extract-of", number=world["number"])).context["rows"]]
    assert actions == ["Erased", "Registered an infusion"]
    assert client.get(address("extract-of", number=98)).status_code == 404
    assert client.get(address("extract-of", number=10**30)).status_code == 404


@pytest.mark.parametrize("typed", ["", "nobody", OTHER, "195x", "local:unknown", "x" * 81, "a\x00b"])
def test_a_search_in_vain_says_so_and_keeps_what_was_typed(world, typed):
    client = sign_in(world["auditor"])
    answer = client.post(address("extract"), {"who": typed})
    assert answer.status_code == 200
    assert answer.context["form"].errors["who"]
    assert 'id="id_who_error"' in text(answer)
    assert answer.context["form"]["who"].value() == typed and "no-store" in answer["Cache-Control"]
    assert not AccessLog.objects.filter(action="extract").exists()


def test_a_search_in_vain_is_logged(world):
    sign_in(world["auditor"]).post(address("extract"), {"who": OTHER})
    line = AccessLog.objects.latest("pk")
    assert (line.actor, line.action, line.patient) == ("auditor", "search", None)


# It stays, and how long.


def test_lines_are_neither_changed_nor_deleted(world):
    for change in (lambda: AccessLog.objects.update(actor="x"), lambda: AccessLog.objects.all().delete()):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()
    assert AccessLog.objects.get().actor == "nurse"


def test_lines_older_than_the_setting_go_at_night_and_no_others(lists, settings, monkeypatch):
    settings.ACCESS_LOG_YEARS = 6
    monkeypatch.setattr(access_log, "today", lambda: date(2026, 2, 28))
    monkeypatch.setattr(access_log, "DELETED_AT_ONCE", 2)
    log(at=timezone.make_aware(datetime(2020, 2, 27, 23, 59, 59)))
    kept = log(at=timezone.make_aware(datetime(2020, 2, 28)))
    for year in (2010, 2011, 2012, 2019):
        log(at=timezone.make_aware(datetime(year, 7, 1)))
    assert access_log.prune_access_log() == 5
    assert access_log.prune_access_log() == 0
    assert list(AccessLog.objects.values_list("pk", flat=True)) == [kept.pk]
    settings.ACCESS_LOG_YEARS = 5
    monkeypatch.setattr(access_log, "today", lambda: date(2028, 2, 29))
    prune_facts()
    assert not AccessLog.objects.exists()
    log()
    with pytest.raises(ProgrammingError), transaction.atomic():
        AccessLog.objects.all().delete()


def test_no_identifier_reaches_an_address_of_the_log(world):
    auditor = sign_in(world["auditor"])
    for where, field in (
        (address("access-log"), "patient"),
        (address("access-log"), "actor"),
        (address("extract"), "who"),
    ):
        answer = auditor.post(where, {field: NUMBER})
        assert NUMBER not in answer.get("Location", "")
        assert NUMBER not in text(answer)
    assert not AccessLog.objects.filter(detail__contains=NUMBER).exists()

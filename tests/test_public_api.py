"""The public interface, asked as a client asks it; the numbers are the demonstration's."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings

from api.openapi import PROBLEM
from api.public import code_lists, openapi, service, service_openapi
from registry.access import Operator
from registry.entry.infusions.record import withdraw_infusion
from registry.measures import DERIVED, MEASURES
from registry.models import Infusion, Publication, Revision, Snapshot
from registry.published import queries, snapshots
from registry.published.count_query import DIMENSIONS
from registry.published.current_snapshot import CURRENT_KEY, forget_current, read_current
from registry.publishing.publish import publish
from registry.publishing.runs import run_pruning
from tests.calling import check

ADDRESSES = {
    "map": openapi.MAP,
    "counts?by=centre,year": openapi.COUNTS,
    "counts?by=manufacturing_site,indication,age_group,month&measures=products,children": openapi.COUNTS,
    "centres": openapi.code_list("centres"),
    "categories": openapi.code_list("categories"),
    "products": openapi.code_list("products"),
    "indications": openapi.code_list("indications"),
    "trials": openapi.code_list("trials"),
    "measures": openapi.MEASURE_RULES,
    "snapshots": openapi.SNAPSHOTS,
    "snapshots/1": openapi.SNAPSHOT,
    "snapshots/1/changes?since=1": openapi.CHANGES,
    "config": service_openapi.CONFIG,
    "status": service_openapi.STATUS,
}
KEPT = [address for address in ADDRESSES if address != "status"]


@pytest.fixture(scope="module")
def demonstration(django_db_setup, django_db_blocker):
    """The published demonstration, stored once for the module and taken back after it."""
    with django_db_blocker.unblock(), override_settings(DEMONSTRATION=True), transaction.atomic():
        Revision.objects.get_or_create()
        Publication.objects.get_or_create()
        call_command("demo_data", stdout=StringIO())
        yield publish()
        transaction.set_rollback(True)


@pytest.fixture
def ask(demonstration, db):
    client = Client()

    def get(address: str, **headers):
        return client.get(f"/api/v1/{address}", headers=headers)

    return get


def problem_of(response, status: int) -> dict:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    problem = response.json()
    check(problem, PROBLEM)
    assert problem["status"] == status
    return problem


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_has_the_shape_that_the_description_promises(ask, address):
    response = ask(address)
    assert response.status_code == 200
    shape = next(iter(ADDRESSES[address]["responses"].values()))
    check(response.json(), shape)


def test_the_map_gives_the_published_figure(ask):
    document = ask("map").json()
    national = document["national"]
    assert national == {
        "patients": 297, "infusions": 304, "reinfusions": 6, "further_doses": 1, "first": "2014",
        "children": 13, "patients_summed": 297,
    }  # fmt: skip
    assert list(document) == ["snapshot", "national", "centres", "manufacturing", "notes"]
    uppsala = next(centre for centre in document["centres"] if centre["code"] == "UPP")
    assert (uppsala["patients"], uppsala["infusions"], uppsala["further_doses"]) == (85, 86, 1)
    assert uppsala["categories"][0] == {
        "category": "ACT", "patients": 45, "infusions": 46, "reinfusions": 0, "further_doses": 1,
        "first": "2014",
    }  # fmt: skip
    assert document["manufacturing"] == [{"site": "VECURA", "name": "Vecura", "centre": "STO", "manufactured": 46}]


def test_an_upcoming_centre_is_there_with_zeros(ask):
    orebro = next(c for c in ask("map").json()["centres"] if c["code"] == "ORE")
    assert (orebro["status"], orebro["infusions"], orebro["first"], orebro["categories"]) == (
        "upcoming", 0, None, [],
    )  # fmt: skip


def test_before_the_first_infusion_every_centre_is_there_with_zeros(ask):
    document = ask("map?as_of=2013-12-31").json()
    assert [centre["code"] for centre in document["centres"]] == [
        "UME", "UPP", "STO", "ORE", "LIN", "GOT", "LUN",
    ]  # fmt: skip
    assert {(c["patients"], c["infusions"], c["first"]) for c in document["centres"]} == {(0, 0, None)}
    assert document["national"]["patients"] == 0
    assert document["snapshot"]["as_of"] == "2013-12-31"


def test_texts_follow_the_language(ask):
    def city(response):
        return next(c for c in response.json()["centres"] if c["code"] == "GOT")["city"]

    assert city(ask("map")) == "Göteborg"
    assert city(ask("map?lang=en")) == "Gothenburg"
    assert city(ask("map", **{"Accept-Language": "en-GB,sv;q=0.5"})) == "Gothenburg"
    assert city(ask("map?lang=sv", **{"Accept-Language": "en"})) == "Göteborg"
    assert ask("map?lang=en")["Content-Language"] == "en"


def test_rows_stand_in_the_dimensions_own_order_and_the_total_is_counted_afresh(ask):
    answer = ask("counts?by=centre,category").json()
    assert [(row["centre"], row["category"]) for row in answer["rows"]][:4] == [
        ("UME", "SOC"), ("UPP", "SOC"), ("UPP", "ACT"), ("UPP", "ICT"),
    ]  # fmt: skip
    assert answer["total"]["patients"] == answer["total"]["patients_summed"] == 297
    assert answer["by"] == ["centre", "category"]
    assert set(answer["rows"][0]) == {
        "centre", "category", "infusions", "patients", "further_doses", "reinfusions", "first",
    }  # fmt: skip


def test_a_filter_and_a_period_choose_without_changing_roles(ask):
    answer = ask("counts?centre=STO&category=SOC&by=year&measures=patients,reinfusions").json()
    assert answer["filters"] == {"centre": ["STO"], "category": ["SOC"]}
    assert sum(row["patients"] for row in answer["rows"]) == 69
    assert sum(row["reinfusions"] for row in answer["rows"]) == 5
    late = ask("counts?centre=STO&category=SOC&from=2023-01-01&measures=patients,reinfusions").json()
    assert late["total"]["patients"] < 69
    assert late["total"]["reinfusions"] == sum(row["reinfusions"] for row in answer["rows"] if row["year"] >= 2023)


def test_infusions_without_a_site_are_asked_for_by_none(ask):
    rows = ask("counts?by=manufacturing_site").json()["rows"]
    assert [(row["manufacturing_site"], row["infusions"]) for row in rows] == [("VECURA", 46), (None, 258)]
    assert ask("counts?manufacturing_site=none").json()["total"]["infusions"] == 258


def test_trials_are_a_dimension_and_a_filter(ask):
    """Uppsala's academic trial has 46 infusions, the industry's 32; SOC and CUP have none."""
    rows = ask("counts?by=trial").json()["rows"]
    expected = [("NCT99000001", 32), ("NCT99000002", 46), (None, 226)]
    assert [(row["trial"], row["infusions"]) for row in rows] == expected
    listed = [trial["identifier"] for trial in ask("trials").json()["trials"]]
    assert [row["trial"] for row in rows] == [*listed, None]
    academic = ask("counts?by=centre,category&trial=NCT99000002").json()
    assert [tuple(row[name] for name in ("centre", "category", "patients")) for row in academic["rows"]] == [
        ("UPP", "ACT", 45)
    ]
    assert ask("counts?trial=none").json()["total"]["infusions"] == 226
    assert ask("counts?trial=none,NCT99000001").json()["total"]["infusions"] == 258
    unknown = ask("counts?trial=NCT00000000")
    assert unknown.status_code == 400
    unknown = unknown.json()
    assert (unknown["code"], unknown["parameter"]) == ("unknown_value", "trial")


@pytest.mark.parametrize(
    ("address", "code", "parameter"),
    [
        ("map?colour=red", "unknown_parameter", "colour"),
        ("map?as_of=2020-13-01", "unknown_value", "as_of"),
        ("map?as_of=20200101", "unknown_value", "as_of"),
        ("map?as_of=", "unknown_value", "as_of"),
        ("map?as_of=2020-01-01&as_of=2020-01-02", "parameter_repeated", "as_of"),
        ("map?snapshot=one", "unknown_value", "snapshot"),
        ("map?lang=fi", "unknown_value", "lang"),
        ("map?format=dbf", "unknown_value", "format"),
        ("counts?by=hospital", "unknown_value", "by"),
        ("counts?by=centre,centre", "value_repeated", "by"),
        ("counts?by=centre,,year", "unknown_value", "by"),
        ("counts?by=centre,category,product,sex,year", "too_many_dimensions", "by"),
        ("counts?measures=deaths", "unknown_value", "measures"),
        ("counts?centre=XXX", "unknown_value", "centre"),
        ("counts?product=Aspirin", "unknown_value", "product"),
        ("counts?year=20x4", "unknown_value", "year"),
        ("counts?month=2020-13", "unknown_value", "month"),
        ("counts?age_group=teen", "unknown_value", "age_group"),
        ("counts?from=2020-02-01&to=2020-01-01", "period_empty", "from"),
        ("counts?snapshot=1", "unknown_parameter", "snapshot"),
        ("snapshots/1/changes", "missing", "since"),
        ("centres?by=x", "unknown_parameter", "by"),
        ("status?x=1", "unknown_parameter", "x"),
        ("map?" + "x" * 3000 + "=1", "query_too_long", None),
    ],
)
def test_what_is_not_understood_is_named(ask, address, code, parameter):
    problem = problem_of(ask(address), 409 if code == "period_empty" else 400)
    assert problem["code"] == code
    assert problem.get("parameter") == parameter
    assert problem["detail"]


@pytest.mark.parametrize("hostile", ["%00", "%ff%fe", "'; DROP TABLE x;--", "٣", "<script>", "%", "\u2028"])
@pytest.mark.parametrize("name", ["as_of", "by", "centre", "year", "month", "snapshot", "lang", "measures"])
def test_a_hostile_value_is_a_400(ask, name, hostile):
    address = "map" if name in {"as_of", "snapshot"} else "counts"
    problem_of(ask(f"{address}?{name}={hostile}"), 400)


def test_an_unknown_address_is_a_problem_too(ask):
    assert problem_of(ask("patients"), 404)["code"] == "not_found"
    assert problem_of(ask("snapshots/99"), 404)["code"] == "not_found"
    for path, parameter in (("map?snapshot=99", "snapshot"), ("snapshots/1/changes?since=99", "since")):
        refused = problem_of(ask(path), 400)
        assert (refused["code"], refused["parameter"]) == ("unknown_value", parameter)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_public_can_be_written(ask, method):
    response = getattr(Client(), method)("/api/v1/map")
    assert problem_of(response, 405)["code"] == "method_not_allowed"
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("address", KEPT)
def test_an_unchanged_answer_is_told_without_a_query(ask, address, django_assert_num_queries):
    first = ask(address)
    assert first["Cache-Control"].startswith("public, max-age=60")
    with django_assert_num_queries(0):
        assert ask(address).content == first.content
    caches["responses"].clear()  # as in a process that has never made this answer
    with django_assert_num_queries(0):
        unchanged = ask(address, **{"If-None-Match": first["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged["ETag"] == first["ETag"]


def test_a_weak_or_listed_tag_is_known_and_another_is_not(ask):
    tag = ask("map")["ETag"]
    assert ask("map", **{"If-None-Match": f'"other", W/{tag}'}).status_code == 304
    assert ask("map", **{"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("address", KEPT)
def test_head_has_the_headers_of_get_and_no_body(ask, address):
    get, head = ask(address), Client().head(f"/api/v1/{address}")
    assert head.content == b""
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
        assert head[name] == get[name]


def test_two_spellings_of_a_question_are_one(ask):
    assert ask("counts?category=ICT,SOC&by=year")["ETag"] == ask("counts/?by=year&category=SOC,ICT")["ETag"]
    assert ask("counts?measures=patients,first")["ETag"] == ask("counts?measures=first,patients")["ETag"]
    assert ask("counts?by=year,centre")["ETag"] != ask("counts?by=centre,year")["ETag"]


def test_an_answer_is_zipped_for_who_wants_it(ask):
    zipped, plain = ask("map", **{"Accept-Encoding": "gzip"}), ask("map")
    assert zipped["Content-Encoding"] == "gzip"
    assert len(zipped.content) < len(plain.content) / 2
    assert zipped["ETag"] != plain["ETag"]
    assert "Accept-Encoding" in plain["Vary"]


def test_a_page_of_any_origin_may_read(ask):
    assert ask("map")["Access-Control-Allow-Origin"] == "*"
    assert ask("map?x=1")["Access-Control-Allow-Origin"] == "*"


def test_a_new_snapshot_is_seen_at_once_and_the_old_one_stays(ask):
    before = ask("map")
    someone = Infusion.objects.filter(centre__code="LUN").first()
    withdraw_infusion(infusion_id=someone.pk, by=Operator(), reason="entered twice")
    assert ask("status").json()["stale"] is True
    assert ask("map").content == before.content
    publish()
    after = ask("map")
    assert after["ETag"] != before["ETag"]
    assert after.json()["national"]["infusions"] == 303
    assert ask("map?snapshot=1").json()["national"]["infusions"] == 304
    assert ask("status").json()["stale"] is False
    changes = ask("snapshots/2/changes?since=1").json()["changes"]
    assert [(c["centre"], c["category"]) for c in changes] == [
        (None, None),
        ("LUN", None),
        ("LUN", someone.category),
    ]
    assert changes[0]["measures"]["infusions"] == {"before": 304, "after": 303}
    assert problem_of(ask("map?snapshot=1&as_of=2020-01-01"), 409)["code"] == "as_of_needs_current"


def test_without_the_cache_the_answer_comes_from_the_database(ask, cache_down):
    document = ask("map").json()
    caches["responses"].clear()
    asked = cache_down()
    assert ask("map").json() == document
    forget_current()
    assert ask("map").json() == document
    assert len(asked) == 1  # left alone for a moment, in which everyone else is spared the wait


def test_before_anything_is_published_the_answer_says_so(ask):
    Publication.objects.update(snapshot=None)
    response = ask("map")
    assert problem_of(response, 503)["code"] == "no_snapshot"
    assert response["Retry-After"] == "60"
    assert Client().get("/").status_code == 503
    assert ask("status").json()["snapshot"] is None


def test_the_rules_of_all_measures_are_published_in_both_languages(ask):
    rules = {row["measure"]: row for row in ask("measures").json()["measures"]}
    assert set(rules) == set(MEASURES) | set(DERIVED)
    assert all(row["rule"]["sv"] and row["rule"]["en"] for row in rules.values())


def test_config_tells_the_limits(ask):
    limits = ask("config").json()
    assert limits["most_dimensions"] == 4
    assert limits["dimensions"] == list(DIMENSIONS)
    assert limits["disclosure"] == "exact"


def test_the_description_is_openapi_3_1_and_names_every_address(ask):
    described = json.loads(ask("schema").content)
    assert described["openapi"].startswith("3.1")
    names = {path.removeprefix("/api/v1/") for path in described["paths"]}
    assert names == {
        "map", "counts", "centres", "categories", "products", "indications", "trials", "measures",
        "snapshots", "snapshots/{number}", "snapshots/{number}/changes", "status", "config",
        "releases", "releases/{name}", "releases/{name}/changes", "catalogue", "measure-reports",
        "measure-reports/{code}", "atmp/trials", "atmp/counts", "atmp/exemption", "atmp/manufacturing",
        "infusions", "infusions/{infusion}", "infusions/{infusion}/history", "imports", "imports/{job}",
        "/api-info",
        "me", "referrals", "referrals/{referral}", "questions", "questions/{question}",
        "questions/{question}/messages", "questions/{question}/close",
    }  # fmt: skip
    counts = {p["name"] for p in described["paths"]["/api/v1/counts"]["get"]["parameters"]}
    assert counts == {*DIMENSIONS, "by", "as_of", "from", "to", "measures", "lang", "format"}


def test_the_documentation_asks_no_other_host(ask):
    page = ask("docs").content.decode()
    assert page.count("<script") >= 1
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_the_page_and_the_map_say_the_same_snapshot(ask, demonstration):
    page = Client().get("/").content.decode()
    assert "297" in page
    assert "304" in page
    assert Client().get("/en/").status_code == 200
    assert Snapshot.objects.get().number == demonstration.number


def test_as_of_follows_the_calendar(ask):
    """Every month end of the demonstration gives the infusions dated up to it."""
    days = list(Infusion.objects.values_list("infused_on", flat=True))
    for year in range(2014, 2026):
        day = date(year, 6, 30)
        document = ask(f"map?as_of={day}").json()
        assert document["national"]["infusions"] == sum(found <= day for found in days)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_passes_through_the_one_door(ask, address, monkeypatch):
    for module in (queries, code_lists, service, snapshots):
        monkeypatch.setattr(module, "publishable", lambda answer, withhold=None: answer | {"passed": True})
    caches["responses"].clear()
    assert ask(address).json()["passed"] is True


def test_a_snapshot_that_comes_between_a_question_and_its_facts_is_answered_as_one(ask):
    """The process still remembers the old snapshot; the answer is the new one's, under its own tag."""
    before = ask("counts?by=centre")
    remembered = read_current()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_revision SET number = number + 1")
    newer = publish()
    run_pruning()
    caches["default"].clear()
    caches["responses"].set(CURRENT_KEY, remembered, 60)
    after = ask("counts?by=centre&measures=patients")
    assert after.json()["snapshot"]["number"] == newer.number
    assert after["ETag"] != before["ETag"]
    caches["responses"].set(CURRENT_KEY, remembered, 60)
    assert ask("map?as_of=2020-01-01").json()["snapshot"]["number"] == newer.number


def test_gzip_that_is_refused_is_not_sent(ask):
    assert "Content-Encoding" not in ask("map", **{"Accept-Encoding": "gzip;q=0, identity"}).headers
    assert ask("map", **{"Accept-Encoding": "br, gzip;q=0.5"})["Content-Encoding"] == "gzip"


def test_errors_are_problems_in_english_wherever_they_arise(ask):
    refused = Client().post("/api/v1/map", headers={"Accept-Language": "sv"})
    assert problem_of(refused, 405)["title"] == "Method Not Allowed"
    assert problem_of(Client().get("/api/nowhere"), 404)["code"] == "not_found"
    assert problem_of(ask("map?" + "&" * 1500), 400)["code"] == "query_too_long"

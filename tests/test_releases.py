"""Releases: what never changes, what is refused, the changes since the last, the pages and the feed."""

import hashlib
import random
from collections import defaultdict
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from django.core.cache import caches
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from registry.access import Operator
from registry.choices import Kind
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.errors import IdentifierInText, NotPermitted, NotPublished
from registry.formats import MAP_FORMATS
from registry.models import (
    ExemptionYear,
    Infusion,
    Patient,
    Release,
    ReleasedInfusion,
    ReleaseFile,
    SiteTrialStatus,
)
from registry.published.queries import read_map
from registry.publishing import new_release, release_files, release_refusals
from registry.publishing.new_release import release_snapshot
from registry.publishing.publish import publish
from registry.publishing.release_changes import CAUSES
from tests import atmp_rows, factories
from tests.browsing import WIDTH_OF, look
from tests.desk import sign_in, text

BY = Operator()
ATOM = "{http://www.w3.org/2005/Atom}"
PUBLIC = {"sv": "/utgavor/", "en": "/en/releases/"}


@pytest.fixture(autouse=True)
def quick_files(request, monkeypatch):
    """Only the formats that are quick to make, unless a test is about all of them."""
    if "every_file" not in request.keywords:
        quick = {name: MAP_FORMATS[name] for name in ("json", "csv", "xlsx")}
        monkeypatch.setattr(release_files, "MAP_FORMATS", quick)


def make(name: str = "first", **fields) -> Release:
    publish()
    return release_snapshot(**{"name": name, "title_sv": "Första", "title_en": "First", "by": BY} | fields)


@pytest.fixture
def world(lists):
    """Three persons at two centres."""
    for place, (centre, day) in enumerate((("UPP", "2019-02-03"), ("UPP", "2020-05-05"), ("STO", "2021-06-06"))):
        factories.record(lists, factories.nth_number(place), centre=centre, infused_on=day)
    return lists


# What never changes.


@pytest.mark.every_file
def test_every_file_is_the_same_when_it_is_built_again(world, monkeypatch):
    # test_formats.py has the pictures and the other language, which take seconds.
    monkeypatch.setattr(new_release, "LANGUAGES", ("sv",))
    quick = {name: form for name, form in MAP_FORMATS.items() if "png" not in name}
    monkeypatch.setattr(release_files, "MAP_FORMATS", quick)
    release = make()
    stored = {file.name: (bytes(file.content), file.sha256, file.size) for file in release.files.all()}
    assert len(stored) == len(MAP_FORMATS) - 2
    again = list(release_files.make_files(release, release_files.read_parts(release)))
    assert {file.name: (file.content, file.sha256, file.size) for file in again} == stored
    assert all(hashlib.sha256(content).hexdigest() == digest for content, digest, _size in stored.values())


def test_a_release_holds_trials_and_statements_beside_the_map(world, client):
    atmp_rows.store(world, [atmp_rows.trial(1, {"UPP": [("recruiting", "2020")]}, class_="sctmp")])
    ExemptionYear.objects.create(
        centre=world.centres["UPP"], product="Hud", year=2024, through=date(2024, 12, 31), patients=7,
        stated_by="Akademiska", source="Rapport",
    )  # fmt: skip
    publish()
    release = make()
    names = {file.name for file in release.files.all() if "atmp" in file.name}
    parts = ("trials", "class-centre", "phase-sponsor", "exemption")
    assert names == {
        f"swecar-first-{language}-atmp-{part}.{ending}"
        for language in new_release.LANGUAGES for part in parts for ending in ("json", "csv", "xlsx")
    }  # fmt: skip
    shown = client.get(f"{PUBLIC['sv']}first/").content.decode()
    assert all(name in shown for name in names if "-sv-" in name)
    file = client.get("/releases/first/swecar-first-sv-atmp-trials.csv")
    before = file.content
    assert "NCT98000001" in before.decode()
    SiteTrialStatus.objects.update(status="closed")
    publish()
    caches["responses"].clear()
    assert client.get("/releases/first/swecar-first-sv-atmp-trials.csv").content == before


def test_a_release_stays_the_same_while_the_registry_changes(world, client):
    release = make(note_sv="Anmärkning å ä ö")
    pages = [f"{place}first/" for place in PUBLIC.values()]
    files = [f"/releases/first/{file.name}" for file in release.files.all()]
    addresses = ["/api/v1/releases/first", "/api/v1/releases/first/changes", *files]
    before = {address: client.get(address).content for address in (*addresses, *pages)}
    assert len(files) == 6
    withdraw_infusion(infusion_id=Infusion.objects.first().pk, by=BY, reason="entered twice")
    erase_patient(patient=Patient.objects.last(), by=BY, reason="asked for it")
    factories.record(world, factories.nth_number(7), centre="FAL")
    publish()
    make("second")
    caches["responses"].clear()
    assert {address: client.get(address).content for address in (*addresses, *pages)} == before
    assert read_map(language="sv")["centres"] != release.documents["sv"]["centres"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registry_release SET title_sv = 'x'",
        "DELETE FROM registry_release",
        "UPDATE registry_releasefile SET content = 'x'",
        "DELETE FROM registry_releasefile",
    ],
)
def test_the_database_refuses_a_change_of_a_release(world, change):
    make()
    refused = pytest.raises(ProgrammingError, match="Cannot update or delete rows")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert Release.objects.get().title_sv == "Första"
    assert ReleaseFile.objects.count() == 6


def test_a_file_is_kept_for_ever_and_told_by_its_digest(world, client):
    file = make().files.first()
    response = client.get(f"/releases/first/{file.name}")
    assert response.content == bytes(file.content)
    assert response["ETag"] == f'"{file.sha256}"'
    assert "immutable" in response["Cache-Control"]
    assert file.name in response["Content-Disposition"]
    known = client.get(f"/releases/first/{file.name}", headers={"If-None-Match": response["ETag"]})
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.usefixtures("neighbours")
def test_a_release_up_to_a_day_counts_up_to_it(world):
    release = make(as_of=date(2020, 12, 31))
    assert release.documents["en"]["national"]["infusions"] == 5
    assert release.documents["en"]["snapshot"]["as_of"] == "2020-12-31"
    assert ReleasedInfusion.objects.count() == 5


# What is refused: nothing is stored.


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": "With Spaces"}, release_refusals.ReleaseNameWrong),
        ({"name": "../secrets"}, release_refusals.ReleaseNameWrong),
        ({"name": ""}, release_refusals.ReleaseNameWrong),
        ({"name": "taken"}, release_refusals.ReleaseNameTaken),
        ({"title_sv": " "}, release_refusals.ReleaseTitleMissing),
        ({"note_en": f"About {factories.number()}."}, IdentifierInText),
        ({"as_of": date.today() + timedelta(days=2)}, release_refusals.ReleaseDayWrong),
        ({"as_of": date(2021, 6, 5)}, release_refusals.ReleaseDayBefore),
    ],
)
def test_an_invalid_release_is_refused(world, fields, refusal):
    make("taken")
    with pytest.raises(refusal):
        make(**({"name": "another"} | fields))
    assert [release.name for release in Release.objects.all()] == ["taken"]


def test_a_snapshot_behind_the_records_is_not_released(world):
    publish()
    factories.record(world, factories.nth_number(8))
    with pytest.raises(release_refusals.SnapshotBehind):
        release_snapshot(name="late", title_sv="S", title_en="S", by=BY)
    assert not Release.objects.exists()


def test_without_a_snapshot_nothing_is_released(lists):
    with pytest.raises(NotPublished):
        release_snapshot(name="early", title_sv="T", title_en="T", by=BY)


def test_a_reporter_may_not_release(world):
    publish()
    reporter = factories.user("reporter", world.centres["UPP"])
    with pytest.raises(NotPermitted):
        release_snapshot(name="mine", title_sv="M", title_en="M", by=reporter)


# What changed, against plain Python.


def plain_rows() -> dict:
    """Every counted infusion: its person, its cell, and the values that numbers are counted from."""
    found = Infusion.objects.counted().select_related("patient", "centre")
    return {
        infusion.pk: (
            infusion.patient_id,
            (infusion.centre.code, infusion.category),
            (
                infusion.kind, infusion.product_id, infusion.indication_id, infusion.trial_id,
                infusion.infused_on, infusion.date_precision, infusion.sequence, infusion.age_at_infusion,
                infusion.patient.sex, infusion.manufacturing_site_id,
            ),
        )
        for infusion in found
    }  # fmt: skip


def expected_causes(before: dict, after: dict, persons: set[int]) -> dict[tuple, dict[str, int]]:
    """By cell how many records moved, and by what; an infusion counts in its category, centre and nation.

    Of an erased person nothing is told: only the numbers are less.
    """
    stored = set(Infusion.objects.values_list("pk", flat=True))
    found: dict[tuple, dict[str, set]] = defaultdict(lambda: defaultdict(set))

    def note(cause: str, what, *cells: tuple[str, str]) -> None:
        for centre, category in cells:
            for cell in ((centre, category), (centre, None), (None, None)):
                found[cell][cause].add(what)

    for key in before.keys() | after.keys():
        if key not in before:
            note("new", key, after[key][1])
        elif key not in after and key not in stored:
            continue
        elif key not in after:
            note("withdrawn", key, before[key][1])
        else:
            (person, cell, values), (now_person, now_cell, now_values) = before[key], after[key]
            merged = person != now_person and person not in persons
            if merged:
                note("merged", person, cell, now_cell)
            if (cell, values) != (now_cell, now_values) or (person != now_person and not merged):
                note("corrected", key, cell, now_cell)
    return {cell: {cause: len(found[cell][cause]) for cause in CAUSES} for cell in found}


@pytest.mark.parametrize("seed", range(6))
def test_causes_are_those_of_a_plain_comparison(lists, seed):
    chance = random.Random(seed)
    for number in range(12):
        day = date(2016 + number % 8, 1 + number % 12, 10)
        factories.record(
            lists, factories.nth_number(number), centre=chance.choice(["UPP", "STO", "FAL"]),
            infused_on=day.isoformat(), product="Kymriah" if number % 2 else "Yescarta",
        )  # fmt: skip
    make("before")
    before, document = plain_rows(), read_map(language="en")
    rows = list(Infusion.objects.counted().order_by("infused_on"))
    withdraw_infusion(infusion_id=rows[0].pk, by=BY, reason="entered twice")
    moved = {"infused_on": rows[1].infused_on + timedelta(days=1)}
    changes = {"centre": lists.centres["UME"]} if seed % 2 else moved
    correct_infusion(infusion_id=rows[1].pk, changes=changes, by=BY, reason="wrong")
    keep, absorb = rows[2].patient, rows[3].patient
    Patient.objects.filter(pk__in=[keep.pk, absorb.pk]).update(sex="female", birth_year=1970)
    merge_patients(keep=keep, absorb=absorb, by=BY, reason="one person")
    erase_patient(patient=rows[4].patient, by=BY, reason="asked for it")
    factories.record(lists, factories.nth_number(30), centre=chance.choice(["UPP", "UME"]))
    again = factories.record(
        lists, factories.nth_number(30), centre="UME", infused_on="2025-05-05", kind=Kind.REINFUSION
    )
    assert again.kind == Kind.REINFUSION
    release = make("after")
    after = plain_rows()
    expected = expected_causes(before, after, set(Patient.objects.values_list("pk", flat=True)))
    told = {(row["centre"], row["category"]): row for row in release.changes["changes"]}
    assert {
        cell: {cause: row[cause] for cause in CAUSES} for cell, row in told.items() if cell in expected
    } == expected
    assert all(row["measures"] for cell, row in told.items() if cell not in expected)
    national = told[None, None]["measures"]
    assert national["patients"] == {
        "before": document["national"]["patients"],
        "after": release.documents["en"]["national"]["patients"],
    }
    assert release.changes["since"] == "before"


@pytest.mark.usefixtures("neighbours")
def test_an_infusion_corrected_to_a_date_after_the_day_is_corrected_and_not_withdrawn(world):
    make(as_of=date(2020, 12, 31))
    moved = Infusion.objects.get(infused_on=date(2020, 5, 5))
    correct_infusion(
        infusion_id=moved.pk,
        changes={"infused_on": date(2021, 1, 5), "age_at_infusion": 51},
        by=BY,
        reason="wrong",
    )
    told = make("second", as_of=date(2020, 12, 31)).changes["changes"][0]
    assert {cause: told[cause] for cause in CAUSES} == {"new": 0, "corrected": 1, "withdrawn": 0, "merged": 0}
    assert told["measures"]["infusions"] == {"before": 5, "after": 4}


def test_a_person_who_is_no_longer_counted_as_a_child_is_a_change(world):
    make()
    Patient.objects.update(birth_year=None)
    child = Infusion.objects.first()
    correct_infusion(infusion_id=child.pk, changes={"age_at_infusion": 17}, by=BY, reason="wrong")
    told = make("second").changes["changes"][0]
    assert (told["centre"], told["measures"]) == (None, {"children": {"before": 0, "after": 1}})


def test_an_erased_person_is_not_in_the_comparison_with_the_next_release(world):
    make()
    person = Patient.objects.first()
    assert ReleasedInfusion.objects.filter(patient=person.pk).exists()
    number = person.pk
    erase_patient(patient=person, by=BY, reason="asked for it")
    assert not ReleasedInfusion.objects.filter(patient=number).exists()


# Pages, feed, API.


def test_the_list_and_the_page_show_the_release(world, client):
    make(title_sv="8 september 2025", note_sv="Anmärkning å ä ö", note_en="A note")
    make("second", title_en="The second")
    listed = text(client.get("/utgavor/"))
    assert listed.index("second/") < listed.index("first/")
    assert "8 september 2025" in listed
    page = text(client.get("/utgavor/first/"))
    assert "Anmärkning å ä ö" in page
    assert "Det här är den första utgåvan." in page
    for file in ReleaseFile.objects.filter(release__name="first", language="sv"):
        assert f'href="/releases/first/{file.name}"' in page
        assert file.sha256 in page
    assert "Nothing has changed since" in text(client.get("/en/releases/second/"))


def test_a_new_release_is_visible_at_once_in_its_process(world, client):
    assert "There is no release yet." in text(client.get("/en/releases/"))
    make()
    assert "There is no release yet." not in text(client.get("/en/releases/"))


@pytest.mark.parametrize("address", ["/utgavor/none/", "/en/releases/none/", "/releases/first/none.pdf"])
def test_an_unknown_release_is_404(world, client, address):
    make()
    assert client.get(address).status_code == 404


def parse(response) -> ElementTree.Element:
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own


@pytest.mark.parametrize("language", PUBLIC)
def test_the_feed_is_an_atom_feed(world, client, language):
    empty = parse(client.get(f"{PUBLIC[language]}atom.xml"))
    assert empty.find(f"{ATOM}updated") is not None
    make(note_en="A note", note_sv="En anmärkning")
    response = client.get(f"{PUBLIC[language]}atom.xml")
    assert response["Content-Type"].startswith("application/atom+xml")
    feed = parse(response)
    for wanted in ("id", "title", "updated", "author"):
        assert feed.find(f"{ATOM}{wanted}") is not None, wanted
    [entry] = feed.findall(f"{ATOM}entry")
    assert entry.find(f"{ATOM}id").text == "tag:swecar,2026:releases:first"
    assert entry.find(f"{ATOM}title").text == ("Första" if language == "sv" else "First")
    assert entry.find(f"{ATOM}link").get("href") == f"http://testserver{PUBLIC[language]}first/"
    assert entry.find(f"{ATOM}updated").text == feed.find(f"{ATOM}updated").text


def test_the_api_has_the_files_and_their_digests(world, client):
    release = make()
    listed = client.get("/api/v1/releases").json()["releases"]
    assert [release["name"] for release in listed] == ["first"]
    told = client.get("/api/v1/releases/first?lang=en").json()
    assert told["map"] == release.documents["en"]
    for file in told["files"]:
        content = client.get(file["address"]).content
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["size"])
    assert client.get("/api/v1/releases/first/changes").json()["since"] is None
    assert client.get("/api/v1/releases/none").json()["code"] == "not_found"


@pytest.mark.parametrize("address", ["/utgavor/", "/utgavor/first/", "/api/v1/releases/first"])
def test_the_number_of_queries_is_bounded(world, client, address):
    make()
    client.get("/utgavor/atom.xml")
    with CaptureQueriesContext(connection) as first:
        client.get(address)
    assert len([query for query in first if "SELECT" in query["sql"]]) <= 2
    with CaptureQueriesContext(connection) as kept:
        client.get(address)
    assert len(kept) == 0


def test_the_steward_makes_a_release_in_the_pages(world):
    publish()
    steward = sign_in(factories.user("steward", national_role="steward"))
    address = "/en/clinic/desk/releases/"
    fields = {"name": "2025-09-08", "title_sv": "8 september", "title_en": "8 September", "as_of": "2020-12-31"}
    wrong = steward.post(address, fields | {"title_sv": "", "note_en": "kept"})
    assert "This field is required." in text(wrong)
    assert "kept" in text(wrong)
    told = b"".join(steward.post(address, fields)).decode()
    assert "The release 2025-09-08 has been created." in told
    assert "2025-09-08" in text(steward.get(address))
    assert Release.objects.get().released_by == "steward"
    assert "There is already a release with this name" in text(steward.post(address, fields))


@pytest.mark.browser
@pytest.mark.parametrize("language", WIDTH_OF)
def test_pages_have_no_violation_and_fit_a_telephone(live_server, committed_lists, open_browser, language):
    factories.record(committed_lists)
    make()
    factories.record(committed_lists, factories.nth_number(3), centre="STO")
    make("second")
    width = WIDTH_OF[language]
    page = open_browser(viewport={"width": width, "height": 844})
    for ending in ("", "second/"):
        assert page.goto(f"{live_server.url}{PUBLIC[language]}{ending}").status == 200
        look(page, f"release-{ending.strip('/')}", language)


def test_a_vague_infusion_is_new_in_the_release_in_which_it_first_counts(lists):
    """A reinfusion of "2023" counts from the first of 2023-06-12 on, and not from 1 January (COUNTING.md)."""
    person = factories.nth_number(0)
    factories.record(lists, factories.nth_number(1), infused_on="2022-02-02")
    factories.record(lists, person, infused_on="2023-06-12")
    factories.record(lists, person, infused_on="2023-01-01", date_precision="year", kind="reinfusion")
    assert make(as_of=date(2023, 3, 1)).documents["en"]["national"]["infusions"] == 1
    (nation, *_cells) = make("second", as_of=date(2023, 6, 12)).changes["changes"]
    assert nation["measures"]["infusions"] == {"before": 1, "after": 3}
    assert (nation["new"], nation["corrected"]) == (2, 0)

"""A date that is known to the month or year is printed so wherever it is printed; a day to come counts nowhere.

Closed worlds: every address, every form of its answer, every release file, and what the commands print.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from http import HTTPStatus
from itertools import product

import openpyxl
import pypdf
import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils.formats import date_format
from django.utils.translation import override

from registry.dates import today
from registry.formats import MAP_FORMATS, pictures
from registry.models import ReleaseFile
from registry.publishing import new_release, release_files
from registry.publishing.publish import publish
from tests import atmp_rows, factories
from tests.desk import BY
from tests.routes import ROLES, Row, World, store_world
from tests.test_routes import ROWS
from tests.watching import TOKEN

pytestmark = pytest.mark.django_db

READ = [row for row in ROWS if row.method == "GET" and set(row.expected.values()) & {200, 404}]
LANGUAGES = ("sv", "en")
# The key of a form, the name it is saved under, how old the snapshot is, in seconds, and when a workbook was made.
OTHER_EACH_TIME = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|"x-csrftoken": *"[^"]*"|name="autosave" value="[^"]*"|'
    r'/drafts/[0-9a-f-]{36}/autosave|"snapshot_age_seconds": *\d+|<dcterms:\w+[^>]*>[^<]*',
    re.IGNORECASE,
)
YESTERDAY = today() - timedelta(days=1)
# As known as the latest infusion is; the running period, so that its end has not come.
LATEST = {"a year": (YESTERDAY.replace(month=1, day=1), "year"), "a month": (YESTERDAY.replace(day=1), "month")}


def days_of(day: date, precision: str) -> re.Pattern:
    """Everything that the first day of a vague period looks like; of a year its first month too."""
    spelled = {f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day:%d/%m/%Y}", f"{day.day}/{day.month}/{day.year}"}
    spelled |= {f"{day:%m/%d/%Y}", f"{day:%d.%m.%Y}"}
    for language in LANGUAGES:
        with override(language):
            spelled |= {date_format(day, form) for form in ("j F Y", "F j, Y", "j M Y", "N j, Y", "DATE_FORMAT")}
            if precision == "year":
                spelled |= {date_format(day, form) for form in ("F Y", "M Y")} | {f"{day:%Y-%m}"}
    whole = "|".join(re.escape(one) for one in sorted(spelled, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])({whole})(?![\w-]\d|\d)", re.IGNORECASE)


def print_of(day: date, precision: str) -> re.Pattern:
    """How a vague period is printed in either language."""
    spelled = {f"{day:%Y}"} if precision == "year" else {f"{day:%Y-%m}"}
    for language in LANGUAGES if precision == "month" else ():
        with override(language):
            spelled.add(date_format(day, "F Y"))
    return re.compile("|".join(sorted(spelled)), re.IGNORECASE)


def read_text(content: bytes) -> str:
    """The letters of a file, whatever it is; of a workbook also what its cells hold."""
    if content.startswith(b"%PDF"):
        return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    if content.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        texts = [archive.read(name).decode("utf-8", "ignore") for name in archive.namelist()]
        if "xl/workbook.xml" in archive.namelist():
            book = openpyxl.load_workbook(io.BytesIO(content))
            texts += [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
        return " ".join(texts)
    return content.decode("utf-8", "ignore")


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """The drawings of which pictures are made, since a picture has no letters to read."""
    drawings = []
    draw = pictures.draw_figure

    def draw_and_keep(document, **options):
        drawing = draw(document, **options)
        drawings.append(drawing[0])
        return drawing

    monkeypatch.setattr(pictures, "draw_figure", draw_and_keep)
    return drawings


def forms_of(row: Row) -> list[str]:
    """The forms that an address of the interface names itself, where it has any."""
    if not row.name.startswith("api:") or row.args is not Row.args:
        return [""]
    view = get_resolver().resolve(reverse(row.name)).func
    return list(getattr(getattr(view, "cls", None), "formats", ())) or [""]


@pytest.fixture
def publish_with(lists, monkeypatch):
    """The world with a vague date as the latest of all, published, and released under a name."""

    # What is drawn is read at the interface: the same writers, and seconds of time.
    quick = {name: form for name, form in MAP_FORMATS.items() if form.cost == 1}
    monkeypatch.setattr(release_files, "MAP_FORMATS", quick)

    def publish_world(day: date, precision: str) -> World:
        world = store_world(lists)
        for place, centre in enumerate(("UPP", "STO")):
            fields = {"infused_on": day, "date_precision": precision}
            factories.record(lists, factories.nth_number(40 + place), centre=centre, **fields)
        publish()
        new_release.release_snapshot(name="none", title_sv="Första", title_en="First", by=BY)
        return world

    return publish_world


def each_address(world: World) -> Iterator[tuple[Row, Client, str]]:
    """Every address that is read, with the first who may; what its arguments need is there until the next one."""
    clients = {role: Client(raise_request_exception=False) for role in ROLES}
    for role, user in world.users.items():
        clients[role].force_login(user)
    for row in READ:
        able = next((role for role in ROLES if row.status_of(role) == 200), "nobody")
        with factories.rolled_back():
            yield row, clients[able], reverse(row.name, kwargs=dict(row.args(world)))


def each_answer(world: World) -> Iterator[tuple[tuple[str, str], HttpResponse]]:
    """What every address answers in every form and language."""
    for row, client, address in each_address(world):
        for form, language in product(forms_of(row), LANGUAGES):
            asked = {"format": form, "lang": language} if form else {}
            yield (row.name, form), client.get(address, asked, headers={"accept-language": language})


TELLS = {"api:map", "api:counts", "api:measure-reports"}


@pytest.mark.parametrize("latest", LATEST)
def test_no_answer_prints_a_vague_date_as_a_day(publish_with, drawn, settings, latest):
    settings.RATE_LIMIT = 100_000
    day, precision = LATEST[latest]
    wrong, right = days_of(day, precision), print_of(day, precision)
    # A snapshot is built today, which is within the period.
    built = re.compile(rf"\d{{4}}-\d\d-\d\d[T ][\d:]{{5,}}|{days_of(today(), 'day').pattern}", re.IGNORECASE)
    asked, told, faults = set(), set(), []
    for place, answer in each_answer(publish_with(day, precision)):
        if answer.status_code != 200:
            continue
        asked.add(place)
        content = b"".join(answer) if answer.streaming else answer.content
        texts = [read_text(content), *drawn]
        for text in (*texts, *map(str, answer.headers.values())):
            faults += [
                (place, text[max(0, found.start() - 60) : found.end() + 60]) for found in wrong.finditer(text)
            ]
        if right.search(built.sub("", " ".join(texts))):
            told.add(place)
        drawn.clear()
    for file in ReleaseFile.objects.all():
        faults += [(file.name, found[0]) for found in wrong.finditer(read_text(bytes(file.content)))]
    assert faults == []
    names = {name for name, _form in asked}
    assert len(names) > 90
    assert {
        "map-sv",
        "release-en",
        "releases-feed-sv",
        "api:release",
        "api:status",
        "admin:registry_snapshot_change",
    } <= names
    # Each form of what has numbers tells it.
    assert {place for place in asked - told if place[0] in TELLS} == set()
    assert {name for name, _form in told} >= TELLS


# What is other with every query, which it logs or counts; none of it is a number of patients.
NEVER_THE_SAME = {"clinic:access-log", "clinic:access-log-file", "clinic:extract-of", "metrics"}
# A form of the administration whose field has that name, which Django fills in.
FILLS_IN = {"admin:registry_manufacturingstatement_add"}
TAKES_A_DAY = {
    "map-sv", "map-en", "card-sv", "card-en", "embed-sv", "embed-en", "embedding-sv", "embedding-en", "api:map",
    "api:map-file", "api:counts", "api:counts-file",
    *(f"api:atmp-{name}" for name in ("trials", "counts", "exemption", "manufacturing")),
    *(f"api:atmp-{name}-file" for name in ("trials", "counts", "exemption", "manufacturing")),
    "api:measure-reports", "api:measure-report", "explore-sv", "explore-en", "atmp-sv", "atmp-en",
}  # fmt: skip


def test_no_address_counts_up_to_a_day_that_has_not_come(lists, settings):
    """An address that shows something else as of a day that has come refuses one that has not."""
    settings.RATE_LIMIT = 100_000
    takes, undecided, world = set(), set(), store_world(lists)
    atmp_rows.store_report(lists)
    atmp_rows.store_stated(lists)
    publish()
    for row, client, address in each_address(world):
        headers = {"accept-language": "en"} | (TOKEN if row.name == "metrics" else {})

        def ask(day: str = "", client=client, address=address, headers=headers) -> tuple[int, str]:
            answer = client.get(address, {"as_of": day} if day else {}, headers=headers)
            text = read_text(b"".join(answer) if answer.streaming else answer.content)
            # A form is sent to its own address.
            return answer.status_code, OTHER_EACH_TIME.sub("", text).replace(f"?as_of={day}", "")

        without, of_day = ask(), ask("2019-12-31")
        if of_day == without or of_day[0] != HTTPStatus.OK or row.name in FILLS_IN:
            continue  # passed over, or refused as unknown
        if ask() != without:
            undecided.add(row.name)
        else:
            takes.add(row.name)
            assert ask(f"{today() + timedelta(days=1)}")[0] == HTTPStatus.BAD_REQUEST, address
    assert takes == TAKES_A_DAY
    assert undecided == NEVER_THE_SAME

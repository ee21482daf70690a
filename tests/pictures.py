"""The pictures of the documents: `make pictures`. The demonstration's invented records, and a browser.

Not collected with the tests: it writes to the folder that PICTURES names. What a picture is to show is waited for:
a page that has changed its words ends here and not in the documents.
"""

import os
from pathlib import Path

import pytest
from django.core.management import call_command

from registry.access import Operator
from registry.entry.questions.questions import ask
from registry.models import Infusion, User
from registry.publishing.publish import publish
from tests import factories, working
from tests.browsing import follow, sign_in
from tests.exchange_files import as_csv
from tests.test_clinic_browser import fill_infusion

SIZE = {"width": 1000, "height": 720}
NUMBER, OTHER = factories.number(birth_number=985), factories.number(birth_number=986)
GOOD_ROW = {
    "centre": "UPP", "patient_id": OTHER, "category": "SOC", "product": "Yescarta", "indication": "C83.3",
    "infused_on": "2024-03-12",
}  # fmt: skip
FILE = [
    GOOD_ROW,
    GOOD_ROW | {"infused_on": "2031-03-12"},
    GOOD_ROW | {"product": "Yescata", "infused_on": "2024-05"},
]


@pytest.fixture
def demonstration(transactional_db, settings, monkeypatch):
    """The demonstration's records, published; each of its users with the tests' password."""
    settings.DEMONSTRATION = True
    monkeypatch.setenv("DEMONSTRATION", "1")  # for the worker
    factories.store_single_rows()
    call_command("demo_data", verbosity=0)
    for user in User.objects.all():
        user.set_password("not a secret")
        user.save()
    ask(infusion_id=Infusion.objects.filter(centre__code="UPP").last().pk, text="Stämmer datumet?", by=Operator())
    publish()


@pytest.fixture
def window(live_server, open_browser, demonstration):
    """A window at an address, signed in as someone, and what takes its picture."""

    def show(path, user="", waits_for=""):
        page = open_browser(viewport=SIZE)
        if user:
            sign_in(page, live_server.url, user)
        page.goto(f"{live_server.url}{path}")
        if waits_for:
            page.wait_for_selector(f"text={waits_for}")
        return page

    return show


def keep(page, name: str, *, top: str = "", height: int = SIZE["height"]) -> None:
    """Keep a picture of a page from an element on; `height` pixels of it."""
    page.wait_for_load_state("networkidle")
    start = page.locator(top).first.bounding_box()["y"] - 16 if top else 0
    page.screenshot(
        path=Path(os.environ["PICTURES"], f"{name}.png"),
        full_page=True,
        clip={"x": 0, "y": start, "width": SIZE["width"], "height": height},
    )


def test_the_readers_pages(window):
    keep(window("/en/", waits_for="297"), "map-page", height=1260)
    keep(window("/en/?centre=UPP", waits_for="85"), "centre-page", top="#centre", height=450)
    page = window("/en/explore?by=region&measures=patients,per_100_000", waits_for="Patients by region")
    keep(page, "explore", height=1180)
    keep(window("/en/how-we-count/", waits_for="further dose"), "how-we-count")
    keep(window("/api/v1/docs", waits_for="counts"), "api-docs")


def test_the_clinics_pages(window):
    keep(window("/clinic/", "upp", "Ny infusion"), "klinik-start")
    page = window("/clinic/infusions/new", "upp", "Ny infusion")
    fill_infusion(page, patient_id=NUMBER, product="Yescarta", infused_on="2025-03-11")
    page.wait_for_selector("text=Räknas som")
    keep(page, "klinik-ny-infusion", height=1100)
    page.select_option("[name=indication]", label="Diffust storcelligt B-cellslymfom (C83.3)")
    page.click("button[value=submit]")
    page.wait_for_url("**/persons/*/")
    keep(page, "klinik-person")
    keep(window("/clinic/questions/", "upp", "Stämmer datumet?"), "klinik-fragor")


def test_a_files_report(window, tmp_path):
    path = tmp_path / "april.csv"
    path.write_bytes(as_csv(FILE))
    with working.worker():
        page = window("/clinic/imports/", "upp")
        page.set_input_files("[name=file]", path)
        follow(page, "main form button >> nth=0")
        page.wait_for_selector("text=framtiden", timeout=60_000)
    keep(page, "klinik-fil", height=900)


def test_the_registrys_office(window):
    keep(window("/en/clinic/desk/", "steward"), "desk")
    keep(window("/admin/", "admin"), "admin")

"""The trials' pages in a real browser: by keyboard, without JavaScript, on a telephone, and what axe says."""

from datetime import date

import pytest

from registry.access import Operator
from registry.entry.trials.joining import StatedTrial
from registry.entry.trials.site_trials import SiteStatus, state_site_trial
from registry.entry.trials.statements import Origin, state_exemption, state_manufacturing
from registry.models import SiteTrial, TrialConfirmation
from tests import factories
from tests.browsing import LANGUAGES, WIDTH_OF, follow, look, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def row(committed_lists):
    """A trial, a year and a statement of a centre with a lead."""
    centre, site = committed_lists.centres["UPP"], committed_lists.sites["GMPUPP"]
    factories.user("lead", centre, role="lead")
    origin = Origin("Sjukhuset", "Rapport", about=True)
    state_exemption(centre=centre, product="K", year=2020, patients=3, origin=origin, by=Operator())
    state_manufacturing(site=site, as_of=date(2020, 5, 5), counts={"batches": 9}, origin=origin, by=Operator())
    return state_site_trial(
        centre=centre, trial=StatedTrial([factories.ACADEMIC]), status=SiteStatus("recruiting", date(2001, 1, 1)),
        by=Operator(),
    ).site_trial  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_trials_have_no_violation_and_fit_a_telephone(live_server, open_browser, row, language):
    page = open_browser(viewport={"width": WIDTH_OF[language], "height": 900})
    sign_in(page, live_server.url, "lead")
    pages = {
        "trials": "", "new": "new", "file": "file", "exemption": "exemption", "manufacture": "manufacture",
        "trial": f"{row.pk}/", "status": f"{row.pk}/{row.statuses.get().pk}/",
    }  # fmt: skip
    for name, ending in pages.items():
        answer = page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/trials/{ending}")
        assert (answer.status, page.get_attribute("html", "lang")) == (200, language)
        look(page, f"trials-{name}", language)
    page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/trials/new")
    follow(page, "main form button")
    assert page.locator(".errors li").count() >= 2
    look(page, "trials-new-errors", language)


def test_a_trial_is_stated_and_confirmed_without_javascript(live_server, open_browser, row):
    page = open_browser(java_script_enabled=False)
    sign_in(page, live_server.url, "lead")
    page.goto(f"{live_server.url}/en/clinic/trials/new")
    page.fill("[name=identifier]", "NCT99000009, 2024-512345-10-00")
    page.select_option("[name=status]", "planned")
    page.fill("[name=since]", "2020-05")
    follow(page, "main form button")
    assert "NCT99000009, 2024-512345-10-00" in page.inner_text("main")
    follow(page, "button:has-text('The trials of UPP are stated as they are')")
    assert "UPP: the trials are confirmed." in page.inner_text("main")
    assert (SiteTrial.objects.count(), TrialConfirmation.objects.count()) == (2, 1)
    page.goto(f"{live_server.url}/en/clinic/trials/file")
    content = b"identifier,centre,status,since\nNCT99000009,UPP,recruiting,2021\n"
    page.set_input_files("[name=file]", {"name": "t.csv", "mimeType": "text/csv", "buffer": content})
    follow(page, "button:has-text('Upload and check')")
    follow(page, "button:has-text('Store')")
    assert "1 status is stored." in page.inner_text("main")

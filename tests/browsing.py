"""What the tests in a real browser share: signing in, the keyboard, and looking at a page."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client

from tests import signing_in

LANGUAGES = {"sv": "", "en": "/en"}
# Each page is looked at twice: in Swedish, whose words are longer, on a telephone, and in English at a
# desk. What axe-core looks at is alike in both, and takes a second a page: on the telephone.
WIDTH_OF = {"sv": 390, "en": 1280}
EXAMINED = "sv"
# Styles are not read twice, for the one rule that asks for it.
LOOK_FOR_BROKEN_RULES = """
axe.run(document, {reporter: "no-passes", selectors: false, preload: false}).then(
    found => found.violations.map(rule => rule.id))
"""
SHOTS = os.environ.get("SHOTS", "")  # a folder for pictures of the pages


def sign_in(page, address: str, name: str = "nurse") -> None:
    """Sign in by the form, without the browser: what it looks like is seen in test_accounts_browser.py."""
    client = Client()
    answer = signing_in.sign_in(client, name)
    assert answer.status_code == 302, signing_in.text(answer)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])


def follow(page, selector: str) -> None:
    """Click on what leads to another page, and wait until that has come: a click alone does not."""
    with page.expect_navigation():
        page.click(selector)


def tab_to(page, selector: str) -> None:
    """Press Tab until what is wanted has the focus, as someone without a mouse does."""
    for _press in range(80):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by Tab")


def look(page, name: str, language: str = "", *, examine: bool = True) -> None:
    """No violation, no sideways scroll, in its language; a picture, where SHOTS names a folder.

    examine: whether axe looks too; a test that shows a page at two widths lets it look at one.
    """
    if SHOTS:
        picture = f"{name}-{language}-{page.viewport_size['width']}.png"
        page.screenshot(path=Path(SHOTS, picture), full_page=True)
    if language:
        assert page.get_attribute("html", "lang") == language
    assert_no_sideways_scroll(page)
    # Where scripts are turned off axe's answer may never come, and what it looks at is the same.
    if examine and language in {"", EXAMINED} and runs_scripts(page):
        assert_accessible(page)


def runs_scripts(page) -> bool:
    """Whether they were not turned off when the window was opened."""
    return getattr(page, "runs_scripts", True)


def assert_accessible(page) -> None:
    """No rule of axe-core is broken; what holds is not described, which takes half of its time."""
    assert runs_scripts(page), "axe needs scripts"
    broken = page.evaluate(f"{AXE_SCRIPT};\n{LOOK_FOR_BROKEN_RULES}")
    assert not broken, f"{page.url}\n{Axe().run(page).generate_report()}"


def assert_no_sideways_scroll(page) -> None:
    """The page is as wide as its window."""
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def assert_in_sight(page, selector: str) -> None:
    """All that is chosen lies within the window's width, also where a table could be scrolled sideways."""
    width = page.viewport_size["width"]
    boxes = [found.bounding_box() for found in page.locator(selector).all()]
    assert boxes and all(box and box["x"] + box["width"] <= width for box in boxes), f"{page.url} {selector}"

"""What a figure offers in a browser: menu, values, the state before, and itself in the frame of another page."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browsing import LANGUAGES, WIDTH_OF, assert_accessible, follow, look, tab_to
from tests.test_page_view import record_rows

pytestmark = pytest.mark.browser
OPEN = {"sv": "inte fullständigt", "en": "not complete"}
BUILDERS = {"sv": "/badda-in/", "en": "/en/embed-code/"}


@pytest.fixture
def site(live_server, committed_lists):
    record_rows(committed_lists)
    return live_server.url


def lead(page) -> str:
    return page.locator(".lead").inner_text()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize(("language", "width"), WIDTH_OF.items())
def test_the_menu_opens_by_the_keyboard_and_its_links_keep_what_is_shown(
    site, open_browser, language, width, scripts
):
    page = open_browser(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
    page.goto(f"{site}{LANGUAGES[language]}/?as_of=2020-12-31&centre=UPP&measure=infusions&span=total")
    for name, part, embedded in (
        ("map", "map", f"as_of=2020-12-31&lang={language}"),
        ("time", "time", f"as_of=2020-12-31&measure=infusions&span=total&figure=time&lang={language}"),
    ):
        tab_to(page, f"#{name}-menu summary")
        page.keyboard.press("Enter")
        menu = page.locator(f"#{name}-menu")
        assert menu.locator("dl").is_visible()
        shared = menu.locator(".address").get_attribute("href")
        assert shared == f"{page.url}#{part}"
        assert menu.locator("[data-copy]").is_visible() == scripts
        for link in menu.locator("ul a").all():
            answer = page.request.get(f"{site}{link.get_attribute('href')}")
            assert answer.status == 200
            assert "2020-12-31" in answer.headers.get("content-disposition", "as_of=2020-12-31")
        way = menu.locator(f"a[href^='{BUILDERS[language]}']").get_attribute("href")
        assert way == f"{BUILDERS[language]}?{embedded}"
    look(page, "figure-menu", language)
    follow(page, f"#time-menu a[href^='{BUILDERS[language]}']")
    assert page.locator("[name=year]").input_value() == "2020"
    assert page.locator("[name=measure]").input_value() == "infusions"


def test_the_link_is_copied_and_that_is_said(site, open_browser):
    page = open_browser()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}/en/?as_of=2020-12-31")
    page.click("#map-menu summary")
    page.click("#map-menu [data-copy]")
    page.locator("[role=status]", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site}/en/?as_of=2020-12-31#map"


@pytest.mark.parametrize(("language", "width"), WIDTH_OF.items())
def test_the_values_are_shown_at_the_pointer_the_finger_and_the_focus(site, open_browser, language, width):
    page = open_browser(viewport={"width": width, "height": 900}, has_touch=True)
    page.goto(f"{site}{LANGUAGES[language]}/")
    tip = page.locator("[role=status]")
    chart = page.locator(f".chart-{'narrow' if width == 390 else 'wide'}")
    columns = chart.locator("[data-value]")
    columns.nth(0).hover()
    assert tip.inner_text() == f"2019, {OPEN[language]}: 1 (SOC 1)"
    page.locator("h1").hover()
    assert not tip.is_visible()
    columns.nth(1).tap()
    assert tip.inner_text() == f"2020, {OPEN[language]}: 1 (ACT 1)"
    page.evaluate("document.activeElement.blur()")
    tab_to(page, f".chart-{'narrow' if width == 390 else 'wide'}")
    assert tip.inner_text().startswith("2021, ")
    page.keyboard.press("ArrowLeft")
    assert tip.inner_text() == f"2020, {OPEN[language]}: 1 (ACT 1)"
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert_accessible(page)
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.keyboard.press("Home")
    assert tip.inner_text() == f"2019, {OPEN[language]}: 1 (SOC 1)"
    tab_to(page, ".chart.small")
    assert "2021" in tip.inner_text()
    size = "narrow" if width == 390 else "wide"
    page.focus(f".map-{size} a.place[aria-label^='STO']")
    assert tip.inner_text().startswith("STO: 1 infusion\nSOC: 1 patient")


def test_back_returns_to_the_state_before(site, open_browser):
    """One entry for a centre, one for however far the slider was moved at once, one for a switch."""
    page = open_browser()
    page.goto(f"{site}/en/")
    slider = page.locator("#month")
    slider.focus()
    for _month in range(3):
        page.keyboard.press("ArrowLeft")
    page.locator(".lead", has_text="2 people").wait_for()
    assert page.url.endswith("?as_of=2021-04-30")
    page.keyboard.press("Tab")
    page.click(".map-wide a.place[aria-label^='UPP'] text >> nth=0")
    page.wait_for_url("**centre=UPP**")
    page.click("#time .switches ul:nth-child(2) li:nth-child(2) a")
    page.wait_for_url("**span=total**")
    page.go_back()
    page.locator("#time h3", has_text="New patients by year").first.wait_for()
    assert "span" not in page.url
    page.go_back()
    page.locator("#centre[hidden]").wait_for(state="attached")
    assert slider.input_value() != slider.get_attribute("max")
    assert page.locator("[name=month]").input_value() == "4"
    page.go_back()
    page.locator(".lead", has_text="4 people").wait_for()
    assert page.url == f"{site}/en/"
    assert slider.input_value() == slider.get_attribute("max")
    assert page.locator("[name=year]").input_value() == ""
    page.go_forward()
    page.locator(".lead", has_text="2 people").wait_for()


@pytest.mark.parametrize(("language", "width"), WIDTH_OF.items())
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_code_is_made_by_the_keyboard_and_shown_as_it_will_look(site, open_browser, language, width, scripts):
    page = open_browser(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
    page.goto(f"{site}{BUILDERS[language]}")
    look(page, "embedding", language) if scripts else None
    tab_to(page, "[name=figure]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "[name=lang]")
    page.keyboard.type("Eng" if language == "sv" else "Sv")
    tab_to(page, "[name=width]")
    page.keyboard.type("360")
    tab_to(page, "[name=year]")
    page.keyboard.type("2020")
    tab_to(page, "[name=span]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "form.ask button")
    page.keyboard.press("Enter")
    page.wait_for_url("**as_of=2020-12-31**")
    place = "/en/embed/" if language == "sv" else "/inbaddad/"
    shown = f"{place}?as_of=2020-12-31&span=total&figure=time"
    frame = page.locator("iframe.preview")
    assert frame.get_attribute("src") == shown
    assert frame.get_attribute("width") == "360"
    code = page.locator("pre code").inner_text()
    assert f'src="{site}{shown.replace("&", "&amp;")}"' in code
    inside = page.frame_locator("iframe.preview")
    assert inside.locator("html").get_attribute("lang") == ("en" if language == "sv" else "sv")
    if scripts:
        page.wait_for_function("document.querySelector('iframe.preview').height !== '600'")
        assert_whole(page.frames[1])


def assert_whole(frame) -> None:
    """Nothing of the figure lies below its frame, and not much of the frame below the figure."""
    height, inner = frame.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    assert height <= inner <= height + 2


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("figure", ["map", "time"])
def test_in_another_sites_page_the_frame_is_as_high_as_the_figure(site, open_browser, tmp_path, figure, width):
    page = open_browser(viewport={"width": width, "height": 900})
    page.goto(f"{site}/en/embed-code/?figure={figure}")
    around = f"<!doctype html><html lang=en><title>x</title>{page.locator('pre code').inner_text()}"
    (tmp_path / "index.html").write_text(around)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    page.wait_for_function("document.querySelector('iframe').height !== '600'")
    assert_whole(page.frames[1])
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_timeout(300)
    assert_whole(page.frames[1])
    server.shutdown()

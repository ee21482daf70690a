"""The keyboard alone, each key counted: signing in, a second dose, dates, and where the focus stands."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from registry.models import Infusion
from registry.publishing.publish import publish
from tests import factories
from tests.browsing import follow, look, sign_in, tab_to
from tests.signing_in import PASSWORD, code_of

EARLIER_ACADEMIC = factories.TRIALS[2][0]
pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])


class Keys:
    """The keyboard of a page, that counts its presses."""

    def __init__(self, page):
        self.page, self.pressed = page, 0

    def press(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)
            self.pressed += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.pressed += len(text)


def focused(page) -> str:
    """The name of the field that has the focus, or the id or tag of what else has it, once a frame is drawn."""
    page.wait_for_timeout(150)
    return page.evaluate("(e => e.name || e.id || e.tagName)(document.activeElement)")


@pytest.fixture
def nurse(committed_lists):
    """A reporter of Uppsala."""
    return factories.user("nurse", committed_lists.centres["UPP"])


@SCRIPTS
@pytest.mark.parametrize("language", ["", "/en"])
def test_name_tab_password_enter_signs_in(live_server, open_browser, nurse, scripts, language):
    page = open_browser(java_script_enabled=scripts)
    page.goto(f"{live_server.url}{language}/accounts/login/?next={language}/clinic/")
    page.wait_for_selector("[name=login]:focus")
    keys = Keys(page)
    keys.type("nurse")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url(f"**{language}/clinic/")
    assert keys.pressed == len("nurse") + len(PASSWORD) + 2


@SCRIPTS
@pytest.mark.parametrize("part", ["", "#id_login", "#main"])
def test_a_wrong_password_keeps_the_name_and_is_typed_again_at_once(
    live_server, open_browser, nurse, scripts, part
):
    page = open_browser(java_script_enabled=scripts)
    page.goto(f"{live_server.url}/en/accounts/login/{part}")
    page.fill("[name=login]", "nurse")
    page.fill("[name=password]", "wrong")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert focused(page) == "password"
    assert (page.input_value("[name=login]"), page.input_value("[name=password]")) == ("nurse", "")
    beside = page.get_attribute("[name=password]", "aria-describedby").split()
    assert "not correct" in page.locator(f"#{beside[0]}").inner_text()
    look(page, "login-wrong", "en")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/clinic/")


def test_every_page_of_an_account_opens_at_its_first_empty_field(
    live_server, open_browser, committed_lists, settings
):
    settings.SECOND_FACTOR = "required"
    factories.user("lead", committed_lists.centres["UPP"], role="lead")
    page, home = open_browser(), f"{live_server.url}/en/accounts/"
    keys = Keys(page)

    def opened(ending: str, name: str) -> None:
        page.wait_for_url(re.compile(ending))
        assert focused(page) == name, ending

    page.goto(f"{home}password/reset/")
    opened("password/reset/", "email")
    page.goto(f"{home}login/")
    opened("login/", "login")
    keys.type("lead")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url(re.compile("/2fa/"))
    page.goto(f"{home}password/change/")
    opened("password/change", "oldpassword")
    page.goto(f"{home}2fa/totp/activate/")
    opened("reauthenticate/", "password")
    keys.type(PASSWORD)
    keys.press("Enter")
    opened("totp/activate/$", "code")
    secret = page.input_value("#authenticator_secret")
    keys.type("000000")
    keys.press("Enter")
    page.wait_for_selector(".errors")
    assert focused(page) == "errors"
    page.fill("[name=code]", code_of(secret))
    keys.press("Enter")
    page.wait_for_url(re.compile("/recovery-codes/"))
    page.context.clear_cookies()
    page.goto(f"{home}login/")
    page.wait_for_selector("[name=login]:focus")
    keys.type("lead")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    opened("2fa/authenticate/", "code")
    keys.type(code_of(secret, steps=1))
    keys.press("Enter")
    page.wait_for_url(re.compile("/en/clinic/"))


@SCRIPTS
@pytest.mark.parametrize("part", ["", "#id_category_0", "#main", "#nowhere"])
def test_errors_have_the_focus_whatever_part_the_address_names(live_server, open_browser, nurse, scripts, part):
    page = open_browser(java_script_enabled=scripts)
    sign_in(page, live_server.url)
    for _time in range(2):
        page.goto(f"{live_server.url}/en/clinic/infusions/new{part}")
        follow(page, ".actions button[value=submit]")
        assert focused(page) == "errors", page.url
    page.click(".errors a >> nth=0")  # from one error on to its field, and once more
    assert "#" in page.url
    follow(page, ".actions button[value=submit]")
    assert focused(page) == "errors"


@SCRIPTS
def test_errors_of_every_form_have_the_focus_whatever_part_the_address_names(
    live_server, open_browser, committed_lists, scripts
):
    infusion = factories.record(committed_lists)
    person = infusion.patient.registry_number
    factories.user("nurse", committed_lists.centres["UPP"], role="lead")
    factories.user("steward", national_role="steward")
    pages = {
        "nurse": [
            f"clinic/persons/{person}/new", f"clinic/infusions/{infusion.pk}/correct",
            f"clinic/infusions/{infusion.pk}/withdraw", "clinic/coverage/", "clinic/people/", "clinic/tokens/",
            "clinic/questions/ask", "accounts/password/change/", "accounts/password/reset/",
        ],
        "steward": [
            f"clinic/infusions/{infusion.pk}/ask", f"clinic/persons/{person}/move",
            f"clinic/persons/{person}/identifiers/", f"clinic/persons/{person}/erase",
            f"clinic/persons/{person}/merge/", "clinic/desk/releases/",
        ],
    }  # fmt: skip
    for name, addresses in pages.items():
        page = open_browser(java_script_enabled=scripts)
        sign_in(page, live_server.url, name)
        for address in addresses:
            answer = page.goto(f"{live_server.url}/en/{address}#main")
            assert answer.ok, address
            follow(page, "main form:last-of-type button >> nth=0")
            assert focused(page) == "errors", address


@SCRIPTS
@pytest.mark.parametrize("centres", [1, 2])
def test_a_new_infusion_opens_at_its_first_field(live_server, open_browser, committed_lists, scripts, centres):
    factories.user("nurse", *[committed_lists.centres[code] for code in ("UPP", "STO")[:centres]])
    page = open_browser(java_script_enabled=scripts)
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    assert focused(page) == {1: "patient_id", 2: "centre"}[centres]


@pytest.mark.parametrize("width", [390, 1280])
def test_a_date_is_said_and_written_back_on_leaving_its_field(live_server, open_browser, nurse, width):
    page = open_browser(viewport={"width": width, "height": 900})
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    page.focus("[name=infused_on]")
    keys = Keys(page)
    for typed, written, said in (
        ("201126", "2020-11-26", "Thursday 26 November 2020"),
        ("12/11/2020", "2020-11-12", "Thursday 12 November 2020"),
        ("202011", "2020-11", "November 2020, day not known"),
    ):
        keys.press("Control+a")
        keys.type(typed)
        keys.press("Tab")
        page.wait_for_selector(f"#id_infused_on_read >> text={said}")
        assert page.input_value("[name=infused_on]") == written
        keys.press("Shift+Tab")
    # Digits suffice; a telephone's decimal keys have a mark besides, for a month of 2010 to 2012.
    assert page.get_attribute("[name=infused_on]", "inputmode") == "decimal"
    assert "id_infused_on_read" in page.get_attribute("[name=infused_on]", "aria-describedby").split()
    keys.press("Control+a")
    keys.type("5/5/20")
    keys.press("Tab")
    page.wait_for_selector("#id_infused_on_read .error")
    assert page.input_value("[name=infused_on]") == "5/5/20"


@SCRIPTS
def test_the_map_takes_a_month_from_its_lists(live_server, open_browser, committed_lists, scripts):
    factories.record(committed_lists)
    publish()
    page = open_browser(java_script_enabled=scripts)
    page.goto(f"{live_server.url}/en/")
    tab_to(page, "[name=month]")
    page.keyboard.type("Feb")
    tab_to(page, "[name=year]")
    page.keyboard.type("2020")
    tab_to(page, "#when button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/?as_of=2020-02-29")
    page.wait_for_function("document.querySelector('[name=month]').value === '2'")
    assert page.locator("[name=year]").input_value() == "2020"


MOST_KEYS = 20


def to_the_form_of_a_next_infusion(page, keys: Keys) -> None:
    """From the top of a person's page: over the menu, and to the button."""
    keys.press("Tab", "Enter", "Tab", "Enter")
    page.wait_for_selector("[name=infused_on]:focus")


@pytest.mark.parametrize(("born_on", "age"), [(date(1970, 1, 1), "50"), (date(1970, 5, 9), "")])
@pytest.mark.parametrize("centres", [1, 2])
def test_a_second_dose_takes_at_most_twenty_keys_from_the_persons_page(
    live_server, open_browser, committed_lists, born_on, age, centres
):
    factories.user("nurse", *[committed_lists.centres[code] for code in ("UPP", "STO")[:centres]])
    first = factories.record(committed_lists, factories.number(born_on, 981), category="ACT")
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/persons/{first.patient.registry_number}/")
    keys = Keys(page)
    to_the_form_of_a_next_infusion(page, keys)
    keys.type("200514")  # day 10
    keys.press("Tab")
    if age:
        expect(page.locator("[name=age_at_infusion]:focus")).to_have_value(age)
    else:  # 49 on day 1, and the birthday may lie between
        page.wait_for_selector("[name=age_at_infusion][type=radio]:focus")
        keys.press("ArrowDown")
        age = "50"
    page.wait_for_selector("[name=kind][value=further_dose]:checked")
    page.wait_for_selector("text=Counts as a further dose in ACT at UPP")
    keys.press("Enter")
    page.wait_for_selector("text=The infusion is registered.")
    assert keys.pressed <= MOST_KEYS
    second = Infusion.objects.get(kind="further_dose")
    same = ("centre_id", "category", "trial_id", "product_id", "indication_id", "patient_id")
    assert [getattr(second, name) for name in same] == [getattr(first, name) for name in same]
    assert (second.written_on, second.age_at_infusion) == ("2020-05-14", int(age))
    assert page.locator("main a:focus").inner_text() == "Register the next"
    keys.press("Enter")
    page.wait_for_url("**/infusions/new")
    assert focused(page) == {1: "patient_id", 2: "centre"}[centres]


def test_what_is_typed_before_the_scripts_have_come_is_asked_about_too(
    live_server, open_browser, nurse, committed_lists
):
    """On a slow line the form can be typed in before it can ask."""
    first = factories.record(committed_lists, factories.number(date(1970, 1, 1), 981), category="ACT")
    page, late = open_browser(), []
    sign_in(page, live_server.url)
    page.route("**/*.js", lambda route: late.append(route))  # noqa: PLW0108  # playwright looks into it
    page.goto(f"{live_server.url}/en/clinic/persons/{first.patient.registry_number}/new", wait_until="commit")
    page.wait_for_selector("[name=infused_on]:focus")
    keys = Keys(page)
    keys.type("200514")
    keys.press("Tab")
    assert late
    for route in late:
        route.continue_()
    expect(page.locator("[name=age_at_infusion]:focus")).to_have_value("50")


def test_the_first_of_two_ages_is_chosen_by_one_key_too(live_server, open_browser, nurse, committed_lists):
    first = factories.record(committed_lists, factories.number(date(1970, 12, 9), 981))
    page = open_browser(viewport={"width": 390, "height": 844})
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/clinic/persons/{first.patient.registry_number}/new")
    page.wait_for_selector("[name=infused_on]:focus")
    keys = Keys(page)
    keys.type("200514")
    keys.press("Tab")
    page.wait_for_selector("[name=age_at_infusion][type=radio]:focus")
    look(page, "next-two-ages", "sv")
    keys.press("Space")
    page.wait_for_selector("[name=kind][value=further_dose]:checked")
    keys.press("Enter")
    page.wait_for_selector("text=Infusionen är registrerad.")
    assert Infusion.objects.get(kind="further_dose").age_at_infusion == 49
    look(page, "next-stored", "sv")


def offered(page, name: str) -> list[str]:
    """What a list of the page offers."""
    options = page.locator(f"select[name={name}] option:not([disabled]):not([hidden])").all()
    return [value for option in options if (value := option.get_attribute("value"))]


def test_trials_and_products_are_those_of_the_category(live_server, open_browser, nurse):
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    every = ["Kymriah", "Yescarta", "Akademisk CD19 CAR-T", "Prövningsläkemedel TCR-T"]
    academic, industry = [EARLIER_ACADEMIC, factories.ACADEMIC], [factories.INDUSTRY]
    assert offered(page, "product") == every
    for category, trials, products in (
        ("ACT", academic, every),
        ("ICT", industry, every),
        ("CUP", [*academic, *industry], every),
        ("SOC", [], every[:2]),
    ):
        page.check(f"[name=category][value={category}]")
        assert (offered(page, "trial"), offered(page, "product")) == (trials, products), category
    page.check("[name=category][value=ACT]")
    page.focus("[name=trial]")
    page.keyboard.type("NCT")  # typing finds no other than those that are offered
    assert page.input_value("[name=trial]") == factories.ACADEMIC
    page.check("[name=category][value=ICT]")
    chosen = [factories.ACADEMIC, factories.INDUSTRY]  # what was chosen stays, to be judged
    assert offered(page, "trial") == chosen
    page.select_option("[name=trial]", "")
    page.check("[name=category][value=ACT]")
    assert page.locator("[name=trial] optgroup:not([hidden])").get_attribute("label") == "For ACT, CUP"


def test_for_someone_known_elsewhere_enter_stores_nothing_and_a_notice_goes_once_answered(
    live_server, open_browser, nurse, committed_lists
):
    number = factories.nth_number(3)
    factories.record(committed_lists, number, centre="STO")
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    keys = Keys(page)
    keys.type(number)
    page.check("[name=category][value=SOC]")
    page.select_option("[name=product]", "Kymriah")
    page.focus("[name=infused_on]")
    keys.type("210505")
    keys.press("Tab")
    page.wait_for_selector("text=Say what this infusion is")
    page.wait_for_selector("#meaning >> text=the registry's steward must settle the order")
    assert page.locator("[name=kind]:checked").count() == 0
    page.focus("[name=infused_on]")
    keys.press("Enter")
    page.wait_for_selector(".errors")
    look(page, "known-elsewhere", "en")
    assert Infusion.objects.count() == 1 and page.locator("[name=kind]:checked").count() == 0
    page.check("[name=kind][value=reinfusion]")
    page.wait_for_selector("text=Say what this infusion is", state="detached")
    page.wait_for_selector(".errors", state="detached")
    assert page.locator(".error:visible, .wrong").count() == 0
    page.wait_for_selector("text=and nationally as a reinfusion")
    page.click("button[value=submit]")
    page.wait_for_selector("text=The infusion is registered.")


def test_whoever_refused_registration_is_told_of_on_leaving_the_field(live_server, open_browser, nurse):
    number = factories.nth_number(3)
    factories.refuse_registration(number)
    page = open_browser(viewport={"width": 390, "height": 844})
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/clinic/infusions/new")
    keys = Keys(page)
    keys.type(number)
    keys.press("Tab")
    page.wait_for_selector("#person .notice.warn")
    look(page, "refused", "sv")
    assert "registret" not in page.locator("#meaning").inner_text()


def test_a_wrong_field_is_taken_back_without_losing_a_press(live_server, open_browser, nurse):
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    page.fill("[name=patient_id]", factories.nth_number(3))
    page.check("[name=category][value=SOC]")
    page.select_option("[name=product]", "Kymriah")
    with page.expect_navigation():
        page.click("button[value=submit]")
    assert page.locator(".errors li").count() == 1
    page.fill("[name=infused_on]", "5/5/2020")
    button = page.locator("button[value=submit]")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.wait_for_timeout(150)
    assert button.bounding_box() == box
    page.mouse.up()
    page.wait_for_selector("text=The infusion is registered.")


@pytest.mark.parametrize("centre", ["UPP", "STO"])
def test_whoever_presses_twice_registers_once(live_server, open_browser, nurse, committed_lists, centre):
    number = factories.nth_number(3)
    factories.record(committed_lists, number, centre=centre)
    page = open_browser()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/infusions/new")
    page.fill("[name=patient_id]", number)
    page.check("[name=category][value=SOC]")
    page.select_option("[name=product]", "Kymriah")
    page.fill("[name=infused_on]", "200514")
    page.check("[name=kind][value=further_dose]")
    page.wait_for_selector("text=A patient of your centre" if centre == "UPP" else "text=Already in the registry")
    asked = []
    page.on("request", lambda request: asked.append(request) if request.method == "POST" else None)
    # Playwright would wait for the next page before it pressed once more.
    press = "document.querySelector('.actions button').click()"
    page.evaluate(f"() => {{ {press}; setTimeout(() => {press}, 30) }}")
    page.wait_for_selector("text=The infusion is registered.")
    assert len(asked) == 1
    assert page.locator(".errors").count() == 0 and Infusion.objects.count() == 2


def test_without_scripts_a_next_infusion_is_stored_all_the_same(live_server, open_browser, nurse, committed_lists):
    first = factories.record(committed_lists, factories.number(date(1970, 12, 9), 981))
    page = open_browser(java_script_enabled=False)
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/en/clinic/persons/{first.patient.registry_number}/new")
    page.fill("[name=infused_on]", "14/5/2020")
    follow(page, "button[value=submit]")
    assert page.locator(".errors li").count() == 1 and page.input_value("[name=infused_on]") == "2020-05-14"
    page.check("[name=age_at_infusion][value='49']")
    follow(page, "button[value=submit]")
    assert page.locator(".errors li").count() == 1 and Infusion.objects.count() == 1
    chosen = page.locator("[name=kind]:checked").get_attribute("value")
    follow(page, "button[value=submit]")
    stored = Infusion.objects.exclude(pk=first.pk).get()
    assert (stored.kind, stored.age_at_infusion, stored.written_on) == (chosen, 49, "2020-05-14")

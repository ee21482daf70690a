"""Sign-in in a real browser: app and passkey, invitation, both languages, a telephone, and what may run."""

import re

import pytest
from django.core import mail

from registry.models import Centre, Infusion, Invitation, User
from tests import browsing, factories
from tests.browsing import LANGUAGES, WIDTH_OF, follow, sign_in, tab_to
from tests.signing_in import PASSWORD, code_of

pytestmark = pytest.mark.browser


@pytest.fixture
def window(open_browser):
    """A window that keeps what the browser refuses to load or run."""

    def open_window(**options):
        page = open_browser(**options)
        page.refused = []
        page.on("console", lambda told: page.refused.append(told.text) if "Policy" in told.text else None)
        return page

    return open_window


@pytest.fixture
def lead(committed_lists, settings):
    """A lead of Uppsala, where a second factor is required."""
    settings.SECOND_FACTOR = "required"
    return factories.user("lead", committed_lists.centres["UPP"], role="lead")


def look(page, name: str, language: str = "en") -> None:
    """The page as it is: accessible, as wide as the window, nothing refused."""
    browsing.look(page, name, language)
    assert page.refused == []


def begin(page, address: str, language: str = "en") -> None:
    """Sign in with the password, as far as the second factor."""
    page.goto(f"{address}{LANGUAGES[language]}/accounts/login/")
    page.fill("[name=login]", "lead")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/2fa/"))


def confirm(page) -> None:
    """Write the password once more."""
    page.wait_for_url(re.compile("/reauthenticate/"))
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")


def test_an_app_is_set_up_and_asked_for_with_the_keyboard_alone(live_server, window, lead):
    page = window()
    begin(page, live_server.url)
    look(page, "second-factor")
    tab_to(page, "a[href$='/totp/activate/']")
    page.keyboard.press("Enter")
    confirm(page)
    page.wait_for_url(re.compile("/totp/activate/$"))
    assert page.locator("img.code").evaluate("picture => picture.naturalWidth") > 0
    look(page, "app")
    secret = page.input_value("#authenticator_secret")
    page.fill("[name=code]", "000000")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=code][aria-invalid=true]")
    look(page, "app-wrong")
    assert page.input_value("#authenticator_secret") == secret
    page.fill("[name=code]", code_of(secret))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/recovery-codes/"))
    look(page, "recovery-codes")
    recovery = page.input_value("#recovery_codes").split()
    assert len(recovery) == 10
    page.goto(f"{live_server.url}/en/clinic/")
    assert page.locator("h1").count() == 1
    page.click("text=Sign out")
    page.wait_for_url(re.compile("/login/"))
    begin(page, live_server.url)
    look(page, "code")
    page.fill("[name=code]", code_of(secret, steps=1))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/en/clinic/")


def test_a_passkey_is_added_and_opens_the_account(live_server, window, lead):
    page = window()
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "hasResidentKey": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    begin(page, live_server.url)
    page.click("a[href$='/webauthn/add/']")
    confirm(page)
    page.wait_for_selector("#mfa_webauthn_add")
    look(page, "key-add")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(re.compile("/recovery-codes/"))
    page.goto(f"{live_server.url}/en/accounts/2fa/webauthn/")
    look(page, "keys")
    page.goto(f"{live_server.url}/en/clinic/")
    page.click("text=Sign out")
    page.wait_for_url(re.compile("/login/"))
    begin(page, live_server.url)
    page.click("#mfa_webauthn_authenticate")
    page.wait_for_url(f"{live_server.url}/en/clinic/")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_invitation_to_the_second_factor(live_server, window, lead, settings, scripts):
    settings.SECOND_FACTOR = "optional"
    office = window(java_script_enabled=scripts)
    sign_in(office, live_server.url, "lead")
    office.goto(f"{live_server.url}/en/clinic/people/")
    office.fill("[name=email]", "ny@example.org")
    office.click("main form.stack button")
    office.wait_for_selector("text=ny@example.org is invited")
    settings.SECOND_FACTOR = "required"
    (link,) = re.findall(r"http\S+", mail.outbox[0].body)
    page = window(java_script_enabled=scripts)
    page.goto(link)
    assert "invitation/" in page.url
    page.wait_for_selector("[name=username]:focus")
    assert link.split("/")[-2] not in page.url
    page.fill("[name=username]", "anna")
    page.click("main form.stack button")
    page.wait_for_selector(".errors")
    assert page.input_value("[name=username]") == "anna"
    for name, value in (("first_name", "Anna"), ("last_name", "Berg"), ("password", "björk-gren-7")):
        page.fill(f"[name={name}]", value)
    page.fill("[name=again]", "björk-gren-7")
    page.click("main form.stack button")
    page.wait_for_url(re.compile("/login/"))
    page.fill("[name=login]", "anna")
    page.fill("[name=password]", "björk-gren-7")
    page.click("main form.stack button")
    page.wait_for_url(re.compile("/2fa/"))
    assert User.objects.get(username="anna").memberships.get().role == "reporter"
    assert (office.refused, page.refused) == ([], [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_have_no_violation_and_fit_a_telephone(live_server, window, lead, settings, language):
    settings.SECOND_FACTOR = "optional"
    home = f"{live_server.url}{LANGUAGES[language]}"
    width = WIDTH_OF[language]
    scheme = "dark" if width > 390 else "light"
    page = window(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for name in (
        "login",
        "password/reset",
        "password/reset/done",
        "inactive",
        "siths/cancelled",
        "siths/error",
    ):
        page.goto(f"{home}/accounts/{name}/")
        look(page, name.replace("/", "-"), language)
    page.goto(f"{home}/accounts/invitation/made-up/")
    look(page, "invitation-unusable", language)
    page.goto(f"{home}/accounts/login/")
    page.click("main form.stack button")
    page.wait_for_selector(".errors")
    look(page, "login-wrong", language)
    for _attempt in range(5):
        page.fill("[name=login]", f"lead{width}{language}")
        page.fill("[name=password]", "wrong")
        follow(page, "main form.stack button")
    look(page, "locked", language)
    sign_in(page, live_server.url, "lead")
    page.goto(f"{home}/clinic/people/")
    page.click("main form.stack button")
    page.wait_for_selector(".errors")
    look(page, "people-wrong", language)
    page.fill("[name=email]", f"ny{width}@example.org")
    page.click("main form.stack button")
    page.wait_for_selector(".notice.good")
    look(page, "people", language)
    link = page.get_attribute(".notice.good a", "href")
    page.goto(link)
    look(page, "invitation-signed-in", language)
    member = factories.user(f"m{width}", Centre.objects.get(code="UPP")).memberships.get()
    page.goto(f"{home}/clinic/people/{member.pk}/end")
    look(page, "people-end", language)
    for name in ("2fa", "password/change", "reauthenticate", "logout"):
        page.goto(f"{home}/accounts/{name}/")
        look(page, name.replace("/", "-"), language)
    guest = window(viewport={"width": width, "height": 900}, color_scheme=scheme)
    guest.goto(link)
    guest.click("main form.stack button")
    guest.wait_for_selector(".errors")
    look(guest, "invitation-wrong", language)
    Invitation.objects.update(revoked_at=None, expires_at=member.user.date_joined)
    assert mail.outbox


def test_the_administration_works_under_the_same_policy(live_server, window, committed_lists):
    infusion = factories.record(committed_lists)
    admin = factories.user("admin", national_role="administrator")
    User.objects.filter(pk=admin.pk).update(is_staff=True)
    page = window()
    sign_in(page, live_server.url, "admin")
    pages = ["", *(f"registry/{model}/" for model in ("centre", "product", "user", "infusion", "patient", "run"))]
    pages += [
        f"registry/user/{admin.pk}/{ending}/" for ending in ("change", "history", "password", "second-factor")
    ]
    pages += [f"registry/product/{infusion.product_id}/change/", f"registry/infusion/{infusion.pk}/correct/"]
    for ending in pages:
        answer = page.goto(f"{live_server.url}/admin/{ending}")
        assert answer.status == 200
        assert page.refused == [], ending
    page.goto(f"{live_server.url}/admin/registry/product/add/")
    page.click(".datetimeshortcuts a >> nth=0")  # Django's own scripts run
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", page.input_value("#id_authorised_on"))
    assert Infusion.objects.filter(pk=infusion.pk).exists()

"""Sign-in with SITHS, against a real OpenID Connect provider that is started here on loopback."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as project
from django.test import Client
from oidc_provider_mock import run_server_in_thread

from registry.models import Centre, Membership, User
from tests import factories
from tests.signing_in import text

ACR = "http://id.sambi.se/loa/loa3"
LOGIN = "/en/accounts/oidc/siths/login/"
HSA_ID = "SE2321000016-UPP"
NURSE = {
    "acr": ACR,
    "commissionHsaId": HSA_ID,
    "given_name": "Anna",
    "family_name": "Berg",
    "email": "lead@example.org",
    "email_verified": True,
    "personal_identity_number": factories.number(),
}


@pytest.fixture(scope="module")
def provider():
    """The provider's address."""
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def siths(provider, settings, lists):
    """The registry, set up for the provider; Uppsala has an HSA-id, and so has Stockholm."""
    app = {**project.SITHS, "client_id": "swecar", "secret": "a made-up secret"}
    app["settings"] = {**app["settings"], "server_url": provider, "scope": ["openid", "profile", "email"]}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    settings.SECOND_FACTOR = "required"
    for code in ("UPP", "STO"):
        Centre.objects.filter(code=code).update(hsa_id=f"SE2321000016-{code}")
    return provider


def sign_in(provider, sub="SE2321000016-1234", *, client=None, next_page="", **claims):
    """The whole way of a browser: to the provider, whoever is chosen there, and back."""
    client = client or Client()
    requests.put(f"{provider}/users/{sub}", json=NURSE | claims, timeout=30).raise_for_status()
    away = client.get(LOGIN, {"process": "login", "next": next_page})
    assert away.status_code == 302
    back = requests.post(away.headers["Location"], data={"sub": sub}, allow_redirects=False, timeout=30)
    address = urlsplit(back.headers["Location"])
    return client, client.get(f"{address.path}?{address.query}")


def test_the_commission_names_the_centre(siths):
    client, answer = sign_in(siths, next_page="/en/clinic/infusions/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/en/clinic/infusions/")
    user = User.objects.get()
    assert (user.get_full_name(), user.has_usable_password()) == ("Anna Berg", False)
    assert user.memberships.values_list("centre__code", "role").get() == ("UPP", "reporter")
    row = Membership.pgh_event_model.objects.get()
    assert (row.acted_by, row.reason) == (user.username, "Commission of the sign-in")
    # The assurance level is the second factor: nothing more is asked.
    assert client.get("/en/clinic/").status_code == 200


def test_the_provider_is_asked_for_the_level_and_the_code_is_bound_to_the_browser(siths):
    away = Client().get(LOGIN, {"process": "login"})
    asked = parse_qs(urlsplit(away.headers["Location"]).query)
    assert asked["acr_values"] == [ACR]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"][0]


def test_nothing_of_what_the_provider_tells_is_kept_but_the_name(siths):
    client, _answer = sign_in(siths)
    account = SocialAccount.objects.get()
    assert account.extra_data == {}
    assert not User.objects.exclude(email="").exists()
    assert factories.number() not in str(dict(client.session)) + str(vars(account)) + str(vars(User.objects.get()))


def test_who_comes_again_is_the_same_and_leads_still(siths):
    sign_in(siths)
    Membership.objects.update(role="lead")
    sign_in(siths)
    assert User.objects.count() == SocialAccount.objects.count() == 1
    assert Membership.objects.values_list("centre__code", "role").get() == ("UPP", "lead")


def test_another_commission_is_another_centre_and_ends_the_first(siths):
    sign_in(siths)
    _second, answer = sign_in(siths, commissionHsaId="SE2321000016-STO")
    assert answer.status_code == 302
    assert Membership.objects.values_list("centre__code", "role").get() == ("STO", "reporter")
    ended = Membership.pgh_event_model.objects.order_by("pgh_id").filter(pgh_label="delete").get()
    assert ended.reason == "Commission of the sign-in"
    assert User.objects.get().memberships.count() == 1


@pytest.mark.parametrize("claims", [{"acr": "http://id.sambi.se/loa/loa2"}, {"acr": None}, {"acr": [ACR]}])
def test_a_lower_assurance_is_refused_and_leaves_nothing(siths, claims):
    client, answer = sign_in(siths, **claims)
    assert (answer.status_code, "higher assurance level" in text(answer)) == (403, True)
    assert_nothing_is_left(client)


@pytest.mark.parametrize("hsa_id", ["SE-nowhere", "", None, factories.number(), "%", "<script>alert(1)</script>"])
def test_a_commission_that_belongs_to_no_centre_is_refused_and_leaves_nothing(siths, hsa_id):
    client, answer = sign_in(siths, commissionHsaId=hsa_id)
    shown = text(answer)
    assert (answer.status_code, "belongs to no centre" in shown) == (403, True)
    assert "alert" not in shown
    assert factories.number() not in shown
    assert_nothing_is_left(client)


def test_a_number_for_a_name_is_refused(siths):
    client, answer = sign_in(siths, sub=factories.number())
    assert answer.status_code == 403
    assert_nothing_is_left(client)


def test_an_account_is_never_joined_by_its_address(siths):
    lead = factories.user("lead", national_role="administrator")
    User.objects.filter(pk=lead.pk).update(email=NURSE["email"])
    sign_in(siths)
    assert User.objects.count() == 2
    assert not SocialAccount.objects.filter(user=lead).exists()


def test_no_account_is_tied_to_a_commission_from_within(siths):
    client = Client()
    client.force_login(factories.user("there"))
    requests.put(f"{siths}/users/x", json=NURSE, timeout=30).raise_for_status()
    away = client.get(LOGIN, {"process": "connect"})
    back = requests.post(away.headers["Location"], data={"sub": "x"}, allow_redirects=False, timeout=30)
    address = urlsplit(back.headers["Location"])
    assert client.get(f"{address.path}?{address.query}").status_code == 403
    assert not SocialAccount.objects.exists()


def test_an_answer_that_was_not_asked_for_signs_nobody_in(siths):
    requests.put(f"{siths}/users/x", json=NURSE, timeout=30).raise_for_status()
    away = Client().get(LOGIN, {"process": "login"})
    back = requests.post(away.headers["Location"], data={"sub": "x"}, allow_redirects=False, timeout=30)
    address = urlsplit(back.headers["Location"])
    victim = Client()
    victim.get(f"{address.path}?{address.query}")
    assert_nothing_is_left(victim)


def test_a_refusal_at_the_provider_is_a_page_of_ours(siths):
    away = Client()
    sent = away.get(LOGIN, {"process": "login"})
    back = requests.post(sent.headers["Location"], data={"action": "deny"}, allow_redirects=False, timeout=30)
    address = urlsplit(back.headers["Location"])
    answer = away.get(f"{address.path}?{address.query}", follow=True)
    assert 'class="skip"' in text(answer)
    assert_nothing_is_left(away)


def test_a_closed_account_stays_closed(siths):
    sign_in(siths)
    User.objects.update(is_active=False)
    client, _answer = sign_in(siths)
    assert "_auth_user_id" not in client.session


def test_the_way_is_shown_only_where_there_is_a_provider(siths, settings):
    assert "Sign in with SITHS" in text(Client().get("/en/accounts/login/"))
    settings.SOCIALACCOUNT_PROVIDERS = project.SOCIALACCOUNT_PROVIDERS | {"openid_connect": {"APPS": []}}
    assert "SITHS" not in text(Client().get("/en/accounts/login/"))
    assert Client().get(LOGIN).status_code == 404


def assert_nothing_is_left(client):
    assert "_auth_user_id" not in client.session
    assert not SocialAccount.objects.exists()
    assert not Membership.objects.exists()
    assert not User.objects.exclude(username="there").exists()

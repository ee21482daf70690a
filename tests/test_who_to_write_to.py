"""A page that names an administrator says where they are reached, in both languages."""

import pytest
from django.test import Client

from tests import factories
from tests.desk import text

CONTACT = "registret@regionen.example"


@pytest.fixture(autouse=True)
def contact(settings):
    settings.CONTACT = CONTACT


@pytest.mark.parametrize(("prefix", "word"), [("", "administratör"), ("/en", "administrator")])
def test_whoever_is_locked_out_knows_whom_to_write_to(lists, prefix, word):
    factories.user("nurse", lists.centres["UPP"])
    client = Client()
    for _attempt in range(12):
        answer = client.post(f"{prefix}/accounts/login/", {"login": "nurse", "password": "wrong"})
    assert answer.status_code == 429
    page = text(answer)
    assert word in page.lower()
    assert CONTACT in page


@pytest.mark.parametrize("language", ["sv", "en"])
def test_whoever_lacks_a_right_in_the_administration_does_too(lists, client, language):
    client.force_login(factories.user("nurse", lists.centres["UPP"]))
    answer = client.get("/admin/login/?next=/admin/", headers={"accept-language": language}, follow=True)
    assert answer.status_code == 403
    assert "administrat" in text(answer).lower()
    assert CONTACT in text(answer)

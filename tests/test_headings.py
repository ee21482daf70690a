"""Above the errors of a form stands that nothing was stored where something was to be, and nowhere else."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from tests import factories
from tests.desk import sign_in, text

pytestmark = pytest.mark.django_db

NOT_STORED, PUT_RIGHT = "Not stored: something has to be corrected", "Something has to be corrected"
TEMPLATES = Path(settings.BASE_DIR) / "registry" / "pages" / "templates"
# What is asked and stores nothing, with something wrong.
ASKING = {
    "the steward's search": ("clinic:desk", "POST", {"who": "???"}),
    "the other person of a merge": ("clinic:merge-with", "POST", {"who": "???"}),
    "the access log": ("clinic:access-log", "POST", {"since": "never"}),
    "an extract of it": ("clinic:extract", "POST", {"who": ""}),
    "an export": ("clinic:export", "GET", {"format": "pdf"}),
    "a forgotten password": ("account_reset_password", "POST", {"email": "nobody"}),
    "a second factor": ("account_reauthenticate", "POST", {"password": "wrong"}),
}
STORING = {
    "an infusion": ("clinic:record", {"do": "submit"}),
    "coverage": ("clinic:coverage", {"complete_through": "never"}),
    "a trial": ("clinic:trial-new", {"status": "?"}),
    "a release": ("clinic:releases", {"name": "?"}),
}


@pytest.fixture
def world(lists):
    person = factories.record(lists).patient.registry_number
    user = factories.user("anna", lists.centres["UPP"], national_role="administrator", role="lead")
    return sign_in(user), person


@pytest.mark.parametrize("what", ASKING)
def test_a_question_that_is_wrong_is_not_called_unstored(world, what):
    client, person = world
    name, method, sent = ASKING[what]
    with override("en"):
        where = reverse(name, kwargs={"number": person} if name == "clinic:merge-with" else {})
    page = text(client.get(where, sent) if method == "GET" else client.post(where, sent))
    assert NOT_STORED not in page
    assert f"<h2>{PUT_RIGHT}</h2>" in page


@pytest.mark.parametrize("what", STORING)
def test_a_form_that_is_wrong_says_that_nothing_was_stored(world, what):
    name, sent = STORING[what]
    with override("en"):
        assert f"<h2>{NOT_STORED}</h2>" in text(world[0].post(reverse(name), sent))


def test_every_page_whose_forms_ask_alone_says_so():
    """Closed world: a page without a form that stores has a heading of its own."""
    told = set()
    for template in TEMPLATES.rglob("*.html"):
        page = template.read_text()
        forms, summary = (
            re.findall(r"<form[^>]*>", page),
            re.search(r'include "clinic/form_errors.html"[^%]*', page),
        )
        if "clinic/thread.html" in page:  # answers, which are stored
            continue
        if summary and forms and all('role="search"' in form or 'method="get"' in form for form in forms):
            assert "heading=" in summary[0], template
            told.add(template.name)
    assert told >= {"desk.html", "desk_merge_with.html"}

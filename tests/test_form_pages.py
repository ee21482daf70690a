"""What every form of the pages shares: where it is sent, how its dates are read, and where the keyboard stands."""

import re
from pathlib import Path

import pytest
from django import forms
from django.contrib.admin import site
from django.test import RequestFactory
from django.urls import resolve
from django.utils.translation import override

import registry
from registry.admin.day_field import TypedDay
from registry.pages.clinic.date_field import DateText, DayField
from tests import admin_browser, factories

TEMPLATES = Path(registry.__file__).parent / "pages" / "templates"
# Pages that one reads first: lists with a form among them, and what cannot be undone.
READ_FIRST = {
    "access_log", "again", "autosaved", "desk", "desk_erase", "desk_merge", "import_state", "imports", "infusions",
    "menu", "people", "person", "referral", "releases", "settle", "thread", "tokens", "trial", "trials",
    "trials_file", "worklist",
}  # fmt: skip


def posting(path: Path) -> list[str]:
    """The forms of a template that are sent, each by its first tag."""
    return re.findall(r'<form [^>]*?method="(?:post|{{)[^>]*>', path.read_text())


def every_form() -> list[type[forms.BaseForm]]:
    """Every form of the registry's own, once all pages are known."""
    with override("en"):
        assert resolve("/en/clinic/") and resolve("/en/accounts/login/")  # which loads them
    found, left = [], [forms.BaseForm]
    while left:
        below = left.pop().__subclasses__()
        left += below
        found += [one for one in below if one.__module__.startswith("registry.")]
    return found


def test_every_form_names_its_address_so_that_no_fragment_comes_along():
    pages = [path for path in TEMPLATES.rglob("*.html") if "admin" not in path.parts]
    sent = {path.name: posting(path) for path in pages if posting(path)}
    assert len(sent) > 25
    for name, tags in sent.items():
        for tag in tags:
            assert re.search(r' action="(\{%|\{\{ request\.get_full_path \}\})', tag), (name, tag)


def test_every_page_that_is_a_form_opens_at_its_first_field():
    pages = [path for folder in ("clinic", "account", "accounts") for path in (TEMPLATES / folder).glob("*.html")]
    opened = {path.stem for path in pages if "focus_first" in path.read_text()}
    others = {path.stem for path in pages if posting(path)} - opened
    assert others == READ_FIRST | {"frame"}


def test_every_date_is_read_in_one_way():
    """Of clinic, accounts and steward; the public page's is in test_date_field.py."""
    kinds = forms.DateField | forms.DateTimeField | forms.SplitDateTimeField
    pages = [one for one in every_form() if not one.__module__.startswith("registry.admin.")]
    fields = [(one, name, field) for one in pages for name, field in one.base_fields.items()]
    dates = [(one, name, field) for one, name, field in fields if isinstance(field, kinds)]
    assert len(dates) >= 4
    for form, name, field in dates:
        assert isinstance(field, DayField), (form, name)
    texts = [(form, name) for form, name, field in fields if name.endswith("_on")]
    assert texts
    assert all(isinstance(form.base_fields[name].widget, DateText) for form, name in texts)


@pytest.mark.django_db
def test_every_date_of_the_administration_is_read_in_the_same_way():
    request = RequestFactory().get("/")
    request.user = factories.user("root", national_role="administrator")
    request.user.is_staff = True
    seen = 0
    for model, page in site._registry.items():
        if not model.__module__.startswith("registry.") or not page.has_add_permission(request):
            continue
        for name, field in page.get_form(request).base_fields.items():
            assert not isinstance(field, forms.DateTimeField | forms.SplitDateTimeField), (model, name)
            if isinstance(field, forms.DateField):
                assert isinstance(field, TypedDay), (model, name)
                seen += 1
    assert seen


def test_a_date_of_the_administration_is_written_back_as_it_was_understood(lists):
    client = admin_browser.sign_in()
    address = f"/admin/registry/product/{lists.products['Kymriah'].pk}/change/"
    form = admin_browser.form_of(client, address)
    refused = client.post(address, form | {"authorised_on": "20/11-18", "reason": ""})  # a reason is needed
    assert refused.status_code == 200
    assert 'value="2018-11-20"' in re.search(r'<input[^>]*name="authorised_on"[^>]*>', refused.content.decode())[0]

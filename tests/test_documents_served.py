"""The documents' site under /docs/: served where it has been built, and limited to its own host."""

import pytest
from django.test import Client

from swecar import static_files


@pytest.fixture(params=[True, False], ids=["read at each request", "read at the start"])
def site(tmp_path, monkeypatch, settings, request):
    settings.WHITENOISE_AUTOREFRESH = request.param
    monkeypatch.setattr(static_files, "DOCUMENTS", tmp_path)
    (tmp_path / "sv").mkdir()
    for name in ("index.html", "install.html", "sv/kliniken.html"):
        (tmp_path / name).write_text(f"<p>{name}</p>", encoding="utf-8")
    return tmp_path


def body(response) -> str:
    return b"".join(response).decode()


@pytest.mark.parametrize(
    ("path", "name"),
    {
        "/docs/": "index.html",
        "/docs/install.html": "install.html",
        "/docs/sv/kliniken.html": "sv/kliniken.html",
    }.items(),
)
def test_a_page_is_served_and_may_load_from_its_host_alone(site, path, name):
    response = Client().get(path)
    assert (response.status_code, body(response)) == (200, f"<p>{name}</p>")
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {source for sources in policy.values() for source in sources.split()} <= {
        "'none'", "'self'", "'unsafe-hashes'", "data:", "blob:",
    }  # fmt: skip


@pytest.mark.parametrize("site", [False], indirect=True, ids=["read at the start"])
def test_the_folder_leads_to_its_first_page(site):
    response = Client().get("/docs")
    assert (response.status_code, response["Location"]) == (302, "docs/")


def test_what_is_not_there_is_not_found(site, db):
    assert Client().get("/docs/gone.html").status_code == 404
    (site.parent / "beside.py").write_text("not for readers")
    assert Client().get("/docs/../beside.py").status_code == 404


def test_without_a_site_there_is_none(monkeypatch, tmp_path, db):
    monkeypatch.setattr(static_files, "DOCUMENTS", tmp_path / "none")
    assert Client().get("/docs/").status_code == 404

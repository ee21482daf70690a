"""No cached response and no 304 outlives a change in how it is rendered: of code, texts, libraries or settings."""

import re

import pytest
from django.conf import settings as project
from django.test import Client

from registry.publishing.publish import publish
from swecar.http import rendering_version, snapshot_response
from tests import factories

ROOT = project.BASE_DIR
RENDERING = (  # one of each kind of file that a public response is made of
    "api/public/numbers.py",
    "api/public/examples.json",
    "registry/published/queries.py",
    "registry/formats/pdf.py",
    "registry/pages/templates/pages/map.html",
    "registry/pages/locale/sv/LC_MESSAGES/django.po",
    "registry/pages/static/pages/public.css",
    "swecar/http/snapshot_response.py",
    "requirements.txt",
)


def copy_to(folder) -> None:
    for name in RENDERING:
        copied = folder / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes((ROOT / name).read_bytes())


@pytest.mark.parametrize("name", RENDERING)
def test_a_change_of_any_source_is_another_version(tmp_path, name):
    copy_to(tmp_path)
    before = rendering_version.digest_sources(tmp_path)
    assert before == rendering_version.digest_sources(tmp_path)
    (tmp_path / name).write_bytes((ROOT / name).read_bytes() + b" ")
    assert rendering_version.digest_sources(tmp_path) != before


def test_a_file_more_or_under_another_name_is_another_version(tmp_path):
    copy_to(tmp_path)
    before = rendering_version.digest_sources(tmp_path)
    (tmp_path / "api" / "added.py").write_text("")
    added = rendering_version.digest_sources(tmp_path)
    (tmp_path / "api" / "added.py").rename(tmp_path / "api" / "renamed.py")
    assert len({before, added, rendering_version.digest_sources(tmp_path)}) == 3


def test_what_a_machine_compiles_is_not(tmp_path):
    copy_to(tmp_path)
    before = rendering_version.digest_sources(tmp_path)
    for name in ("api/__pycache__/x.cpython-311.pyc", "registry/pages/locale/sv/LC_MESSAGES/django.mo"):
        compiled = tmp_path / name
        compiled.parent.mkdir(parents=True, exist_ok=True)
        compiled.write_bytes(b"made here")
    assert rendering_version.digest_sources(tmp_path) == before


@pytest.fixture
def published(lists):
    factories.store_rows(lists, [factories.plain_row(person=one, centre="UPP") for one in range(3)])
    return publish()


ADDRESSES = ("/", "/en/privacy/", "/en/releases/", "/api/v1/map.csv", "/api/v1/measures", "/api/v1/catalogue")


@pytest.mark.parametrize("address", ADDRESSES)
def test_another_version_is_no_304(published, monkeypatch, address):
    known = Client().get(address)["ETag"]
    headers = {"If-None-Match": known}
    assert Client().get(address, headers=headers).status_code == 304
    monkeypatch.setattr(snapshot_response, "rendering_version", lambda: "another")
    assert Client().get(address, headers=headers).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", ["CONTROLLER", "CONTACT", "DEMONSTRATION", "SITE_URL"])
def test_another_setting_is_no_304(published, settings, address, name):
    headers = {"If-None-Match": Client().get(address)["ETag"]}
    setattr(settings, name, True if name == "DEMONSTRATION" else "another@registry.example")
    assert Client().get(address, headers=headers).status_code == 200


@pytest.mark.parametrize("limit", [1, 10_000])
def test_another_rate_is_no_304_of_the_limits(published, settings, limit):
    headers = {"If-None-Match": Client().get("/api/v1/config")["ETag"]}
    assert Client().get("/api/v1/config", headers=headers).status_code == 304
    settings.RATE_LIMIT = limit
    assert Client().get("/api/v1/config", headers=headers).status_code == 200


# What renders no public response; every other folder and module is looked through, one that is new too.
APART = (
    "api/management", "api/monitoring", "api/records", "registry/admin", "registry/backups",
    "registry/demonstration", "registry/entry", "registry/management", "registry/migrations", "registry/models",
    "registry/pages/accounts", "registry/pages/clinic", "registry/publishing",
)  # fmt: skip
# Settings that stand in a public response, and so in its ETag.
SHOWN = {
    "CONTROLLER", "CONTACT", "DEMONSTRATION", "DISCLOSURE", "PUBLICATION_DAYS", "SITE_URL",
}  # fmt: skip
# Settings by which a public response is made and that stand in none.
NOT_SHOWN = {
    "api/public/description.py": {"SPECTACULAR_SETTINGS"},  # the same until the code is another
    # The rate is a part of its key, see above; the other is the same until the code is another.
    "api/public/service.py": {"RATE_LIMIT", "SPECTACULAR_SETTINGS"},
    "registry/identity_keeper.py": {"IDENTITY_KEEPER", "KEEPER_SECRET"},
    "registry/identity_keys.py": {"IDENTITY_KEEPER", "IDENTITY_KEYS"},
    "registry/published/current_snapshot.py": {"READS_REPLICA"},
    "registry/published/replica.py": {"READS_REPLICA", "REPLICA_LAG_SECONDS"},  # told in `status`, never cached
    "registry/sealing.py": {"SECRET_KEY", "SECRET_KEY_FALLBACKS"},
    "registry/signed_context.py": {"SECRET_KEY", "SECRET_KEY_FALLBACKS"},
    "registry/tasks.py": {"LANGUAGE_CODE"},
    "swecar/http/client_address.py": {"PROXIES"},
    "swecar/http/dropped_file.py": {"FILE_UPLOAD_MAX_MEMORY_SIZE"},
    "swecar/http/monitoring_token.py": {"MONITORING_TOKEN"},
    "swecar/http/rate_limit.py": {"RATE_LIMIT", "SECRET_KEY"},
    "swecar/http/rendering_version.py": {"BASE_DIR"},
}


def test_no_other_setting_stands_in_a_public_response():
    """One that does goes into the ETag, and into the test above; how an error page is worded is never cached."""
    used: dict[str, set[str]] = {}
    for folder in ("api", "registry", "swecar/http"):
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            found = set(re.findall(r"settings\.([A-Z_]+)", path.read_text()))
            if found and not name.startswith(APART):
                used[name] = found - SHOWN
    assert "api/public/catalogue.py" in used and "registry/pages/public/layout.py" in used
    assert {name: found for name, found in used.items() if found} == NOT_SHOWN

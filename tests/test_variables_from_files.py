"""A setting may be given as a file, NAME_FILE: the same value, and a named error when it cannot be read."""

import runpy
import subprocess
import sys

import pytest

from swecar.env import EnvironmentProblem
from swecar.local.folder import ROOT
from swecar.setting_table import SETTINGS
from tests.launching import LIMIT, environment, serve

KEY = "bWFkZS11cC1rZXktZm9yLXRlc3RzLW9mLWZpbGVzLW9ubHk="
GIVEN = {
    "DATABASE_URL": "postgresql://swecar:hem%2Fligt@db:5433/swecar?sslmode=require",
    "REDIS_URL": "redis://:hemligt@valkey:6379/3",
    "SECRET_KEY": "a made-up key, of more than fifty characters, for tests of files only",
    "SECRET_KEY_FALLBACKS": "an-earlier-made-up-key-of-more-than-fifty-characters,and-one-more",
    "IDENTITY_KEYS": f"new:{KEY},old:{KEY[::-1].lstrip(chr(61))}=",
    "ALLOWED_HOSTS": "registret.se,www.registret.se",
    "ADMINS": "drift@registret.se",
    "OIDC_ISSUER": "https://idp.registret.se",
    "OIDC_CLIENT_ID": "swecar",
    "OIDC_CLIENT_SECRET": "hemligare",
    "DISCLOSURE": "threshold:7",
    "RATE_LIMIT": "77",
    "SECOND_FACTOR": "optional",
    "DEMONSTRATION": "1",
}


@pytest.fixture
def settings_of(monkeypatch, tmp_path):
    """What the settings come to with these variables alone."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)

    def read(variables: dict[str, str]) -> dict:
        with monkeypatch.context() as here:
            for name, value in variables.items():
                here.setenv(name, value)
            told = runpy.run_path(str(ROOT / "swecar" / "settings.py"))
        return {name: value for name, value in told.items() if name.isupper() and not name.startswith("PGHISTORY")}

    return read


@pytest.fixture
def as_file(tmp_path):
    """Write a value to a file; the variable that names it."""

    def write(name: str, content: str | bytes) -> dict[str, str]:
        path = tmp_path / name.lower()
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return {f"{name}_FILE": str(path)}

    return write


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_settings_from_files_are_the_same_as_from_variables(settings_of, as_file, ending):
    files = {}
    for name, value in GIVEN.items():
        files |= as_file(name, value + ending)
    assert settings_of(files) == settings_of(GIVEN)


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_a_value_given_both_ways_is_refused(settings_of, as_file, name):
    with pytest.raises(EnvironmentProblem) as told:
        settings_of(GIVEN | as_file(name, GIVEN[name]))
    assert f"{name} and {name}_FILE" in str(told.value)
    assert GIVEN[name] not in str(told.value)


@pytest.mark.parametrize("content", ["", "\n", "hemligt\nhemligare\n", b"hemligt\xff", b"hem\0ligt"])
def test_a_file_without_one_line_of_text_is_refused_without_showing_it(settings_of, as_file, content):
    given = {name: value for name, value in GIVEN.items() if name != "SECRET_KEY"}
    with pytest.raises(EnvironmentProblem, match=r"^SECRET_KEY_FILE ") as told:
        settings_of(given | as_file("SECRET_KEY", content))
    assert "hemlig" not in str(told.value)


def test_a_file_that_cannot_be_read_is_refused_without_its_path_which_may_be_the_secret(settings_of, tmp_path):
    """A directory is what Docker makes of a file that is missing on the host."""
    given = {name: value for name, value in GIVEN.items() if name != "OIDC_CLIENT_SECRET"}
    for place in (str(tmp_path), str(tmp_path / "hemligt"), "hemligt" * 700):
        with pytest.raises(EnvironmentProblem, match=r"^OIDC_CLIENT_SECRET_FILE ") as told:
            settings_of(given | {"OIDC_CLIENT_SECRET_FILE": place})
        assert place not in str(told.value)
        assert told.value.__context__ is None  # it would quote the path


def test_an_empty_variable_beside_a_file_is_none(settings_of, as_file):
    """Compose sets a variable that has no value to the empty text."""
    without = {name: value for name, value in GIVEN.items() if name != "REDIS_URL"}
    both = without | as_file("REDIS_URL", GIVEN["REDIS_URL"]) | {"REDIS_URL": "", "SECRET_KEY_FILE": ""}
    assert settings_of(both) == settings_of(GIVEN)


def test_a_command_says_which_one_in_a_sentence(tmp_path):
    variables = environment(tmp_path, **GIVEN, SECRET_KEY_FILE=str(tmp_path / "absent"))
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=variables, capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "SECRET_KEY and SECRET_KEY_FILE" in ended.stderr


def test_the_embedded_servers_do_not_set_what_a_file_gives(tmp_path, as_file):
    names = ("SECRET_KEY", "IDENTITY_KEYS", "DATABASE_URL", "REDIS_URL")
    files = {}
    for name in names:
        files |= as_file(name, GIVEN[name])
    print_them = f"import os; print([os.environ.get(name) for name in {names}])"
    ended = serve(tmp_path / "var", sys.executable, "-c", print_them, **files)
    assert (ended.stdout, ended.stderr) == (f"{[None] * 4}\n", "")

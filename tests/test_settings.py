"""Settings: a wrong one stops every process with a sentence and never shows a secret; a right one is used."""

import os
import re
import runpy
import subprocess
import sys
import tempfile

import pytest
from django.core.mail import get_connection
from django.test import Client

from swecar.env import read_settings
from swecar.local.folder import ROOT
from swecar.production import check_settings
from swecar.setting_rules import check_together
from swecar.setting_table import SETTINGS
from swecar.variables import EnvironmentProblem

SECRET = "hemligt"
LONG = "a-made-up-key-of-more-than-fifty-characters-for-tests-only"
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
NEEDED = {
    "DATABASE_URL": f"postgresql://swecar:{SECRET}@127.0.0.1:9/swecar",
    "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:9/0",
    "SECRET_KEY": LONG,
    "IDENTITY_KEYS": f"k:{KEY}",
}
FINISHED = {
    "ALLOWED_HOSTS": "registret.region.se",
    "ADMINS": "drift@region.se,jour@region.se",
    "CONTACT": "registret@region.se",
    "CONTROLLER": "Region Mellan",
}
WRONG = {
    "APP_ROLE": ["web", "Clinic", "clinic,public"],
    "DATABASE_URL": [
        f"mysql://u:{SECRET}@h/n", f"u:{SECRET}@h/n", f"postgresql://u:{SECRET}@h", f"postgresql://u:{SECRET}@h/",
        f"postgresql://u:{SECRET}@h:0/n", f"postgresql://u:{SECRET}@h:65536/n", f"postgresql://u:{SECRET}@h:x/n",
        f"postgresql://u:{SECRET}@[h/n", f"postgresql://u:{SECRET}@h1:1,h2:2,h3:x/n",
        f"postgresql://u:{SECRET}@x@h/n", f"postgresql://u:%zz{SECRET}@h/n", f"postgresql://u:a?{SECRET}@h/n",
        f"postgresql://u:{SECRET}@h/n?sslmod=require", f"postgresql://u:{SECRET}@h/n?sslmode=requires",
        f"postgresql://u:{SECRET}@h/n?sslmode=", f"postgresql://u:{SECRET}@h/n?target_session_attr=any",
        f"postgresql://u:{SECRET}@h/n?target_session_attrs=master", f"postgresql://u:{SECRET}@h/n?connect_timeout=5s",
        f"postgresql://u:{SECRET}@h/n?statement_timeout=5", f"postgresql://u:{SECRET}@h/n?{SECRET}=5",
    ],
    "REDIS_URL": [
        f"http://:{SECRET}@h:6379/0", f":{SECRET}@h:6379/0", "h:6379", f"redis:/:{SECRET}@h/0", f"redis://:{SECRET}@/0",
        f"redis://:{SECRET}@h:x/0", f"redis://:{SECRET}@h:70000/0", f"redis://:{SECRET}@h:6379/x",
        f"redis://:{SECRET}@h:6379/0/1", f"redis://:{SECRET}@h1,h2/0", f"redis://:a#{SECRET}@h/0",
        f"redis://:a/{SECRET}@h/0", f"redis://:{SECRET}@h/0?socket_timout=3", f"redis://:{SECRET}@h/0?ssl_ca_certs=x",
        f"rediss://:{SECRET}@h/0?ssl_cert_reqs=maybe", f"redis+sentinel://:{SECRET}@h1,h2", f"sentinel://:{SECRET}@h/",
        f"redis+sentinel://:{SECRET}@h1:x/master/0", f"redis+sentinel://:{SECRET}@h1/master/x",
        f"rediss+sentinel://:{SECRET}@h1/master/0?ssl_ca_cert=x", f"unix://{SECRET}",
    ],
    "MONITORING_TOKEN": [SECRET, "aaaa" * 20],
    "SECRET_KEY": [SECRET, SECRET * 5, "aaaa" * 20, "django-insecure-" + LONG],
    "IDENTITY_KEYS": [SECRET, f"{SECRET}:{KEY},{SECRET}:{KEY}", f":{KEY}", f"k:{KEY[:20]}", f"k:{KEY},k:{KEY}"],
    "IDENTITY_KEEPER_URL": ["keeper:7300", "http://keeper:7300", "unix://keeper", "tcp://keeper", f"tcp://{SECRET}:x"],
    "KEEPER_SECRET": [SECRET, "aaaa" * 20],
    "KEEPER_PER_HOUR": ["0", "19", "many"],
    "ALLOWED_HOSTS": [",", "https://registret.se", "registret.se:443", "registret.se/", "a.se;b.se", "a.se b.se"],
    "SITE_URL": ["registret.se", "ftp://registret.se", f"https://u:{SECRET}@registret.se", "https://"],
    "CONTACT": ["registret", "registret@", "a@b.se,c@d.se", "a@b.se\nBcc: c@d.se"],
    "ADMINS": ["drift", "drift@region.se;jour@region.se", "drift@region.se,jour"],
    "EMAIL_HOST": ["smtp://mail.region.se", "mail.region.se:587", f"u:{SECRET}@mail", "-mail"],
    "EMAIL_PORT": ["0", "65536", "smtp", "-1", "٢٥"],
    "EMAIL_SECURITY": ["ssl", "TLS", "1"],
    "EMAIL_FROM": ["swecar", "swecar <a@b>", "a@b.se\nBcc: c@d.se"],
    "OIDC_ISSUER": ["http://idp.se", "idp.se", "https://", "https://idp.se:x", f"https://u:{SECRET}@idp.se"],
    "PROXIES": ["-1", "two", "1.5", "11"],
    "CLIENT_SECONDS": ["0", "61", "soon", "1.5"],
    "DATABASE_SILENCE": ["199", "60001", "soon", "0.8"],
    "HSTS_SUBDOMAINS": ["yes", "on"],
    "HSTS_PRELOAD": ["yes"],
    "DEBUG": ["yes"],
    "HEARTBEAT_URL": [f"http://h/{SECRET}", "h/ping", f"https://u:{SECRET}@h/ping", "https://"],
    "TRACES_URL": [f"http://u:{SECRET}@h/v1", "collector:4318", "ftp://h/v1", "http://"],
    "SENTRY_DSN": [f"https://{SECRET}@h", f"https://h/{SECRET}", f"https://u:{SECRET}@h/7", f"{SECRET}@h/7"],
    "LOG_FORMAT": ["text", "JSON"],
    "DEMONSTRATION": ["true!"],
    "INSECURE_HTTP": ["2"],
    "DISCLOSURE": ["threshold:1", "threshold:5 ,", "threshold:", "none"],
    "PUBLICATION_DAYS": ["1 March", "3-1", "02-29", "13-01", "03-01;09-01", "2026-03-01", "W10-1"],
    "SECOND_FACTOR": ["off"],
    "RATE_LIMIT": ["0", "many", "1e3", "9" * 12],
    "LOOKUPS_PER_HOUR": ["0"],
    "LOOKUPS_PER_HOUR_IMPORT": ["x"],
    "REFERRAL_DAYS": ["-5"],
    "TOKEN_DAYS": ["0", "forever"],
    "SESSION_IDLE_MINUTES": ["2"],
    "SESSION_HOURS": ["0"],
    "DORMANT_DAYS": ["30"],
    "DRAFT_DAYS": ["0"],
    "DATABASE_POOL": ["0", "1001"],
    "WORKER_QUEUES": ["celery", "publishing;imports", "imports,import"],
    "PUBLIC_DATABASE_URL": [
        "replica:5432/n", f"http://u:{SECRET}@h/n", f"postgresql://u:{SECRET}@h", "postgresql://u@h/n?sslmod=require",
        f"postgresql://u:{SECRET}@h1,h2/n", f"postgresql://u:{SECRET}@h/n?target_session_attrs=read-write",
        f"postgresql://u:{SECRET}@h/n?target_session_attrs=primary",
    ],
    "REPLICA_LAG_SECONDS": ["0", "-1", "1.5", "a minute"],
    "ACCESS_LOG_YEARS": ["4", "0", "five", "5.5", "-5"],
    "CONTROLLER": ["Region\nMellan"],
}  # fmt: skip
ANY_TEXT = {
    "SECRET_KEY_FALLBACKS", "EMAIL_USER", "EMAIL_PASSWORD", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ACR",
    "OIDC_SCOPE",
}  # fmt: skip
RIGHT = {
    "DATABASE_URL": [
        "postgres://u@h/n", f"postgresql://u:{SECRET}@h1:5432,h2:5433/n?target_session_attrs=read-write",
        "postgresql://u@[2001:db8::1]:5433/n", "postgresql:///n?host=/var/run/postgresql",
        "postgresql://u@h/n?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=5&load_balance_hosts=random",
        "postgresql://u@h/n?options=-c%20statement_timeout%3D60s",
    ],
    "PUBLIC_DATABASE_URL": ["", "postgresql://reader@h:5433/n?target_session_attrs=standby&sslmode=require"],
    "REDIS_URL": [
        "redis://h", "redis://h/", "redis://[::1]:6379/3", f"redis://user:{SECRET}@h:6379/15",
        f"rediss://:{SECRET}@h:6380/0?ssl_ca_certs=/ca.pem", "rediss://h/0?ssl_cert_reqs=none",
        f"redis+sentinel://:{SECRET}@h1:26379,h2:26379/master/0", "redis+sentinel://h1,h2/master",
        f"sentinel://:{SECRET}@h1:26379;sentinel://:{SECRET}@h2:26379/1?master_name=master",
        f"rediss+sentinel://h1/master/0?sentinel_password={SECRET}&ssl_ca_certs=/ca.pem",
    ],
    "ALLOWED_HOSTS": ["a.se, b.se", ".region.se", "[::1],127.0.0.1", "*"],
    "SITE_URL": ["", "https://registret.se", "https://region.se/registret/", "http://127.0.0.1:8000"],
    "ADMINS": ["", "drift@region.se, jour@region.se"],
    "EMAIL_FROM": ["swecar@localhost", "CAR-T-registret <registret@region.se>"],
    "OIDC_ISSUER": ["https://idp.region.se", "https://idp.region.se:8443/oidc/"],
    "TRACES_URL": ["http://collector:4318/v1/traces", "https://traces.region.se/v1/traces"],
    "SENTRY_DSN": ["https://0123456789abcdef@errors.region.se/17", "http://0123456789abcdef@errors:9000/of/17"],
    "PROXIES": ["0", "1", "10"],
    "CLIENT_SECONDS": ["1", "60"],
    "DATABASE_SILENCE": ["200", "60000"],
    "DEBUG": ["", "0", "false", "True"],
    "RATE_LIMIT": [" 77 "],
    "PUBLICATION_DAYS": ["", "03-01", "03-01, 09-01"],
}  # fmt: skip
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.fixture
def read(monkeypatch):
    """Read the table with these variables alone."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
        monkeypatch.delenv(f"{setting.name}_FILE", raising=False)

    def read(**variables: str) -> dict:
        with monkeypatch.context() as here:
            for name, value in (NEEDED | variables).items():
                here.setenv(name, value)
            values = read_settings(SETTINGS)
            check_together(values)
        return values

    return read


def test_every_setting_has_wrong_values_here_or_takes_any_text():
    assert WRONG.keys() | ANY_TEXT == {setting.name for setting in SETTINGS}
    assert not WRONG.keys() & ANY_TEXT


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_wrong_value_is_refused_in_a_sentence_without_a_secret(read, name, value):
    with pytest.raises(EnvironmentProblem) as told:
        read(**{name: value})
    sentence = str(told.value)
    assert re.match(rf"{name} is .+\. [A-Z]", sentence), sentence
    assert SECRET not in sentence
    assert LONG not in sentence
    assert "\n" not in sentence
    assert told.value.__context__ is None or told.value.__suppress_context__


GO_ALONG = {
    "OIDC_ISSUER": {"OIDC_CLIENT_ID": "i", "OIDC_CLIENT_SECRET": "s"},
    "PROXIES": {"INSECURE_HTTP": "1"},
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_a_right_value_is_taken(read, name, value):
    read(**{name: value} | GO_ALONG.get(name, {}))


@pytest.mark.parametrize(
    ("name", "value", "becomes"),
    [
        ("DEBUG", "", False), ("DEBUG", "0", False), ("DEBUG", "1", True),
        ("RATE_LIMIT", "77", 77), ("PROXIES", "10", 10), ("DATABASE_POOL", "3", 3),
    ],
)  # fmt: skip
def test_a_right_value_is_read_as_what_it_is(read, name, value, becomes):
    assert read(**{name: value})[name] == becomes


def test_each_part_of_a_database_url_is_read(read):
    url = "postgresql://swe%40car:hem%2Fligt@db1:5433,db2/sw%20ecar?sslmode=require"
    assert read(DATABASE_URL=url)["DATABASE_URL"] == {
        "ENGINE": "django.db.backends.postgresql", "NAME": "sw ecar", "USER": "swe@car", "PASSWORD": "hem/ligt",
        "HOST": "db1,db2", "PORT": "5433,", "OPTIONS": {"sslmode": "require"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://:hem%40ligt@h1:26380,h2/master/3",
        "sentinel://:hem%40ligt@h1:26380,h2/3?master_name=master",
        "sentinel://:hem%40ligt@h1:26380;sentinel://:hem%40ligt@h2:26379/3?master_name=master",
        "sentinel://:hem%40ligt@h1:26380;sentinel://h2/master/3",
    ],
)
def test_sentinels_are_read_in_each_of_their_forms(read, url):
    server = read(REDIS_URL=url)["REDIS_URL"]
    assert (server.sentinels, server.master, server.number) == ((("h1", 26380), ("h2", 26379)), "master", 3)
    assert server.login == (("password", "hem@ligt"),)
    assert server.broker_url == "sentinel://:hem%40ligt@h1:26380/3;sentinel://:hem%40ligt@h2:26379/3"


def test_a_misspelt_option_of_the_driver_is_named_as_it_is_spelt(read):
    for misspelt, meant in (("sslmod", "sslmode"), ("aplication_name", "application_name")):
        with pytest.raises(EnvironmentProblem, match=f"Was {meant} meant"):
            read(DATABASE_URL=f"postgresql://u@h/n?{misspelt}=x")


@pytest.mark.parametrize(
    ("together", "missing"),
    [
        ({"EMAIL_USER": "u"}, "EMAIL_PASSWORD"),
        ({"EMAIL_PASSWORD": SECRET}, "EMAIL_USER"),
        ({"OIDC_ISSUER": "https://idp.se"}, "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"),
        ({"OIDC_CLIENT_SECRET": SECRET}, "OIDC_ISSUER and OIDC_CLIENT_ID"),
        ({"HSTS_PRELOAD": "1"}, "HSTS_SUBDOMAINS"),
        ({"PROXIES": "0"}, "no proxy is believed"),
    ],
)
def test_settings_that_need_each_other_are_asked_for(read, together, missing):
    with pytest.raises(EnvironmentProblem, match=missing) as told:
        read(**together)
    assert SECRET not in str(told.value)


KEEPER = {"IDENTITY_KEYS": "", "IDENTITY_KEEPER_URL": "unix:///run/keeper/socket", "KEEPER_SECRET": LONG}


def test_the_keys_are_here_or_with_the_keeper_and_nowhere_where_nobody_is_looked_up(read):
    for address in ("unix:///run/keeper/socket", "tcp://keeper:7300", "tcp://[::1]:7300"):
        assert read(**KEEPER | {"IDENTITY_KEEPER_URL": address})["IDENTITY_KEYS"] is None
    for role in ("public", "beat", "migrate"):
        read(APP_ROLE=role, IDENTITY_KEYS="")
    with pytest.raises(EnvironmentProblem, match="IDENTITY_KEYS is set beside IDENTITY_KEEPER_URL"):
        read(**KEEPER | {"IDENTITY_KEYS": f"k:{KEY}"})
    with pytest.raises(EnvironmentProblem, match="KEEPER_SECRET is not set"):
        read(**KEEPER | {"KEEPER_SECRET": ""})


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_setting_is_told_with_what_to_write(read, name):
    with pytest.raises(EnvironmentProblem, match=rf"^{name} is not set\. Write "):
        read(**{name: ""})


def test_all_that_is_wrong_is_told_at_once(read):
    with pytest.raises(EnvironmentProblem) as told:
        read(RATE_LIMIT="x", REDIS_URL="", EMAIL_PORT="0")
    assert [line.split()[0] for line in str(told.value).splitlines()] == ["REDIS_URL", "RATE_LIMIT", "EMAIL_PORT"]


# What a whole process does


def run(*words: str, **variables: str) -> tuple[int, str]:
    """Run a command with these variables alone; its exit code and all that it says."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SWECAR_VAR") if name in os.environ}
    ended = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=kept | variables, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout + ended.stderr


CHECK = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
SERVERS = {
    "web": ("-m", "swecar.web", "--bind", "127.0.0.1:0"),
    "worker": ("-m", "celery", "-A", "swecar", "worker", "-c", "1"),
    "beat": ("-m", "celery", "-A", "swecar", "beat", "-s", f"{tempfile.gettempdir()}/swecar-settings"),
}


@pytest.mark.parametrize("words", [CHECK, *SERVERS.values()], ids=["check", *SERVERS])
def test_a_wrong_setting_ends_every_process_with_its_sentences_alone(words):
    code, said = run(*words, **NEEDED | FINISHED | {"REDIS_URL": f"http://:{SECRET}@h", "PROXIES": "two"})
    assert code == 1
    assert [line.split()[0] for line in said.splitlines()] == ["REDIS_URL", "PROXIES"]
    assert SECRET not in said


@pytest.mark.parametrize("words", SERVERS.values(), ids=SERVERS)
def test_what_is_left_at_its_example_ends_what_serves_in_production(words):
    code, said = run(*words, **NEEDED)
    assert code == 1
    for name in FINISHED:
        assert f"{name} is not set" in said
    assert "Traceback" not in said


def test_the_check_finds_nothing_in_a_finished_production():
    assert run(*CHECK, **NEEDED | FINISHED)[0] == 0


FORBIDDEN = {
    "ALLOWED_HOSTS": {"ALLOWED_HOSTS": "*"},
    "SECOND_FACTOR": {"SECOND_FACTOR": "optional"},
    "EMAIL_PASSWORD": {"EMAIL_USER": "u", "EMAIL_PASSWORD": SECRET},
}


def test_what_production_may_not_have_ends_the_check():
    together = {name: value for variables in FORBIDDEN.values() for name, value in variables.items()}
    code, said = run(*CHECK, **NEEDED | together)
    assert (code, SECRET in said, "Traceback" in said) == (1, False, False)
    for name in FORBIDDEN.keys() | FINISHED.keys():
        assert re.search(rf"[:)] {name} ", said), name


# What the settings of a process become, read here with its variables


@pytest.fixture
def as_process_has(settings, monkeypatch):
    """Have the settings that a process with these variables alone has, as far as they come from variables."""

    def have(**variables: str) -> None:
        for setting in SETTINGS:
            monkeypatch.delenv(setting.name, raising=False)
            monkeypatch.delenv(f"{setting.name}_FILE", raising=False)
        for name, value in (NEEDED | FINISHED | variables).items():
            monkeypatch.setenv(name, value)
        for name, value in runpy.run_path(str(ROOT / "swecar" / "settings.py")).items():
            if re.match(
                "EMAIL_|SECURE_|(ALLOWED_HOSTS|ADMINS|CONTACT|CONTROLLER|SECOND_FACTOR|INSECURE_HTTP)$", name
            ):
                setattr(settings, name, value)

    return have


@pytest.mark.parametrize(("name", "variables"), [*FORBIDDEN.items(), *((name, {name: ""}) for name in FINISHED)])
def test_each_that_production_may_not_have_is_found_alone(as_process_has, name, variables):
    as_process_has()
    assert check_settings(None) == []
    as_process_has(**variables)
    [found] = check_settings(None)
    assert found.msg.startswith(f"{name} ")
    assert SECRET not in found.msg


@pytest.mark.parametrize(
    ("variables", "mail", "hsts"),
    [
        ({}, ("localhost", 25, "", "", False, False), "max-age=31536000"),
        ({"EMAIL_SECURITY": "starttls", "HSTS_SUBDOMAINS": "1"}, ("localhost", 587, "", "", True, False),
         "max-age=31536000; includeSubDomains"),
        ({"EMAIL_SECURITY": "tls", "EMAIL_HOST": "mail.se", "EMAIL_USER": "u", "EMAIL_PASSWORD": "p q",
          "HSTS_SUBDOMAINS": "1", "HSTS_PRELOAD": "1"}, ("mail.se", 465, "u", "p q", False, True),
         "max-age=31536000; includeSubDomains; preload"),
        ({"EMAIL_PORT": "2525"}, ("localhost", 2525, "", "", False, False), "max-age=31536000"),
    ],
)  # fmt: skip
def test_mail_and_hsts_are_as_they_are_set(as_process_has, variables, mail, hsts):
    as_process_has(**variables)
    by_smtp = get_connection("django.core.mail.backends.smtp.EmailBackend")
    found = by_smtp.host, by_smtp.port, by_smtp.username, by_smtp.password, by_smtp.use_tls, by_smtp.use_ssl
    assert found == mail
    response = Client().get("/health/live", secure=True, headers={"host": FINISHED["ALLOWED_HOSTS"]})
    assert (response.status_code, response["Strict-Transport-Security"]) == (200, hsts)


# The documentation


def test_the_documentation_lists_the_table():
    """Each setting with its text and its default, in the order of the table, and no other."""
    text = (ROOT / "docs" / "run.md").read_text()
    section = text.partition("## Settings")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    expected = []
    for setting in SETTINGS:
        default = "required" if setting.default is None else setting.default and f"`{setting.default}`"
        expected.append(f"| `{setting.name}` | {default} | {setting.about} |")
    assert rows == expected

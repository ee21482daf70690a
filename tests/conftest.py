"""What all tests share: a cache of their own for each worker, clean before every test."""

import gc
import os
import re
import shutil
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandlerMixin
from django.core.cache import caches
from django.core.management import ManagementUtility
from django.core.management.commands import flush
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import sync_playwright
from redis.exceptions import ConnectionError as CacheDown

from registry.entry.importing import job
from registry.purpose import claim_purpose, remembered_purpose
from swecar.celery import app as celery_app
from swecar.http import tolerant_cache
from swecar.server_urls import redis_server
from tests import factories
from tests.database_roles import take_roles
from tests.exchange_files import bring, write  # noqa: F401 (fixtures)
from tests.migrated_template import migrated_template

SCREENSHOTS = Path(os.environ.get("SWECAR_VAR", "var"), "screenshots")


def _own_cache() -> str:
    """The address of this worker's own numbered database (0 is left to a development server)."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw14").removeprefix("gw")
    server, _, _number = os.environ["REDIS_URL"].rpartition("/")
    return f"{server}/{1 + int(worker) % 15}"


# pytest-django has loaded the settings by now, so the address is put into all places that hold it.
os.environ["REDIS_URL"] = settings.REDIS_URL = settings.CELERY_BROKER_URL = _own_cache()
settings.REDIS = redis_server(settings.REDIS_URL)
settings.CACHES["default"]["LOCATION"] = celery_app.conf.broker_url = settings.REDIS_URL
settings.WHITENOISE_AUTOREFRESH = True  # each test client would read all static files at its first request
settings.RATE_LIMIT = 10**9  # of all tests together
# A machine that others use too may be silent for a while; tests of outages are less patient.
settings.DATABASE_SILENCE = 10_000
os.environ["DATABASE_SILENCE"] = "10000"
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed

take_roles()

# Playwright runs its own loop in the thread of the tests, which then ask the database as always.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# An example here is a registry in a real database: a few of them take a second.
_common = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
    "database": None,
    "derandomize": True,
}
_modest = _common | {"phases": [Phase.explicit, Phase.generate]}  # shrinking takes minutes
hypothesis_settings.register_profile("modest", max_examples=25, **_modest)
hypothesis_settings.register_profile("thorough", max_examples=400, **_common | {"derandomize": False})
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "modest"))


# A test whose transactions really commit leaves its rows. Django would cut every table down, and make
# content types and permissions anew, which is half a second; nearly all of the tables are empty.
KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission", "registry_contextkey")
EMPTY = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> ALL(%s)
    LOOP
        EXECUTE format('DELETE FROM %%I', name);
    END LOOP;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'facts' LOOP
        EXECUTE format('DROP TABLE facts.%%I', name);
    END LOOP;
END $$
"""


def _empty_tables(self, **options) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EMPTY, [list(KEPT_TABLES)])
        factories.store_single_rows()  # the next test may be one that expects a database as migrated


flush.Command.handle = _empty_tables


# A browser asks once for a style, a script or a type, as in production, and not with each page.
_serve = StaticFilesHandlerMixin.serve


def _serve_to_keep(self, request):
    response = _serve(self, request)
    response["Cache-Control"] = "public, max-age=3600"
    return response


StaticFilesHandlerMixin.serve = _serve_to_keep


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker):
    """The worker's database is a copy of one that is migrated already."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The worker's database; at the end no connection that is kept open makes its removal wait."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()
    connection.close_pool()


@pytest.fixture(autouse=True)
def clean_caches():
    """No test reads what another has kept, or finds the cache left alone."""
    tolerant_cache.Client.away_until = 0.0
    caches["default"].clear()
    caches["responses"].clear()


@pytest.fixture
def purpose_known(db):
    """A process asks once what the database is for; a test that counts queries begins after that."""
    claim_purpose()
    remembered_purpose()


@pytest.fixture
def cache_down(monkeypatch):
    """Call it, and the cache that all processes share is away; it tells how often it was asked since."""
    asked = []

    def refuse(*arguments, **options):
        asked.append(arguments)
        raise CacheDown

    def take_down() -> list:
        monkeypatch.setattr(tolerant_cache.Client, "get_client", refuse)
        return asked

    return take_down


@pytest.fixture
def as_demonstration(settings):
    """The process says that it is a demonstration (DEMONSTRATION=1)."""
    settings.DEMONSTRATION = True


@pytest.fixture
def lists(db):
    """The code lists of the tests (factories.py), and the rows that the migrations make."""
    return factories.store_lists()


@pytest.fixture(scope="module")
def kept_lists(request, django_db_setup, django_db_blocker):
    """The code lists for all tests of a module; what a test does is undone, and none of them may commit."""
    assert request.node.get_closest_marker("django_db"), "without the mark nothing is undone after a test"
    with django_db_blocker.unblock(), factories.rolled_back():
        yield factories.store_lists()


@pytest.fixture
def nurse(lists):
    """A reporter of Uppsala."""
    return factories.user("nurse", lists.centres["UPP"])


@pytest.fixture
def steward(lists):
    return factories.user("steward", national_role="steward")


@pytest.fixture
def neighbours(lists) -> list:
    """Beside whoever a test is about: two more persons, three infusions, two centres."""
    one, other = factories.nth_number(60), factories.nth_number(61)
    return [
        factories.record(lists, one, infused_on="2018-09-04", batch="N-1"),
        factories.record(lists, one, infused_on="2019-09-04", kind="reinfusion", batch="N-2"),
        factories.record(lists, other, infused_on="2018-10-04", centre="STO", batch="N-3"),
    ]


@pytest.fixture
def unsent(monkeypatch) -> list:
    """What would be given to the broker."""
    messages: list = []
    monkeypatch.setattr(job, "send", lambda *message: messages.append(message))
    return messages


@pytest.fixture
def committed_lists(transactional_db):
    """The same for tests whose transactions really commit."""
    assert not connection.in_atomic_block, "a module's kept_lists would hide what is committed"
    return factories.store_lists()


@pytest.fixture
def manage(monkeypatch, capsys):
    """Run a command as the shell does: its exit code, what it prints, and what it says of errors."""
    # A command closes its connections when it ends; here that would end the test's transaction.
    monkeypatch.setattr(connections, "close_all", lambda: None)

    def run(*arguments) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            # Not `execute`, which would set up logging afresh, without pytest's handlers.
            command = ManagementUtility().fetch_command(arguments[0])
            command.run_from_argv(["manage.py", *map(str, arguments)])
        except SystemExit as ended:
            code = ended.code
        else:
            code = 0
        factories.drop_import_tables()
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium; where it is missing the pages go unlooked at, but not in CI."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first is fastest
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        missing = f"Chromium is not installed, so the pages are not looked at: apt-get install {names[0]}."
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    switches = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    switches += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    switches += ["--renderer-process-limit=1", "--disable-features=SpareRendererForSitePerProcess"]  # time
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=switches)
        yield browser
        browser.close()


# What takes longest, so that all workers end together: a long test that begins last is waited for.
LONGEST = (
    "_browser",
    "test_backup",
    "test_beat_lease",
    "test_broker_hangs",
    "test_caveats_in_files",
    "test_chain_kept",
    "test_chaos",
    "test_database_roles",
    "test_demo",
    "test_description_kept",
    "test_disclosure",
    "test_error_status",
    "test_export_sent",
    "test_formats",
    "test_free_text",
    "test_hand_on",
    "test_host_by_socket",
    "test_identity_key_mark",
    "test_import_jobs",
    "test_jobs",
    "test_keeper",
    "test_kept_doubles",
    "test_locks",
    "test_nginx",
    "test_nothing_moves",
    "test_outage",
    "test_pseudonyms",
    "test_queues",
    "test_redis_servers",
    "test_releases",
    "test_replica",
    "test_role_processes",
    "test_settings",
    "test_slow_clients",
    "test_squashed_migration",
    "test_stateful",
    "test_uncorrectable",
    "test_upgrade",
    "test_web_server",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Each worker begins with a piece of the list, and takes from another's end later.

    A piece has its share of the long files first and of the others after them, each file's tests together.
    """
    files: dict[Path, list] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    pieces = [[] for _worker in range(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))]
    long = [path for path in files if any(name in path.stem for name in LONGEST)]
    for place, path in enumerate(long):
        pieces[place % len(pieces)] += files.pop(path)
    for tests in files.values():
        min(pieces, key=len).extend(tests)
    items[:] = chain.from_iterable(pieces)


def pytest_collection_finish(session):
    """Look for garbage seldom, and not in what is there before the first test: a seventh of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let a fixture know whether its test has failed."""
    report = yield
    if report.when == "call":
        item.has_failed = report.failed
    return report


@pytest.fixture
def open_browser(chromium, request):
    """Windows of the browser, each with cookies of its own; a page whose script fails is told.

    Of a test that fails, a picture of each window is kept in the folder `screenshots`.
    """
    contexts, errors = [], []

    def open_window(**options):
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.runs_scripts = options.get("java_script_enabled", True)
        page.on("pageerror", lambda error: errors.append(str(error)))  # to raise here would end the browser
        return page

    yield open_window
    for place, context in enumerate(contexts):
        if getattr(request.node, "has_failed", False):
            name = re.sub(r"[^\w.-]+", "-", request.node.name)
            for page in context.pages:
                page.screenshot(path=SCREENSHOTS / f"{name}-{place}.png", full_page=True)
        context.close()
    assert errors == []

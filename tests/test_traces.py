"""An identity number that came in is nowhere afterwards: not in the database, the broker or any output.

Every place is searched for every spelling, and the search is shown to find what is put there.
"""

import base64
import csv
import logging
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO

import pytest
import redis
from celery import current_app
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import path as route
from django.utils import timezone
from django.views.debug import ExceptionReporter, get_default_exception_reporter_filter

from registry.access import Operator, acting_as
from registry.choices import Task
from registry.entry import publish_request
from registry.entry.importing.job import receive_file, run_import
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.entry.questions.referrals import find_person
from registry.errors import RegistryError
from registry.identity import IdentifierUnusable, read_identifier
from registry.models import Centre, Infusion, Patient, Referral, Refusal, Run, User
from registry.publishing.runs import run_publication, run_verification
from tests import desk, factories

# Those that come in by a file, by a refused file, one by one, as nonsense, in a request, and to the steward.
STORED = [factories.number(date(1981, 4, 3), birth) for birth in (980, 981, 982)]
COORDINATION = factories.number(date(1982, 5, 4), 983, coordination=True)
REFUSED = [factories.number(date(1983, 6, 5), birth) for birth in (984, 985)]
SINGLE = [factories.number(date(1984, 7, 6), birth) for birth in (986, 987)]
ASKED = factories.number(date(1985, 8, 7), 988)
WRONG = f"19860908-989{(factories.check_digit('860908989') + 1) % 10}"
IN_REQUEST = factories.number(date(1987, 10, 9), 990)
SENT = [factories.number(date(1988, 11, 10), birth) for birth in (991, 992, 993)]
OTHERS = ["991988000013", "19880101K085", "local:journal-4711"]
NUMBERS = [*STORED, COORDINATION, *REFUSED, *SINGLE, ASKED, WRONG, IN_REQUEST, *SENT]


def spellings(number: str) -> set[str]:
    """As people and files write a number."""
    found = {number}
    if len(number) == len("YYYYMMDD-NNNN") and number[8] == "-":
        for whole in (number, number[2:]):
            found |= {whole.replace("-", sign) for sign in ("-", "", "+", " ", "%2D", "\\u002d")}
    return found


def in_base64(text: bytes) -> Iterator[str]:
    """What of a text's base64 is the same wherever in a longer text it stands."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + text + bytes(-(before + len(text)) % 3)).decode()
        mixed = (0, 2, 3)  # letters that hold something of the neighbours too
        yield encoded[mixed[before] : len(encoded) - mixed[-(before + len(text)) % 3]]


def traces_of(number: str) -> set[str]:
    """Everything, in small letters, by which a number could be told."""
    found = set()
    for text in spellings(number):
        found |= {text, text.encode().hex(), text.encode("utf-16-le").hex(), *in_base64(text.encode())}
    return {text.lower() for text in found}


TRACES = {trace: number for number in [*NUMBERS, *OTHERS] for trace in traces_of(number)}


def found_in(texts: Iterable[str]) -> set[str]:
    """The numbers that a trace in one of the texts gives away."""
    joined = "\n".join(texts).lower()
    return {number for trace, number in TRACES.items() if trace in joined}


# The places.


def read_database() -> Iterator[str]:
    """Every column of every row of every table, as text; bytes as they read and as hexadecimals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT format('%I.%I', table_schema, table_name), array_agg(quote_ident(column_name)), "
            "array_agg(data_type::text) FROM information_schema.columns JOIN information_schema.tables "
            "USING (table_schema, table_name) WHERE table_type IN ('BASE TABLE', 'LOCAL TEMPORARY') "
            "AND table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY table_schema, table_name"
        )
        tables = cursor.fetchall()
        assert len(tables) > 30
        for table, columns, types in tables:
            for column, kind in zip(columns, types, strict=True):
                shown = f"encode({column}, 'escape')" if kind == "bytea" else "NULL"
                cursor.execute(f"SELECT {column}::text, {shown} FROM {table} WHERE {column} IS NOT NULL")
                for texts in cursor.fetchall():
                    yield from filter(None, texts)
        # What the server keeps beside the tables: statistics of values, and the last statements.
        cursor.execute("SELECT pg_stats::text FROM pg_stats WHERE schemaname NOT LIKE ALL ('{pg_catalog,info%}')")
        yield from (text for (text,) in cursor.fetchall())
        cursor.execute("SELECT query FROM pg_stat_activity WHERE datname = current_database()")
        yield from (text for (text,) in cursor.fetchall())


def read_valkey() -> Iterator[str]:
    """Every key and value of the database that this worker's cache and broker use."""
    server = redis.from_url(django_settings.REDIS_URL)
    readers = {
        b"string": server.get,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"set": server.smembers,
        b"hash": server.hgetall,
        b"zset": lambda key: server.zrange(key, 0, -1, withscores=True),
        b"stream": server.xrange,
    }
    for key in server.scan_iter():
        value = readers[server.type(key)](key)
        yield from (part.decode("latin-1") if isinstance(part, bytes) else repr(part) for part in (key, value))


def read_settled_valkey() -> list[str]:
    """The same, once the message that another thread sends has been sent."""
    publish_request._sender.submit(lambda: None).result(timeout=30)
    return list(read_valkey())


class Everything(logging.Handler):
    """Keeps all that is logged, as it is printed: texts, arguments and tracebacks."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
        self.lines: list[str] = []

    def emit(self, record):
        self.lines.append(self.format(record))


@pytest.fixture
def logged():
    """All loggers at their most talkative, the statements that go to the database among them."""
    handler = Everything()
    # `django` does not hand its records on to the root.
    loggers = [logging.getLogger(name) for name in ("", "django", "django.db.backends", "celery", "psycopg")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    for logger in loggers[:2]:
        logger.addHandler(handler)
    connection.force_debug_cursor = True
    yield handler.lines
    connection.force_debug_cursor = False
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


# What comes in.

ROW = {
    "centre": "UPP", "patient_id": "", "category": "SOC", "kind": "", "product": "Kymriah",
    "indication": "C91.0", "infused_on": "2020-05-05", "age_at_infusion": "", "batch": "B1",
}  # fmt: skip


def write(path, rows) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ROW)
        writer.writeheader()
        writer.writerows(ROW | row for row in rows)


def import_files(manage, tmp_path) -> list[str]:
    """One that is stored and one whose every row is wrong in another place; what was printed."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    write(
        good,
        [{"patient_id": number} for number in (*STORED, COORDINATION)]
        + [{"patient_id": other, "age_at_infusion": "50"} for other in OTHERS],
    )
    write(
        bad,
        [
            {"patient_id": REFUSED[0], "batch": REFUSED[0]},
            {"patient_id": REFUSED[0], "product": REFUSED[1]},
            {"patient_id": REFUSED[1], "infused_on": REFUSED[1], "centre": REFUSED[0]},
            {"patient_id": REFUSED[1], "kind": REFUSED[1].replace("-", " ")},
            {"patient_id": WRONG},
            {"patient_id": STORED[0], "kind": "first", "infused_on": "2021-05-05"},
            {"patient_id": STORED[0], "batch": "B2"},
        ],
    )
    outcomes = [manage("import_infusions", path) for path in (good, bad)]
    assert [code for code, *_ in outcomes] == [0, 1]
    assert outcomes[1][1].count("line ") >= len(REFUSED)
    return [text for _code, *texts in outcomes for text in texts]


def provoke(lists) -> list[BaseException]:
    """Write, change and take away one by one, and be refused in every way; the refusals."""
    by = Operator()
    one = factories.record(lists, SINGLE[0])
    other = factories.record(lists, SINGLE[1], infused_on="2021-05-05")
    asked = factories.record(lists, ASKED).patient
    correct_infusion(infusion_id=one.pk, changes={"batch": "B2"}, by=by, reason="typo")
    attempts = [
        lambda: factories.record(lists, SINGLE[0]),
        lambda: factories.record(lists, SINGLE[0], infused_on="2019-05-05"),
        lambda: factories.record(lists, SINGLE[0], infused_on="2999-01-01", batch=SINGLE[0]),
        lambda: read_identifier(WRONG, centre="UPP"),
        lambda: factories.record(lists, WRONG),
        lambda: withdraw_infusion(infusion_id=one.pk, by=by, reason=f"is {SINGLE[0]}'s"),
        lambda: correct_infusion(infusion_id=one.pk, changes={"batch": SINGLE[1]}, by=by, reason="typo"),
        lambda: merge_patients(keep=one.patient, absorb=one.patient, by=by, reason=SINGLE[1]),
        lambda: erase_patient(patient=asked, by=by, reason=ASKED.replace("-", " ")),
    ]
    refusals = []
    for attempt in attempts:
        with pytest.raises(RegistryError) as refused:
            attempt()
        refusals.append(refused.value)
    withdraw_infusion(infusion_id=one.pk, by=by, reason="a mistake")
    merge_patients(keep=one.patient, absorb=other.patient, by=by, reason="one person")
    erase_patient(patient=asked, by=by, reason="asked for it")
    with pytest.raises(RegistryError) as refused:
        factories.record(lists, ASKED)
    return [*refusals, refused.value]


def refer(lists) -> list[str]:
    """Send to the steward from the form, by program and from a file, be refused with numbers in every text, and
    have it released, declined and taken back; the pages of both sides before and after.
    """
    theirs = [factories.record(lists, number, centre="STO", infused_on="2021-05-05") for number in SENT]
    nurse = desk.sign_in(factories.user("nurse", lists.centres["UPP"]))
    steward = desk.sign_in(factories.user("steward", national_role="steward"))
    stated = [ROW | {"patient_id": number, "kind": "first"} for number in SENT]
    new = desk.address("record")
    nurse.post(new, stated[0] | {"do": "refer", "message": f"It is {SENT[0]}."})
    nurse.post(new, stated[0] | {"do": "refer", "message": "Which was the first?"})
    for message in (SENT[1].replace("-", " "), "Which?"):
        nurse.post("/api/v1/referrals", stated[1] | {"message": message}, "application/json")
    file = BytesIO("\n".join([",".join(ROW), ",".join(stated[2].values())]).encode())
    job = receive_file(file=file, by=User.objects.get(username="nurse"))
    run_import(job.pk, language="en")
    nurse.post(desk.address("import-refer", job_id=job.pk))
    sent = {referral.patient_number: referral for referral in _open_referrals()}
    assert set(sent) == {infusion.patient.registry_number for infusion in theirs}
    released, declined, taken = (sent[infusion.patient.registry_number] for infusion in theirs)
    pages = _pages_of_referrals(job, nurse, steward)
    settle = desk.address("referral-settle", referral_id=released.pk)
    said = {"row-sent": "first", f"row-{theirs[0].pk}": "reinfusion", "text": ""}
    shown = steward.post(settle, said | {"do": "check"})
    steward.post(settle, said | {"do": "settle", "shown": shown.context["shown"], "text": SENT[0]})
    steward.post(settle, said | {"do": "settle", "shown": shown.context["shown"]})
    for words in (SENT[1], "It was registered."):
        steward.post(desk.address("referral-decline", referral_id=declined.pk), {"decline-text": words})
    nurse.post(desk.address("referral-take-back", referral_id=taken.pk))
    states = [Referral.objects.get(pk=one.pk).state for one in (released, declined, taken)]
    assert states == ["released", "declined", "taken_back"]
    return [*pages, desk.text(shown), *_pages_of_referrals(job, nurse, steward)]


def _open_referrals() -> list[Referral]:
    """Those that wait, each with the registry number of whom it is of."""
    referrals = list(Referral.objects.filter(state="open"))
    for referral in referrals:
        found = find_person(referral, by=Operator())
        referral.patient_number = found and found.registry_number
    return referrals


def _pages_of_referrals(job, *clients) -> list[str]:
    addresses = [desk.address(name) for name in ("start", "desk", "referrals", "questions")]
    addresses += [desk.address("referral", referral_id=one.pk) for one in Referral.objects.all()]
    addresses += [desk.address(name, job_id=job.pk) for name in ("import", "import-report")]
    return [desk.text(client.get(page)) for client in clients for page in addresses]


class Sent:
    """What a view may hold when it fails."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self):
        return f"<Sent {self.text}>"


def fail(request):
    """A view that fails with numbers in its variables, in the form and in what it called."""
    number = request.POST["patient_id"]
    sent = {"patient_id": number, "parts": [Sent(number)]}
    try:
        read_identifier(WRONG, centre="UPP")
    except IdentifierUnusable:
        assert sent
    return read_identifier(number + "x", centre="UPP")


urlpatterns = [route("fail", fail)]


@pytest.fixture
def lists(committed_lists):
    return committed_lists


@pytest.fixture
def fail_page(settings, logged):
    """The debugger's page of a request that failed."""
    settings.ROOT_URLCONF = __name__
    settings.DEBUG = True
    client = Client(raise_request_exception=False)

    def send(accept: str = "text/html") -> str:
        response = client.post("/fail", {"patient_id": IN_REQUEST, "again": WRONG}, headers={"accept": accept})
        assert response.status_code == 500
        return response.content.decode()

    return send


def mailed_report() -> list[str]:
    """What an administrator's mail says of the same failure."""
    request = RequestFactory().post("/fail", {"patient_id": IN_REQUEST})
    try:
        fail(request)
    except IdentifierUnusable:
        report = ExceptionReporter(request, *sys.exc_info(), is_email=True)
        return [report.get_traceback_html(), report.get_traceback_text()]
    raise AssertionError("the view did not fail")


# Nothing is found.


def test_no_identity_number_that_came_in_is_anywhere(lists, manage, tmp_path, logged, fail_page, capsys, settings):
    printed = import_files(manage, tmp_path)
    refusals = provoke(lists)
    settings.ROOT_URLCONF, settings.DEBUG = "swecar.urls", False
    read = refer(lists)
    settings.ROOT_URLCONF, settings.DEBUG = __name__, True
    pages = [fail_page(), fail_page("text/plain"), *mailed_report()]
    run_publication()
    run_verification()
    assert Infusion.objects.count() == len(STORED) + 1 + len(OTHERS) + len(SINGLE) + len(SENT) + 1
    assert Patient.objects.count() == len(STORED) + 1 + len(OTHERS) + 1 + len(SENT)
    assert Refusal.objects.count() == 1
    places = {
        "database": list(read_database()),
        "Valkey": read_settled_valkey(),
        "log": logged,
        "output": [*printed, *capsys.readouterr()],
        "refusals": [f"{refusal} {refusal!r} {refusal.args} {vars(refusal)}" for refusal in refusals],
        "pages": pages,
        "what is sent to the steward": read,
    }
    assert [name for name, texts in places.items() if not any(texts)] == []
    assert {name: found_in(texts) for name, texts in places.items() if found_in(texts)} == {}
    assert all("IdentifierUnusable" in page for page in pages)
    assert any("registry_patientidentifier" in line for line in logged), "no statement was logged"


# The search finds what is there.

PLANTED = STORED[0]


@pytest.mark.parametrize("number", [STORED[1], COORDINATION])
def test_the_search_knows_every_spelling_wherever_in_a_text_it_stands(number):
    for spelling in spellings(number):
        assert found_in([f"see{spelling}."]) == {number}
        assert found_in([f"see{spelling}.".encode().hex().upper()]) == {number}
        for before in ("", "a", "ab", "abc"):
            for after in ("", "z", "zy", "zyx"):
                message = base64.b64encode(f"{before}{spelling}{after}".encode()).decode()
                assert found_in([message]) == {number}, (spelling, before, after)
    assert found_in(["19810403", "81-04-03", "9804", "nothing"]) == set()


def put_in_history(number: str) -> None:
    with acting_as(Operator(), reason=f"was {number}'s"):
        Centre.objects.update(county="X")


def put_in_table(name: str, kind: str, value: str):
    def put(number: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE planted_{name} (value {kind})")
            cursor.execute(f"INSERT INTO planted_{name} VALUES ({value})", [number])

    return put


IN_DATABASE = {
    "a history": put_in_history,
    "a text": lambda number: Centre.objects.update(name=f"Hospital of {number}"),
    "bytes": lambda number: Refusal.objects.create(key_id="k", token=b"\x00" + number.encode()),
    "a message of the ledger": lambda number: Run.objects.create(
        task=Task.VERIFY, queued_at=timezone.now(), message=number.replace("-", "")
    ),
    "a document": put_in_table("document", "jsonb", "jsonb_build_object('a', jsonb_build_array(%s::text))"),
    "an array of bytes": put_in_table("array", "bytea[]", "ARRAY[convert_to(%s, 'UTF8')]"),
    "a number": put_in_table("number", "bigint", "replace(%s, '-', '')::bigint"),
}


@pytest.fixture
def no_planted_table(transactional_db):
    yield
    with connection.cursor() as cursor:
        for name in ("document", "array", "number"):
            cursor.execute(f"DROP TABLE IF EXISTS planted_{name}")


def test_the_search_finds_a_number_in_the_database(lists, no_planted_table):
    """Another number in each place, so that one reading tells where it was found."""
    assert found_in(read_database()) == set()
    planted = dict(zip(IN_DATABASE, NUMBERS, strict=False))
    for place, number in planted.items():
        IN_DATABASE[place](number)
    found = found_in(read_database())
    assert [place for place, number in planted.items() if number not in found] == []
    assert found == set(planted.values())


def server() -> redis.Redis:
    return redis.from_url(django_settings.REDIS_URL)


IN_VALKEY = {
    "a value of the cache": lambda: cache.set("planted", {"of": [PLANTED]}),
    "a key of the cache": lambda: cache.set(f"of-{PLANTED}", 1),
    "an argument of a task": lambda: current_app.send_task(Task.VERIFY, args=[PLANTED], ignore_result=True),
    "a list": lambda: server().rpush("planted", "a", PLANTED),
    "a set": lambda: server().sadd("planted", PLANTED),
    "a hash": lambda: server().hset("planted", "of", PLANTED),
    "a sorted set": lambda: server().zadd("planted", {PLANTED: 1}),
    "a stream": lambda: server().xadd("planted", {"of": PLANTED}),
}


@pytest.mark.parametrize("place", IN_VALKEY)
def test_the_search_finds_a_number_in_valkey(place):
    assert found_in(read_settled_valkey()) == set()
    IN_VALKEY[place]()
    assert found_in(read_settled_valkey()) == {PLANTED}


@pytest.mark.parametrize("name", ["registry.entry", "django.request", "celery", "django.db.backends"])
def test_the_search_finds_a_number_in_the_log(db, logged, name):
    logging.getLogger(name).debug("came from %s", PLANTED)
    assert found_in(logged) == {PLANTED}


def test_the_search_finds_a_number_in_a_line_and_in_a_statement_that_are_logged(db, logged):
    try:
        raise ValueError(PLANTED)
    except ValueError:
        logging.getLogger("registry").exception("failed")
    assert found_in(logged) == {PLANTED}  # in the traceback, which no line of ours has (test_log.py)
    logged.clear()
    logging.getLogger("registry").error("failed for %s", PLANTED)
    assert found_in(logged) == {PLANTED}
    logged.clear()
    Centre.objects.filter(name=PLANTED).exists()
    assert found_in(logged) == {PLANTED}


def test_the_search_finds_a_number_in_the_output(capsys):
    sys.stdout.write(PLANTED)
    assert found_in(capsys.readouterr()) == {PLANTED}
    sys.stderr.write(PLANTED)
    assert found_in(capsys.readouterr()) == {PLANTED}


def test_the_search_finds_a_number_on_the_page_of_a_debugger_that_filters_nothing(lists, fail_page, settings):
    assert found_in([fail_page()]) == set()
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = "django.views.debug.SafeExceptionReporterFilter"
    get_default_exception_reporter_filter.cache_clear()
    try:
        assert found_in([fail_page()]) == {IN_REQUEST, WRONG}
        assert found_in(mailed_report()) == {IN_REQUEST}
    finally:
        get_default_exception_reporter_filter.cache_clear()

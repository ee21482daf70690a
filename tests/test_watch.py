"""The probe of a database that is away: one that died is started again, or nobody would notice the return."""

import pytest
from psycopg import OperationalError

from swecar.postgresql import watch as module
from swecar.postgresql.watch import DatabaseAway, Watch
from tests.working import wait_for


@pytest.fixture
def answers(monkeypatch) -> list[BaseException | None]:
    """What each probe meets, the last one from then on."""
    monkeypatch.setattr(module, "PAUSE", 0.01)
    monkeypatch.setattr(module, "longest_silence", lambda: 1.0)
    return [OperationalError("away")]


def make_watch(answers: list[BaseException | None]) -> Watch:
    def probe() -> None:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer:
            raise answer

    return Watch(probe, lambda: None)


def is_refused(watch: Watch) -> bool:
    try:
        watch.refuse_request()
    except DatabaseAway:
        return True
    return False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("fault", [RuntimeError("a fault of the probe"), MemoryError()], ids=type)
def test_a_probe_that_dies_is_started_again_by_whoever_asks(answers, fault):
    watch = make_watch(answers)
    watch.suspect()
    wait_for(lambda: is_refused(watch), "a database that is known to be away")
    answers.insert(0, fault)
    wait_for(lambda: not watch._thread.is_alive(), "a probe that has died")
    answers[:] = [None]
    wait_for(lambda: not is_refused(watch), "a database that is back")
    assert watch.since is None


def test_the_log_says_why_it_does_not_respond(answers, caplog):
    """PostgreSQL's own words, which quote no row: nobody has asked for one yet."""
    answers[:] = [OperationalError('connection failed:\n FATAL:  permission denied for database "swecar"\n'), None]
    watch = make_watch(answers)
    watch.suspect()
    wait_for(lambda: "responds again" in caplog.text, "a database that is back")
    assert 'FATAL: permission denied for database "swecar"' in caplog.text

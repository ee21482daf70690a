"""Which request a job belongs to, for its log lines, and how many jobs there are.

The request's id goes along in the headers of the message.
"""

import logging.config
from time import perf_counter
from typing import Any

from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from django.conf import settings
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from swecar.counts import count, move

KEY, BEGUN = "request_id", "begun"


@setup_logging.connect
def log_as_elsewhere(**_signal: Any) -> None:
    """A worker and the scheduler log as the web server does; Celery adds nothing."""
    logging.config.dictConfig(settings.LOGGING)


@before_task_publish.connect
def send_along(sender: Any = None, headers: dict | None = None, **_signal: Any) -> None:
    """Put the present request's id into a message that is about to be sent."""
    request_id = get_contextvars().get(KEY)
    if headers is not None and request_id:
        headers[KEY] = request_id
    count("jobs_sent", str(sender))


@task_prerun.connect
def bind_job(task: Any, task_id: str, **_signal: Any) -> None:
    """All that the job logs is of this job, and of the request that had it done."""
    clear_contextvars()
    bind_contextvars(job=task.name, job_id=task_id, **{BEGUN: perf_counter()})
    request_id = task.request.get(KEY) or (task.request.headers or {}).get(KEY)
    if request_id:
        bind_contextvars(**{KEY: request_id})


@task_postrun.connect
def unbind_job(task: Any, state: str | None = None, **_signal: Any) -> None:
    """What is logged between two jobs is of none; this one is counted."""
    begun = get_contextvars().get(BEGUN)
    clear_contextvars()
    count("jobs", task.name, "done" if state == "SUCCESS" else "failed")
    if begun is not None:
        count("job_seconds", task.name, by=perf_counter() - begun)
    move()  # a worker's process may be ended at any time

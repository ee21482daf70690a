"""The role that a process of production connects as, for what the tests let it do.

A test prepares and compares as the owner. A request acts as the role of the process that would answer it, a job as
the worker's. The connection stays the test's own, so that what both do stands in one transaction.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from celery.app.task import Task
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.urls import Resolver404, resolve
from psycopg.pq import TransactionStatus

from registry.entry.importing import job, pipeline
from registry.publishing import publish, runs, verification
from swecar.postgresql.base import DatabaseWrapper
from swecar.postgresql.roles import CLINIC, PUBLIC, ROLES, WORKER

OWNER = ""  # as the tests connect
PASSWORDS = dict.fromkeys(ROLES, "of-the-tests-alone")  # of databases that are gone after them

_role: ContextVar[str] = ContextVar("role", default=OWNER)


@contextmanager
def acting_for(role: str) -> Iterator[None]:
    """Let the block's statements be made by a role; the connections that it opens too."""
    before = _role.set(role)
    _say(connection)
    try:
        yield
    finally:
        _role.reset(before)
        _say(connection)


def _say(wrapper: BaseDatabaseWrapper) -> None:
    opened = wrapper.connection
    if opened is None or opened.closed or opened.info.transaction_status == TransactionStatus.INERROR:
        return  # a failed transaction is rolled back, and the role with it
    opened.execute(f"SET ROLE {_role.get()}" if _role.get() else "RESET ROLE")


def role_of(path: str) -> str:
    """Who answers a request: the public process, if it has the route."""
    try:
        found = resolve(path, "swecar.public_urls")
    except Resolver404:
        return CLINIC
    return CLINIC if found.url_name in {"not-found", "metrics"} else PUBLIC  # whose metrics are told by any


def take_roles() -> None:
    """Put the roles between the tests and what they test, once and for all."""
    answer = BaseHandler.get_response

    def get_response(self, request):
        role = role_of(request.path_info)
        with acting_for(role):
            response = answer(self, request)
        if response.streaming and not response.is_async:
            response.streaming_content = _each(response.streaming_content, role)
        return response

    def _each(parts, role):
        rest = iter(parts)
        while True:
            with acting_for(role):
                try:
                    part = next(rest)
                except StopIteration:
                    return
            yield part

    BaseHandler.get_response = get_response
    Task.__call__ = _as_worker(Task.__call__)
    for module, name in (
        (publish, "publish"),
        (runs, "run_publication"),
        (runs, "run_sweep"),
        (runs, "run_verification"),
        (runs, "run_pruning"),
        (verification, "verify"),
        (pipeline, "import_infusions"),
        (job, "run_import"),
        (job, "sweep_imports"),
    ):
        _put_everywhere(getattr(module, name), _as_worker(getattr(module, name)))

    connect, close = DatabaseWrapper.connect, DatabaseWrapper.close

    def connect_as(self):
        connect(self)
        _say(self)  # of a pool it may have been another's

    def close_as_owner(self):
        before = _role.set(OWNER)
        try:
            if self.autocommit:
                _say(self)  # a pool gives the connection to others
        finally:
            _role.reset(before)
        close(self)

    DatabaseWrapper.connect, DatabaseWrapper.close = connect_as, close_as_owner


def _as_worker(work: Callable) -> Callable:
    @functools.wraps(work)
    def act(*arguments, **options):
        with acting_for(WORKER):
            return work(*arguments, **options)

    return act


def _put_everywhere(before: Callable, after: Callable) -> None:
    """Where modules have imported it by name as well."""
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()) if module else ():
            if value is before:
                setattr(module, name, after)

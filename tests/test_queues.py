"""Jobs stand in queues by kind, and a worker may take some kinds alone."""

import io

import pytest
from celery import current_app
from django.conf import settings
from redis import Redis

from registry.choices import ImportState
from registry.entry.importing.job import receive_file
from registry.models import ImportJob, Run
from tests import factories
from tests.test_import import ROW, as_csv
from tests.test_role_processes import start, wait_until_healthy
from tests.working import kill, wait_for

KINDS = {
    "registry.publish_snapshot": "publishing",
    "registry.sweep": "publishing",
    "registry.verify_snapshot": "publishing",
    "registry.verify_history": "publishing",
    "registry.prune_facts": "publishing",
    "registry.send_news": "publishing",
    "registry.run_import": "imports",
}


def test_each_job_has_its_kind_and_each_kind_its_takers():
    current_app.loader.import_default_modules()
    jobs = {name for name in current_app.tasks if name.startswith("registry.")}  # and not those of tests
    router = current_app.amqp.router
    assert {name: router.route({}, name)["queue"].name for name in jobs} == KINDS
    assert {queue.name for queue in settings.CELERY_TASK_QUEUES} == set(KINDS.values())
    # No message comes to two queues.
    assert len({(queue.exchange.name, queue.routing_key) for queue in settings.CELERY_TASK_QUEUES}) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("takes", ["publishing", "imports"])
def test_a_worker_takes_the_kinds_that_it_is_given(committed_lists, tmp_path, takes):
    variables = {"TMPDIR": str(tmp_path), "WORKER_QUEUES": takes}
    nurse = factories.user("nurse", committed_lists.centres["UPP"])

    def upload() -> ImportJob:
        return receive_file(file=io.BytesIO(as_csv([ROW])), by=nurse)

    def is_published() -> bool:
        return Run.objects.exclude(finished_at=None).exists()

    def is_checked() -> bool:
        return ImportJob.objects.filter(pk=job.pk, state=ImportState.CHECKED).exists()

    other = ({"publishing", "imports"} - {takes}).pop()
    broker = Redis.from_url(settings.CELERY_BROKER_URL)
    broker.delete("swecar-jobs:publishing", "swecar-jobs:imports")
    process = start("worker", **variables)
    try:
        wait_until_healthy("worker", "a worker that shows itself", TMPDIR=str(tmp_path))
        job = upload()
        factories.record(committed_lists, factories.nth_number(3))
        own, others = (is_published, is_checked) if takes == "publishing" else (is_checked, is_published)
        wait_for(own, f"a job of {takes}")
        assert broker.llen(f"swecar-jobs:{other}") == 1
        assert not others()
        process.kill()
        process.wait()
        process = start("worker", TMPDIR=str(tmp_path))
        wait_for(others, "the job of the other kind, by a worker that takes all")
    finally:
        kill(process)

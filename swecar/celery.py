"""The Celery application and its schedule."""

import os

from celery import Celery
from celery.app.amqp import AMQP
from celery.schedules import crontab
from celery.signals import beat_init, celeryd_init
from django.conf import settings
from kombu import Connection

from swecar import job_context  # noqa: F401 (its signals)
from swecar.production import stop_if_unfinished

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")


class SteadyConnection(Connection):
    """One that is tried again each two seconds, and not after ever longer pauses, up to half a minute."""

    def ensure_connection(self, *arguments, **options):
        """Wait for the broker."""
        return super().ensure_connection(*arguments, **options | {"interval_max": 2})


class SteadyAMQP(AMQP):
    """What Celery makes its connections by."""

    Connection = SteadyConnection


app = Celery("swecar", amqp=SteadyAMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["registry"])

app.conf.beat_scheduler = "registry.publishing.scheduling:LeasedScheduler"
app.conf.beat_schedule = {
    "sweep": {"task": "registry.sweep", "schedule": 20.0, "options": {"expires": 18}},
    "news": {"task": "registry.send_news", "schedule": 60.0, "options": {"expires": 55}},
    "verify": {"task": "registry.verify_snapshot", "schedule": crontab(hour="3", minute="10")},
    "verify_history": {"task": "registry.verify_history", "schedule": crontab(hour="3", minute="20")},
    "prune": {"task": "registry.prune_facts", "schedule": crontab(hour="3", minute="40")},
}


@celeryd_init.connect
def choose_queues(**_signal) -> None:
    """Let a worker take the jobs that WORKER_QUEUES names."""
    app.amqp.queues.select(settings.WORKER_QUEUES)


@celeryd_init.connect
@beat_init.connect
def check_settings(**_signal) -> None:
    """Stop a worker or a scheduler before it begins, if production's settings are unfinished."""
    stop_if_unfinished()

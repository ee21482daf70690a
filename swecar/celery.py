"""The Celery application and its schedule."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")

app = Celery("swecar")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["registry"])

app.conf.beat_schedule = {
    "sweep": {"task": "registry.sweep", "schedule": 60.0, "options": {"expires": 55}},
    "verify": {"task": "registry.verify_snapshot", "schedule": crontab(hour="3", minute="10")},
    "prune": {"task": "registry.prune_facts", "schedule": crontab(hour="3", minute="40")},
}

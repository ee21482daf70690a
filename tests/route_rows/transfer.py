"""Files in and out, and completeness: who gets what."""

from datetime import date

from registry.models import SiteTrial
from tests.routes import Row

WHO_WRITES = ("reporter", "other", "lead", "administrator")
WRITERS = dict.fromkeys(WHO_WRITES, 200) | {"nobody": 302, "signed_in": 404}
MINE = {"reporter": 200, "nobody": 302, "signed_in": 404}
LEADS = {"lead": 200, "administrator": 200, "nobody": 302, "signed_in": 404}


def job(world) -> dict:
    return {"job_id": world.job.pk}


def trial(world) -> dict:
    row, _new = SiteTrial.objects.get_or_create(
        trial=world.lists.trials["NCT99000001"], centre=world.lists.centres["UPP"]
    )
    row.statuses.get_or_create(status="recruiting", since=date(2020, 1, 1))
    return {"pk": row.pk}


def status(world) -> dict:
    key = trial(world)["pk"]
    return {"pk": key, "status": SiteTrial.objects.get(pk=key).statuses.get().pk}


ROWS = [
    Row("clinic:imports", "GET", WRITERS),
    # Without a file: the form again, with a sentence.
    Row("clinic:imports", "POST", WRITERS),
    *(
        Row("clinic:import-template", "GET", WRITERS, lambda world, ending=ending: {"format": ending})
        for ending in ("csv", "xlsx")
    ),
    Row("clinic:import-template", "GET", {"nobody": 302, "signed_in": 404}, lambda world: {"format": "exe"}),
    Row("clinic:import", "GET", MINE, job),
    Row("clinic:import-report", "GET", MINE, job),
    Row("clinic:import-store", "GET", dict.fromkeys(WHO_WRITES, 405) | {"nobody": 302, "signed_in": 404}, job),
    Row("clinic:import-store", "POST", MINE | {"reporter": 302}, job),
    # Nothing of this file waits to be sent: back to its page, with a sentence.
    Row("clinic:import-refer", "GET", dict.fromkeys(WHO_WRITES, 405) | {"nobody": 302, "signed_in": 404}, job),
    Row("clinic:import-refer", "POST", MINE | {"reporter": 302}, job),
    Row("clinic:export", "GET", dict.fromkeys(WHO_WRITES, 400) | {"nobody": 302, "signed_in": 404}),
    Row("clinic:coverage", "GET", LEADS),
    Row("clinic:coverage", "POST", LEADS),
    Row("clinic:coverage", "POST", {"lead": 302, "administrator": 302, "nobody": 302, "signed_in": 404},
        data=lambda world: {"centre": "UPP", "complete_through": "2026-01-31"}),
    Row("clinic:trials", "GET", LEADS),
    Row("clinic:trials", "POST", {"lead": 302, "administrator": 302, "nobody": 302, "signed_in": 404},
        data=lambda world: {"centre": "UPP"}),
    *(Row(f"clinic:{name}", method, LEADS)
      for name in ("trial-new", "trial-file", "trial-exemption", "trial-manufacture")
      for method in ("GET", "POST")),
    *(Row("clinic:trial", method, LEADS, trial) for method in ("GET", "POST")),
    *(Row("clinic:trial-status", method, LEADS, status) for method in ("GET", "POST")),
]  # fmt: skip

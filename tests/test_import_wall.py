"""The second wall of an import: what it judges is what its uploader may see, whatever its own filters say."""

import io
from collections.abc import Callable

import pytest
from django.db import connection

from registry.access import NATIONWIDE
from registry.entry.importing import pipeline, staged_ages, staged_batches, staged_moves, staging
from registry.entry.importing.job import receive_file, run_import
from registry.models import ImportJob, Infusion, Question
from registry.models.centre_rows import CentresQuerySet
from registry.models.patient import PatientQuerySet
from registry.models.question_queryset import QuestionQuerySet
from tests import factories
from tests.test_import import ROW, as_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unsent")]

ELSEWHERE, BOTH, OWN, NEW = (factories.nth_number(place) for place in range(1, 5))
# What the other centre has of the two persons whom it knows, as it could be and as it could be too.
FOREIGN = (
    [
        {"patient": ELSEWHERE, "infused_on": "2021-03-03", "batch": "B-7", "kind": "first"},
        {"patient": BOTH, "infused_on": "2022-05-05", "batch": "B-8", "kind": "reinfusion"},
    ],
    [
        {"patient": ELSEWHERE, "infused_on": "2023-09-09", "batch": "C-1", "kind": "first", "product": "Yescarta"},
        {"patient": BOTH, "infused_on": "2023-10-10", "batch": "C-2", "kind": "reinfusion", "product": "Yescarta"},
    ],
)
BARE = ROW | {"age_at_infusion": ""}
ROWS = [
    BARE | {"patient_id": ELSEWHERE, "infused_on": "2021-03-03", "kind": "reinfusion"},
    BARE | {"patient_id": BOTH, "infused_on": "2020-05-05", "kind": "first"},
    BARE | {"patient_id": BOTH, "infused_on": "2022-05-05", "kind": "reinfusion"},
    BARE | {"patient_id": NEW, "infused_on": "2022-06-06", "batch": "b-7", "kind": ""},
    BARE | {"patient_id": OWN, "infused_on": "2022-06-07", "batch": "B-8", "kind": "reinfusion"},
]


@pytest.fixture
def hole(monkeypatch):
    """The fault that the first wall may have: everyone sees everything, an import's own filters included."""
    for rows in (CentresQuerySet, PatientQuerySet, QuestionQuerySet):
        monkeypatch.setattr(rows, "visible_to", lambda self, *arguments, **options: self.all())
    for module in (staging, staged_ages, staged_batches, staged_moves):
        monkeypatch.setattr(module, "centres_where", lambda *arguments: NATIONWIDE)


def bring(nurse, rows, *, dry_run: bool) -> tuple:
    """What the uploader of a file is told, and what their centre then has."""
    job = receive_file(file=io.BytesIO(as_csv(rows)), by=nurse, dry_run=dry_run)
    run_import(job.pk, language="en")
    factories.drop_import_tables()
    job = ImportJob.objects.get(pk=job.pk)
    columns = ("patient__registry_number", "infused_on", "product__name", "kind", "batch", "sex_stated")
    return (
        (job.state, job.message, job.read, job.stored, job.unchanged, job.refused, job.warnings),
        sorted(job.problems.values_list("line", "field", "code", "sentence", "warning")),
        sorted(Infusion.objects.filter(centre__code="UPP").values_list(*columns[1:])),
        sorted(Question.objects.filter(infusion__centre__code="UPP").values_list("rule", "infusion__infused_on")),
    )


def in_world(lists, nurse, foreign, rows=ROWS, *, dry_run: bool) -> tuple:
    """The same where the other centre has this."""
    with factories.rolled_back():
        for patient in (BOTH, OWN):
            factories.record(lists, patient)
        for one in foreign:
            fields = dict(one)
            factories.record(lists, fields.pop("patient"), centre="STO", **fields)
        return bring(nurse, rows, dry_run=dry_run)


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_another_centre_has_changes_nothing_of_an_import(lists, nurse, dry_run):
    one, other = (in_world(lists, nurse, foreign, dry_run=dry_run) for foreign in FOREIGN)
    assert one == other


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("rows", [ROWS, ROWS[1:], ROWS[3:]], ids=["all", "known here", "own"])
def test_what_another_centre_has_changes_nothing_through_a_hole(lists, nurse, hole, rows, dry_run):
    one, other = (in_world(lists, nurse, foreign, rows, dry_run=dry_run) for foreign in FOREIGN)
    assert one == other


STEPS = (
    (pipeline.staging, "read_courses"),
    (pipeline, "refuse_contradictions"),
    (pipeline, "refuse_moved_away"),
    (pipeline, "name_sent_rows"),
    (pipeline, "doubt_shared_batches"),
    (pipeline.staging, "refuse_retired"),
    (pipeline.staging, "read_problems"),
)


@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _module, step in STEPS])
def test_a_statement_in_the_place_of_one_that_judges_reads_no_foreign_row(lists, nurse, module, step, monkeypatch):
    """As whoever injects SQL into it would, or a filter that was forgotten."""
    found: dict[str, set] = {}

    def look(original: Callable) -> Callable:
        def judge(*arguments):
            for table, column in {
                "registry_infusion": "centre_id",
                "registry_patient": "id",
                "registry_importjob": "uploaded_by_id",
            }.items():
                with connection.cursor() as cursor:
                    cursor.execute(f"SELECT {column} FROM {table}")
                    found[table] = {key for (key,) in cursor}
            return original(*arguments)

        return judge

    monkeypatch.setattr(module, step, look(getattr(module, step)))
    other = factories.user("other", lists.centres["STO"])
    own = factories.record(lists, OWN)
    factories.record(lists, ELSEWHERE, centre="STO")
    receive_file(file=io.BytesIO(as_csv(ROWS)), by=other)
    bring(nurse, ROWS[4:], dry_run=True)
    assert found == {
        "registry_infusion": {lists.centres["UPP"].pk},
        "registry_patient": {own.patient_id},
        "registry_importjob": {nurse.pk},
    }

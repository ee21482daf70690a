"""What the database is for, and the triggers that keep it so."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.choices import Purpose

KEEP = """
RAISE EXCEPTION 'what the database is for stays'
USING ERRCODE = 'check_violation', CONSTRAINT = 'purpose_is_kept';
"""
# A change says by swecar.purpose what its process is set up for (access.acting_as). A person or an infusion that
# comes another way, as by hand, is real where it is the first; a user, as of createsuperuser, says nothing.
STATE = """
IF stated IS NULL AND TG_OP = 'INSERT'
    AND (own IS NOT NULL OR TG_TABLE_NAME IN ('registry_patient', 'registry_infusion'))
THEN
    INSERT INTO registry_statedpurpose (id, kind) VALUES (1, COALESCE(own, 'registry')) ON CONFLICT DO NOTHING;
    stated := (SELECT kind FROM registry_statedpurpose);
END IF;
IF own <> stated THEN
    RAISE EXCEPTION 'the database is for something else'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'purpose_is_kept';
END IF;
RETURN NULL;
"""


class StatedPurpose(models.Model):
    """A single row, or none while the database has never held a record. It outlives all records."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(max_length=13, choices=Purpose.choices)
    stated_at = models.DateTimeField(db_default=Now())

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="stays",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
                func=KEEP,
            )
        ]
        constraints = [
            models.CheckConstraint(name="purpose_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(name="purpose_is_known", condition=Q(kind__in=Purpose.values)),
        ]

    def __str__(self) -> str:
        return self.kind


def states_purpose() -> pgtrigger.Trigger:
    """The first row of such a table says what the database is for; a later one is refused if it is for another."""
    return pgtrigger.Trigger(
        name="states_purpose",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[
            ("own", "TEXT := NULLIF(current_setting('swecar.purpose', true), '')"),
            ("stated", "TEXT := (SELECT kind FROM registry_statedpurpose)"),
        ],
        func=STATE,
    )

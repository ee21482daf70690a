"""Registry numbers, drawn by the database."""

import pgtrigger
from django.db import models
from django.db.models import Func


class NewRegistryNumber(Func):
    """A random unused number (function of migration 0021): it does not show in which order people came."""

    template = "new_registry_number()"
    output_field = models.BigIntegerField()


def draws_numbers_alone() -> pgtrigger.Trigger:
    """The trigger that makes concurrent inserts of persons wait for each other, so that no number is drawn twice.

    This costs nothing: they would wait for the same row at the end of the statement (moves_revision).
    """
    return pgtrigger.Trigger(
        name="draws_numbers_alone",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="PERFORM FROM registry_revision FOR UPDATE; RETURN NULL;",
    )

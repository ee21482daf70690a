"""Batch numbers as they are compared."""

from django.db import models

BATCH_SPACES = r"[\s\u00a0\u2007\u202f]"  # a PostgreSQL regular expression
# The same as batch_as_compared in a statement of our own, so that it finds the index too.
AS_COMPARED = f"upper(regexp_replace({{batch}}, '{BATCH_SPACES}', '', 'g'))"


def batch_as_compared(batch: models.F | models.Value) -> models.Func:
    """SQL for a batch number without spaces and in capitals, so that two spellings of it are equal."""
    spaces, everywhere = models.Value(BATCH_SPACES), models.Value("g")
    bare = models.Func(batch, spaces, models.Value(""), everywhere, function="regexp_replace")
    return models.Func(bare, function="upper", output_field=models.TextField())

"""Rows read and stored by statements written by hand, where Django takes longer to make them than to run them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Model

from swecar.postgresql.together import send_later


@lru_cache
def columns_of(model: type[Model], alias: str) -> str:
    """All columns of a model, for a SELECT from `alias`."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def row_of(model: type[Any], values: Sequence[Any]) -> Any:
    """The row of a model with the values of `columns_of`."""
    return model.from_db(connection.alias, [field.attname for field in model._meta.concrete_fields], values)


def store_later(row: Model) -> None:
    """Store a new row with the next statement; a key that the database gives is not read back."""
    fields = [field for field in row._meta.concrete_fields if field.pre_save(row, add=True) is not None]
    names, places = ", ".join(f'"{field.column}"' for field in fields), ", ".join(["%s"] * len(fields))
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    send_later(f'INSERT INTO "{row._meta.db_table}" ({names}) VALUES ({places})', values)
    row._state.adding, row._state.db = False, connection.alias

"""Rows with which nearly every test begins, stored by one statement from the second time on."""

import pickle
from collections.abc import Callable, Sequence

from django.db import connection, models

Groups = Sequence[Sequence[models.Model]]  # each of one kind, in the order in which they are stored

# By database and function: the statement, and what the function returned.
_known: dict[tuple[str, Callable[[], Groups]], tuple[str, bytes]] = {}


def stored_at_once(store: Callable[[], Groups]) -> Groups:
    """What `store` stores and returns; the keys are alike each time, and no sequence gives them again."""
    key = (connection.settings_dict["NAME"], store)
    if key not in _known:
        made = store()
        _known[key] = "".join(map(_insert, made)), pickle.dumps(made)
        return made
    statement, pickled = _known[key]
    with connection.cursor() as cursor:
        cursor.execute(statement)
    return pickle.loads(pickled)  # noqa: S301 (our own)


def _insert(group: Sequence[models.Model]) -> str:
    """The statement that stores these rows again."""
    name = group[0]._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT format('INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, %%L);', "
            f"json_agg(one ORDER BY id)) FROM {name} AS one WHERE id = ANY(%s)",
            [[one.pk for one in group]],
        )
        return cursor.fetchone()[0]

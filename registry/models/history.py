"""The history of every change, written by triggers so that no path goes around it."""

from collections.abc import Sequence

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Func, TextField, Value
from django.db.models.functions import Coalesce
from pghistory.models import Event

from registry.models.chain import chained, salt


class CurrentSetting(Func):
    """A PostgreSQL setting; NULL if it was never set."""

    function = "current_setting"
    output_field = TextField()

    def __init__(self, name: str):
        super().__init__(Value(name), Value(True))


class SessionUser(Func):
    """The database user of the connection; used by migrations before 0047."""

    template = "session_user::text"
    output_field = TextField()


class Acting(Func):
    """Who acts in the transaction (migration 0047); without one the database user of the connection."""

    template = "acting()"
    output_field = TextField()


class HistoryRow(Event):
    """A change: what, when, by whom and why.

    Actor and reason come from access.acting_as; a change made by hand in the database has the database user. The
    clinic's process can name only an actor for whom it has signed.
    """

    acted_by = models.TextField(db_default=Acting())
    reason = models.TextField(db_default=Coalesce(CurrentSetting("swecar.reason"), Value("")))
    salt = salt()

    class Meta:
        abstract = True


def keeps_history(*exclude: str, indexes: Sequence[models.Index] = ()):
    """Decorate a model so that every insert, update and delete adds a history row, without the excluded fields.

    indexes: more of them on the history.
    """

    def decorate(model: type[models.Model]) -> type[models.Model]:
        return pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            base_model=HistoryRow,
            model_name=f"{model.__name__}History",
            context_field=None,  # type: ignore[arg-type]  # documented, and missing in its types
            append_only=True,
            meta={"triggers": chained(key="pgh_id", moment="pgh_created_at")}
            | ({"indexes": list(indexes)} if indexes else {}),
            level=pgtrigger.Statement,
            exclude=list(exclude),
        )(model)

    return decorate

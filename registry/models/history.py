"""History and revision, both written by the database, so that no path goes around them."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Func, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from pghistory.models import Event


class CurrentSetting(Func):
    """A setting of the running transaction, NULL where it was never set."""

    function = "current_setting"
    output_field = TextField()

    def __init__(self, name: str):
        super().__init__(Value(name), Value(True))


class SessionUser(Func):
    """The database's own name for who is connected."""

    template = "session_user::text"
    output_field = TextField()


class HistoryRow(Event):
    """When, who, what and why of one change.

    The actor and the reason come from access.acting_as. A change made past it, by hand in the
    database, carries the database user instead.
    """

    acted_by = models.TextField(
        db_default=Coalesce(NullIf(CurrentSetting("swecar.actor"), Value("")), SessionUser())
    )
    reason = models.TextField(db_default=Coalesce(CurrentSetting("swecar.reason"), Value("")))

    class Meta:
        abstract = True


def keeps_history(*exclude: str):
    """Decorate a model: each insert, update and delete leaves a row, by whatever path."""

    def decorate(model: type[models.Model]) -> type[models.Model]:
        return pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            base_model=HistoryRow,
            model_name=f"{model.__name__}History",
            context_field=None,  # type: ignore[arg-type]  # documented, and missing in its types
            append_only=True,
            level=pgtrigger.Statement,
            exclude=list(exclude),
        )(model)

    return decorate


def moves_revision(table: str = "registry_revision") -> pgtrigger.Trigger:
    """The trigger by which any change to a table marks the statistics as behind."""
    return pgtrigger.Trigger(
        name="moves_revision",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func=f"UPDATE {table} SET number = number + 1; RETURN NULL;",
    )

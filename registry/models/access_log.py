"""Who has read and written identified data (Patient Data Act: stored, and shown to the patient on request)."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import pgtrigger
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.access import Actor
from registry.choices import AccessAction
from registry.models.chain import chained, salt
from swecar.postgresql.together import send_later

STAYS = "registry.AccessLog:stays"
# SQL: the unit of a line about a row at `centre`, with the values of `roles_of`.
UNIT = "CASE WHEN centre.id = ANY(%(own)s::bigint[]) THEN centre.code ELSE %(role)s END"
# SQL: one salt for all lines of a statement. Lines of one moment are deleted together, and to draw a salt takes
# half as long as to write a line.
ONE_SALT = "(SELECT gen_random_uuid())"
LOG = f"""
INSERT INTO registry_accesslog (salt, at, actor, action, detail, unit, patient, infusion)
SELECT {ONE_SALT}, %s, %s, %s, %s, used.*
FROM unnest(%s::text[], %s::bigint[], %s::uuid[]) AS used
"""
LOG_PERSONS = f"""
INSERT INTO registry_accesslog (salt, at, actor, action, detail, unit, patient)
SELECT {ONE_SALT}, %s, %s, %s, %s, %s, unnest(%s::bigint[])
"""


class Roles(NamedTuple):
    """What an actor acts as: the centres of their own, and the national role or "" without one."""

    own: list[int]
    role: str

    def unit(self, centre: int, code: str) -> str:
        """The centre's code for its own staff, else the national role that lets the actor see the row."""
        return code if centre in self.own else self.role


class AccessLog(models.Model):
    """A use of a person's data, a search or an extract. Immutable."""

    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    actor = models.CharField(_("who"), max_length=150)
    unit = models.CharField(
        _("unit"), max_length=20, blank=True, help_text=_("Code of the centre, or the national role.")
    )
    action = models.CharField(_("action"), max_length=8, choices=AccessAction.choices)
    patient = models.BigIntegerField(_("patient"), null=True, db_index=True, help_text=_("Registry number."))
    infusion = models.UUIDField(_("infusion"), null=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    salt = salt()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("access")
        verbose_name_plural = _("access log")
        triggers = [
            pgtrigger.Protect(name="stays", operation=pgtrigger.Update | pgtrigger.Delete),
            *chained(moment="at"),
        ]
        constraints = [
            models.CheckConstraint(
                name="access_action_is_known", condition=models.Q(action__in=AccessAction.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action}"


def log_infusions(*, by: Actor, action: AccessAction, infusions: Iterable[Any], detail: str = "") -> None:
    """Log each infusion that was shown or written. Select patient and centre with them."""
    roles = roles_of(by)
    log_uses(
        by=by,
        action=action,
        uses=(
            (roles.unit(infusion.centre_id, infusion.centre.code), infusion.patient.registry_number, infusion.pk)
            for infusion in infusions
        ),
        detail=detail,
    )


def log_uses(*, by: Actor, action: AccessAction, uses: Iterable[tuple[str, int, Any]], detail: str = "") -> None:
    """Log each (unit, registry number, key of an infusion), in one statement."""
    if columns := list(zip(*uses, strict=True)):
        send_later(LOG, [timezone.now(), by.username, action, detail, *map(_write_array, columns)])


def _write_array(values: Iterable[str | int | UUID]) -> str:
    """Codes, numbers or keys as PostgreSQL reads an array: the driver takes eight times as long over a list."""
    return '{"' + '","'.join(map(str, values)) + '"}'


def log_persons(
    *, by: Actor, action: AccessAction, numbers: Iterable[int | None] = (None,), unit: str = "", detail: str = ""
) -> None:
    """Log each person by registry number; None where there is none, as for a search without a match."""
    unit = unit or roles_of(by).role
    send_later(LOG_PERSONS, [timezone.now(), by.username, action, detail, unit, list(numbers)])


def roles_of(by: Actor) -> Roles:
    """The actor's own centres and national role."""
    held = list(by.roles_at())
    national = (role for role, centre in held if centre is None)
    return Roles([centre for _role, centre in held if centre is not None], next(national, ""))

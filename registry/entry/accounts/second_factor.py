"""Removing the second factor of a user who has lost it, by an administrator, with a reason."""

from allauth.mfa.models import Authenticator

from registry.access import Actor, Permission, acting_as, require
from registry.entry.reasons import check_reason
from registry.models import User


def remove_second_factor(*, user: User, by: Actor, reason: str) -> None:
    """Remove apps, keys and recovery codes: the next sign-in, with the password, sets up new ones.

    The account's history records who and why. Raises NotPermitted for all but administrators,
    ReasonMissing, IdentifierInText.
    """
    require(by, Permission.INVITE_PEOPLE)  # at all centres, which only an administrator has
    with acting_as(by, reason=check_reason(reason)):
        Authenticator.objects.filter(user=user).delete()
        history = User.pgh_event_model  # type: ignore[attr-defined]
        shared = {field.attname for field in history._meta.fields} & {field.attname for field in User._meta.fields}
        history.objects.create(pgh_label="update", pgh_obj=user, **{name: getattr(user, name) for name in shared})

"""Who may come in: inviting to a centre or to administer, accepting an invitation, ending a membership."""

import hashlib
import secrets
from datetime import timedelta

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

from registry.access import ROLES, Actor, Permission, acting_as, centres_where, require
from registry.choices import CentreRole, NationalRole
from registry.entry.accounts.others import ROLE, tell_owner
from registry.entry.reasons import check_reason
from registry.errors import InvitationUnusable, NotFound, UsernameTaken
from registry.models import Centre, Invitation, Membership, User
from registry.sentences import INVITATION_ACCEPTED

TOKEN_BYTES = 32
VALID_FOR = timedelta(days=7)
SITHS = "siths-"  # prefix of the user names of accounts that sign in with SITHS


def open_invitations():
    """Invitations that can still be accepted."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


def invite_person(*, email: str, centre: Centre, role: CentreRole, by: Actor) -> tuple[Invitation, str]:
    """A new invitation and its token, which is not stored. It replaces an open invitation to the same address.

    Raises NotPermitted.
    """
    require(by, Permission.INVITE_PEOPLE, centre=centre.pk)
    return _invite(email=email, centre=centre, role=CentreRole(role), by=by)


def invite_administrator(*, email: str, by: Actor) -> tuple[Invitation, str]:
    """The same to administer the registry. Raises NotPermitted."""
    require(by, Permission.INVITE_PEOPLE)  # at all centres, which only an administrator has
    return _invite(email=email, centre=None, role=NationalRole.ADMINISTRATOR, by=by)


def find_administrator(email: str) -> User | None:
    """The administrator with this address who may sign in."""
    administrators = User.objects.filter(national_role=NationalRole.ADMINISTRATOR, is_active=True)
    return administrators.filter(email__iexact=email).first()


def _invite(*, email: str, centre: Centre | None, role: str, by: Actor) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with acting_as(by):
        same = Q(centre=centre, email__iexact=email)
        open_invitations().filter(same).update(revoked_at=timezone.now())
        invitation = Invitation.objects.create(
            email=email,
            centre=centre,
            role=role,
            token_digest=digest_of(token),
            invited_by=by.username,
            expires_at=timezone.now() + VALID_FOR,
        )
    return invitation, token


def revoke_invitation(*, invitation_id: int, by: Actor) -> Invitation:
    """Close an open invitation. Raises NotFound."""
    with acting_as(by):
        centres = centres_where(by, Permission.INVITE_PEOPLE)
        invitation = open_invitations().select_for_update().filter(pk=invitation_id).first()
        if invitation is None or invitation.centre_id not in centres:
            raise NotFound
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
    return invitation


def find_invitation(token: str) -> Invitation:
    """The open invitation of a token. Raises InvitationUnusable alike if it is wrong, used, revoked or expired."""
    found = open_invitations().filter(token_digest=digest_of(token)).select_related("centre").first()
    if found is None:
        raise InvitationUnusable
    return found


def accept_as_newcomer(
    *, invitation_id: int, username: str, password: str, first_name: str, last_name: str
) -> User:
    """A new account with the invitation's role.

    Raises InvitationUnusable, UsernameTaken (ignoring case, as sign-in does).
    """
    user = User(username=username, first_name=first_name, last_name=last_name)
    try:
        with acting_as(user, reason=INVITATION_ACCEPTED):
            invitation = _lock_open(invitation_id)
            if username.startswith(SITHS) or User.objects.filter(username__iexact=username).exists():
                raise UsernameTaken
            user.email = invitation.email
            user.set_password(password)
            user.save()
            _take(invitation, user)
    except IntegrityError:  # the name was taken concurrently
        raise UsernameTaken from None
    return user


def accept_as_member(*, invitation_id: int, by: User) -> Membership | None:
    """Give an existing account the invitation's role; a higher role at the centre is kept.

    Raises InvitationUnusable.
    """
    with acting_as(by, reason=INVITATION_ACCEPTED):
        return _take(_lock_open(invitation_id), by)


def find_membership(*, membership_id: int, by: User) -> Membership:
    """Another user's membership that the actor may end; nobody may end their own.

    Raises NotFound.
    """
    found = Membership.objects.select_related("user", "centre").filter(pk=membership_id).first()
    if found is None or found.centre_id not in centres_where(by, Permission.INVITE_PEOPLE) or found.user == by:
        raise NotFound
    return found


def end_membership(*, membership_id: int, by: User, reason: str) -> None:
    """End a user's membership of a centre; the account stays.

    Raises NotFound, ReasonMissing, IdentifierInText.
    """
    with acting_as(by, reason=check_reason(reason)):
        membership = find_membership(membership_id=membership_id, by=by)
        membership.delete()
        tell_owner(membership.user, [ROLE], by=by, reason=reason)


def digest_of(token: str) -> bytes:
    """What is stored of a token. It has enough entropy not to need a slow hash."""
    return hashlib.sha256(token.encode()).digest()


def _lock_open(invitation_id: int) -> Invitation:
    invitation = open_invitations().select_for_update(of=["self"]).filter(pk=invitation_id).first()
    if invitation is None:
        raise InvitationUnusable
    return invitation


def _take(invitation: Invitation, user: User) -> Membership | None:
    membership = None
    if invitation.centre_id is None:
        user.national_role, user.is_staff = invitation.role, True
        user.save(update_fields=["national_role", "is_staff"])
    else:
        membership = _join(user, invitation.centre_id, invitation.role)
    invitation.accepted_by, invitation.accepted_at = user, timezone.now()
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    return membership


def _join(user: User, centre: int, role: str) -> Membership:
    """Give a role at a centre; a higher one is kept."""
    membership, _new = Membership.objects.select_for_update().get_or_create(
        user=user, centre_id=centre, defaults={"role": role}
    )
    if ROLES[membership.role][1] < ROLES[role][1]:
        membership.role = role
        membership.save(update_fields=["role"])
    return membership

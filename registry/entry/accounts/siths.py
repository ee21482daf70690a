"""Sign-in with SITHS: the session's commission says which centre."""

from registry.access import acting_as
from registry.choices import CentreRole
from registry.errors import CommissionUnknown
from registry.models import Centre, Membership, User
from registry.sentences import COMMISSION_OF_SIGN_IN


def admit_commissioned(*, user: User, hsa_id: str) -> User:
    """Store the account if it is new, as reporter of the centre with this HSA-id and no other.

    A lead's role at that centre stays. Raises CommissionUnknown.
    """
    centre = Centre.objects.filter(hsa_id__iexact=hsa_id).first() if hsa_id else None
    if centre is None:
        raise CommissionUnknown
    with acting_as(user, reason=COMMISSION_OF_SIGN_IN):
        if user.pk is None:
            user.set_unusable_password()
            user.save()
        for elsewhere in Membership.objects.filter(user=user).exclude(centre=centre):
            elsewhere.delete()
        Membership.objects.get_or_create(user=user, centre=centre, defaults={"role": CentreRole.REPORTER})
    return user

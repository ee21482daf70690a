"""The caller, their centres and permissions."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from api.records.authentication import Caller
from api.records.base import SignedInView
from api.records.openapi import caller as schema
from registry.access import ROLES


class MeView(SignedInView):
    """The caller."""

    reads_records = False

    @extend_schema(**schema.ME)
    def get(self, request: Caller) -> Response:
        user, token = request.user, request.auth
        memberships = user.memberships.select_related("centre").order_by("centre__code")
        return Response(
            {
                "username": user.username,
                "name": user.get_full_name(),
                "national_role": user.national_role or None,
                "permissions": _permissions(user.national_role),
                "centres": [
                    {
                        "code": membership.centre.code,
                        "name": membership.centre.name,
                        "role": membership.role,
                        "permissions": _permissions(membership.role),
                    }
                    for membership in memberships
                ],
                "token": token
                and {"name": token.name, "scope": token.scope, "expires_at": token.expires_at.isoformat()},
            }
        )


def _permissions(role: str) -> list[str]:
    return sorted(ROLES[role][1]) if role else []

"""A centre's people: invitations; one's own tokens."""

from django.urls import path

from registry.access import Permission
from registry.pages.clinic.shell import page, show

urlpatterns = [
    path(
        "people/", page(Permission.INVITE_PEOPLE)(lambda request: show(request, "clinic/busy.html")), name="people"
    ),
    path("tokens/", page()(lambda request: show(request, "clinic/busy.html")), name="tokens"),
]

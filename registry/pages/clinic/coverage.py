"""How far a centre's records are complete."""

from django.urls import path

from registry.access import Permission
from registry.pages.clinic.shell import page, show

urlpatterns = [
    path(
        "coverage/",
        page(Permission.STATE_COVERAGE)(lambda request: show(request, "clinic/busy.html")),
        name="coverage",
    ),
]

"""A person's page: the timeline, corrections and withdrawals."""

from django.urls import path

from registry.access import Permission
from registry.pages.clinic.shell import page, show

urlpatterns = [
    path(
        "infusions/",
        page(Permission.READ_RECORDS)(lambda request: show(request, "clinic/busy.html")),
        name="infusions",
    ),
]

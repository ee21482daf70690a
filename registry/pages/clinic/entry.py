"""Entering an infusion."""

from django.urls import path

from registry.access import Permission
from registry.pages.clinic.shell import page, show

urlpatterns = [
    path(
        "infusions/new",
        page(Permission.WRITE_RECORDS)(lambda request: show(request, "clinic/busy.html")),
        name="record",
    ),
]

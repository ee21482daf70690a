"""The access log, for the auditor."""

from django.urls import path

from registry.access import Permission
from registry.pages.clinic.shell import page, show

urlpatterns = [
    path(
        "access-log/",
        page(Permission.READ_ACCESS_LOG)(lambda request: show(request, "clinic/busy.html")),
        name="access-log",
    ),
]

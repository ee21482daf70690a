"""Questions about rows, their answers and their closing."""

from django.urls import path

from registry.access import Permission
from registry.pages.clinic.shell import page, show

urlpatterns = [
    path(
        "questions/",
        page(Permission.READ_RECORDS)(lambda request: show(request, "clinic/busy.html")),
        name="questions",
    ),
]

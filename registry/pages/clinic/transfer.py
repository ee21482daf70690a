"""Files in and out: import, export, the template."""

from django.urls import path

from registry.access import Permission
from registry.pages.clinic.shell import page, show

urlpatterns = [
    path(
        "imports/",
        page(Permission.WRITE_RECORDS)(lambda request: show(request, "clinic/busy.html")),
        name="imports",
    ),
]

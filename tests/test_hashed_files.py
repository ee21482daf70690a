"""Static files in production: each under a name that tells its content, kept for a year."""

import re

import pytest
from django.core.management import call_command
from django.http import HttpResponseNotFound
from django.templatetags.static import static
from django.test import RequestFactory

from swecar.static_files import StaticFiles

PUBLIC_SHEET, FONT = "pages/public.css", r"fonts/inter-regular\.[0-9a-f]{12}\.woff2"


@pytest.fixture
def collected(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "swecar.static_files.HashedFiles"}}
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH = tmp_path, False
    assert static(PUBLIC_SHEET) == f"/static/{PUBLIC_SHEET}"  # not collected yet: pages show all the same
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_a_file_has_a_name_by_its_content_alone_and_is_kept_for_a_year(collected):
    address = static(PUBLIC_SHEET)
    assert re.fullmatch(r"/static/pages/public\.[0-9a-f]{12}\.css", address)
    assert not (collected / PUBLIC_SHEET).exists()
    serve = StaticFiles(lambda request: HttpResponseNotFound())
    response = serve(RequestFactory().get(address))
    assert response.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    assert re.search(FONT, b"".join(response).decode())  # what a sheet names is named by its content too
    assert serve(RequestFactory().get(f"/static/{PUBLIC_SHEET}")).status_code == 404

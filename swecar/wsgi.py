"""The web server's entry point."""

import os

from django.core.wsgi import get_wsgi_application

from registry.figure.geometry import load_shapes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")

application = get_wsgi_application()
load_shapes()  # once, before the server makes its processes, and not for the first visitor of each

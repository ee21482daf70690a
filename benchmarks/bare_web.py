"""The web server of the peers, `python -m benchmarks.bare_web PORT`: the service's, before Django alone."""

import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from swecar.http.bridge import Bridge
from swecar.http.web_server import serve

bridge = Bridge(get_wsgi_application(), seconds=15)
serve(bridge, host="127.0.0.1", port=int(sys.argv[1]), seconds=15, logging=settings.LOGGING)

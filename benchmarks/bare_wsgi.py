"""The bare Django as the server's application."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

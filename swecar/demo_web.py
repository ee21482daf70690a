"""The demonstration's public process, `python -m swecar.demo_web --bind HOST:PORT --clinic PORT`."""

from argparse import ArgumentParser

from django.conf import settings

from swecar.asgi import application  # before the front, since it sets Django up

# isort: split
from swecar.front import make_front
from swecar.http.web_server import serve
from swecar.variables import EnvironmentProblem


def main() -> None:
    """Serve until a signal."""
    if not settings.DEMONSTRATION or settings.APP_ROLE != "public":
        raise EnvironmentProblem(
            "This is a demonstration's: it needs DEMONSTRATION=1 and APP_ROLE=public. Put nginx in front of a "
            "registry, as deploy/nginx.conf does."
        )
    parser = ArgumentParser(prog="swecar.demo_web")
    parser.add_argument("--bind", required=True, metavar="HOST:PORT")
    parser.add_argument("--clinic", required=True, type=int, metavar="PORT")
    given = parser.parse_args()
    host, _, port = given.bind.rpartition(":")
    application.service = make_front(application.service, clinic=given.clinic)
    serve(application, host=host, port=int(port), seconds=settings.CLIENT_SECONDS, logging=settings.LOGGING)


if __name__ == "__main__":
    main()

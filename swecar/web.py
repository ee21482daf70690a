"""The web server of the service, `python -m swecar.web [--bind HOST:PORT]`.

Without --bind it listens at PORT on all addresses, without PORT at 8000 on this machine's own.
"""

from argparse import ArgumentParser

from django.conf import settings

from swecar.asgi import application
from swecar.http.web_server import serve
from swecar.variables import read_variable


def main() -> None:
    """Serve until a signal."""
    given = read_variable("PORT")
    parser = ArgumentParser(prog="swecar.web")
    parser.add_argument("--bind", default=f"0.0.0.0:{given}" if given else "127.0.0.1:8000", metavar="HOST:PORT")
    host, _, port = parser.parse_args().bind.rpartition(":")
    serve(application, host=host, port=int(port), seconds=settings.CLIENT_SECONDS, logging=settings.LOGGING)


if __name__ == "__main__":
    main()

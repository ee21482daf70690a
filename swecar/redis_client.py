"""The client of Redis or Valkey, by its own address or by Sentinels that know which server is the master."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from redis import ConnectionPool, Redis, Sentinel, SentinelManagedSSLConnection
from redis.connection import parse_url

from swecar.server_urls import RedisServer

IMPATIENT = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}


def make_client(server: RedisServer, **options: Any) -> Redis:
    """A client of the server, or of the present master of the Sentinels'."""
    if not server.sentinels:
        return Redis.from_url(server.url, **options)
    timeouts = {name: value for name, value in options.items() if name in IMPATIENT}
    asked = Sentinel(server.sentinels, sentinel_kwargs=timeouts | dict(server.sentinel_login))
    tls = {"connection_class": SentinelManagedSSLConnection} if server.tls else {}
    return asked.master_for(
        server.master, db=server.number, **dict(server.login), **_read_options(server), **tls, **options
    )


def _read_options(server: RedisServer) -> dict[str, Any]:
    """The options of a Sentinel's URL, as the library reads those of a plain one: numbers and flags, not texts."""
    read = dict(parse_url(f"redis://host?{urlencode(server.options)}"))
    return {name: read[name] for name, _text in server.options}


class MasterPool:
    """Django's cache makes its connections by this class where the settings name Sentinels."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> ConnectionPool:
        """The connections to the master; what the URL says stands in the settings already read."""
        return make_client(settings.REDIS, **options).connection_pool

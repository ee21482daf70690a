"""The URLs of PostgreSQL and of Redis or Valkey, read into what Django, Celery and the client take."""

import difflib
import re
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict

from swecar.setting_forms import HOST, WrongForm

WRITE_DATABASE = (
    "Write postgresql://user:password@host:port/name, or put `manage.py serve_embedded --` before the command. "
    "Write a letter such as @, /, ? or # in a password as %40, %2F, %3F or %23."
)
WRITE_REDIS = (
    "Write redis://host:port/0, rediss://host:port/0 for TLS, or redis+sentinel://host:port,host:port/master/0."
)
LARGEST_PORT = 65535
DRIVER_OPTIONS = frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults()) | {"ssl"}
DRIVER_WORDS = {
    "sslmode": {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
    "target_session_attrs": {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"},
    "load_balance_hosts": {"disable", "random"},
    "channel_binding": {"disable", "prefer", "require"},
    "gssencmode": {"disable", "prefer", "require"},
}
DRIVER_NUMBERS = {
    "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
    "tcp_user_timeout",
}  # fmt: skip
# Those of the client that a URL can need; any other would fail at the first connection.
REDIS_OPTIONS = {
    "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_keyfile_password", "ssl_cert_reqs", "ssl_check_hostname",
    "health_check_interval", "max_connections", "socket_keepalive", "client_name", "protocol",
}  # fmt: skip
SENTINEL_OPTIONS = REDIS_OPTIONS | {"master_name", "sentinel_username", "sentinel_password"}
SENTINEL_SCHEMES = {"sentinel": False, "redis+sentinel": False, "rediss+sentinel": True}  # whether by TLS
SENTINEL_PORT = 26379
SSL_CHECKS = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


def database(value: str) -> dict[str, Any]:
    """Django's settings for a URL as libpq reads it, with one host or several."""
    try:
        if not value.startswith(("postgres://", "postgresql://")) or not value.isprintable():
            raise WrongForm(f"It is not the URL of a PostgreSQL database. {WRITE_DATABASE}")
        check_options(value, DRIVER_OPTIONS, "PostgreSQL's driver")
        options = dict(conninfo_to_dict(value))
    except ProgrammingError:
        raise WrongForm(f"It cannot be read. {WRITE_DATABASE}") from None  # the cause would quote the password
    hosts, ports = str(options.pop("host", "")), str(options.pop("port", ""))
    _check_hosts(hosts, ports)
    _check_values(options)
    if not options.get("dbname"):
        raise WrongForm(f"It names no database. {WRITE_DATABASE}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": options.pop("dbname"),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": hosts,
        "PORT": ports,
        "OPTIONS": options,
    }


def replica(value: str) -> dict[str, Any]:
    """The same for a replica: one host, since a process must not read of one what only another has."""
    found = database(value)
    if "," in found["HOST"]:
        raise WrongForm("It names several hosts. Write one replica; another process may read another.")
    if found["OPTIONS"].get("target_session_attrs") in {"read-write", "primary"}:
        raise WrongForm("The driver's option target_session_attrs wants no replica. Remove it.")
    return found


def _check_hosts(hosts: str, ports: str) -> None:
    for host in hosts.split(","):
        if host and not (host.startswith("/") or HOST.fullmatch(host) or HOST.fullmatch(f"[{host}]")):
            raise WrongForm(f"The host or the port cannot be read. {WRITE_DATABASE}")
    if any(port and not _is_port(port) for port in ports.split(",")):
        raise WrongForm(f"The host or the port cannot be read. {WRITE_DATABASE}")
    if "," in ports and ports.count(",") != hosts.count(","):
        raise WrongForm(f"It has not as many ports as hosts. {WRITE_DATABASE}")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) <= LARGEST_PORT


def _check_values(options: dict[str, Any]) -> None:
    for name, words in DRIVER_WORDS.items():
        if name in options and options[name] not in words:
            meant = " or ".join(sorted(words))
            raise WrongForm(f"The driver's option {name} has an unknown value. Write {meant}.")
    for name in DRIVER_NUMBERS & options.keys():
        if not re.fullmatch(r"[0-9]{1,9}", str(options[name]), re.ASCII):
            raise WrongForm(f"The driver's option {name} is not a whole number.")


def check_options(url: str, known: Collection[str], whose: str) -> None:
    """Raise WrongForm for an option after `?` that is not one of these.

    An unknown one is not quoted: after a `?` that was not written as %3F it is the end of the password.
    """
    for name, value in parse_qsl(url.partition("?")[2], keep_blank_values=True):
        if name in known and value:
            continue
        near = [name] if name in known else difflib.get_close_matches(name, known, n=1, cutoff=0.75)
        meant = f" Was {near[0]} meant, with a value?" if near else ""
        raise WrongForm(f"After the question mark stands an option that {whose} does not know.{meant}")


@dataclass(frozen=True)
class RedisServer:
    """Where the broker and the cache are.

    url: for the client and Celery; of a Sentinel the login and the number alone. sentinels: host and port of each.
    """

    url: str
    sentinels: tuple[tuple[str, int], ...] = ()
    master: str = ""
    tls: bool = False
    login: tuple[tuple[str, str], ...] = ()  # to the master, as the client's arguments
    sentinel_login: tuple[tuple[str, str], ...] = ()
    number: int = 0
    options: tuple[tuple[str, str], ...] = ()

    @property
    def broker_url(self) -> str:
        """As Celery takes it: a Sentinel's hosts one by one."""
        if not self.sentinels:
            return self.url.partition("?")[0]  # Celery would take the options for arguments of its own
        user, password = (quote(dict(self.login).get(name, ""), safe="") for name in ("username", "password"))
        login = f"{user}:{password}@" if password else ""
        return ";".join(f"sentinel://{login}{host}:{port}/{self.number}" for host, port in self.sentinels)

    @property
    def broker_options(self) -> dict[str, Any]:
        """Celery's transport options for a Sentinel's master; none for a plain server."""
        if not self.sentinels:
            return {}
        return {"master_name": self.master, "sentinel_kwargs": {"socket_timeout": 1} | dict(self.sentinel_login)}

    @property
    def broker_tls(self) -> dict[str, Any]:
        """Celery's settings of TLS; none without it."""
        if not self.tls:
            return {}
        options = dict(self.options) or dict(parse_qsl(urlsplit(self.url).query))
        words = {name: value for name, value in options.items() if name.startswith("ssl_")}
        return {"ssl_cert_reqs": SSL_CHECKS[words.pop("ssl_cert_reqs", "required")]} | words


def redis_server(value: str) -> RedisServer:
    """The server of `redis://…`, `rediss://…`, or of a Sentinel."""
    scheme = value.partition("://")[0]
    if scheme in SENTINEL_SCHEMES:
        return _sentinels(value, tls=SENTINEL_SCHEMES[scheme])
    if scheme not in {"redis", "rediss"} or not value.isprintable():
        raise WrongForm(f"It is not the URL of a Redis or Valkey server. {WRITE_REDIS}")
    check_options(value, REDIS_OPTIONS, "the client of Redis")
    parts, where = _split(value)
    if len(where) != 1 or not re.fullmatch(r"/?|/[0-9]{1,4}", parts.path, re.ASCII):
        raise WrongForm(f"After the host stands no number of a database. {WRITE_REDIS}")
    _check_tls(dict(parse_qsl(parts.query)), tls=scheme == "rediss")
    return RedisServer(url=value, tls=scheme == "rediss")


def _split(value: str) -> tuple[Any, tuple[tuple[str, int], ...]]:
    """The parts of the URL, and its hosts with their ports."""
    scheme, _, rest = value.partition("://")
    try:
        parts = urlsplit(f"redis://{rest}")
    except ValueError:
        raise WrongForm(f"The host or the port cannot be read. {WRITE_REDIS}") from None
    found = []
    usual = SENTINEL_PORT if scheme in SENTINEL_SCHEMES else 6379
    for place in re.split("[,;]", parts.netloc.rpartition("@")[2]):
        host, colon, port = (place, "", "") if place.endswith("]") else place.rpartition(":")
        host = host if colon or place.endswith("]") else port
        port = port if colon else str(usual)
        if not HOST.fullmatch(host) or not _is_port(port) or parts.fragment:
            raise WrongForm(f"The host or the port cannot be read. {WRITE_REDIS}")
        found.append((host.strip("[]"), int(port)))
    return parts, tuple(found)


def _sentinels(value: str, *, tls: bool) -> RedisServer:
    check_options(value, SENTINEL_OPTIONS, "the client of Redis")
    scheme = value.partition("://")[0]
    # Celery writes the scheme and the login before each host.
    parts, sentinels = _split(re.sub(rf";{re.escape(scheme)}://([^@;,/]*@)?", ";", value))
    options = dict(parse_qsl(parts.query))
    words = [unquote(word) for word in parts.path.split("/") if word]
    master = options.pop("master_name", "") or (words.pop(0) if words else "")
    number = words.pop(0) if words else "0"
    if not master or words or not re.fullmatch("[0-9]{1,4}", number, re.ASCII):
        raise WrongForm(f"It names no master, or the number of the database cannot be read. {WRITE_REDIS}")
    logins = {
        name: options.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in options
    }
    login = {"username": unquote(parts.username or ""), "password": unquote(parts.password or "")}
    _check_tls(options, tls=tls)
    return RedisServer(
        url=f"redis://{master}/{number}",
        sentinels=sentinels,
        master=master,
        tls=tls,
        login=tuple((name, word) for name, word in login.items() if word),
        sentinel_login=tuple(logins.items()),
        number=int(number),
        options=tuple(options.items()),
    )


def _check_tls(options: dict[str, str], *, tls: bool) -> None:
    if not tls and any(name.startswith("ssl_") for name in options):
        raise WrongForm("An option of TLS stands in a URL without TLS. Write rediss:// at its beginning.")
    if options.get("ssl_cert_reqs", "required") not in SSL_CHECKS:
        raise WrongForm(f"The option ssl_cert_reqs has an unknown value. Write {' or '.join(sorted(SSL_CHECKS))}.")

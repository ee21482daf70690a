"""What runs on each host: the servers on a, the roles of the image on b and c, nginx on the front."""

import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection

import psycopg

from benchmarks.hosts.network import ADDRESSES, folder_of, log_of, run
from benchmarks.nginx_configuration import write_configuration
from swecar.local.accounts import choose_account, hand_over
from swecar.local.postgres_files import make_database_files
from swecar.local.programs import find_postgres, find_valkey
from swecar.postgresql.roles import IMPORTER, OF_PROCESS, ROLES, WORKER

PASSWORD = "made-up"  # noqa: S105
OWNER = "registry"
DATABASE = f"postgresql://{OWNER}:{PASSWORD}@{ADDRESSES['a']}:5432/registry"
POOLED = DATABASE.replace(":5432", ":6432")
OBSERVED = f"postgresql://swecar:{PASSWORD}@{ADDRESSES['a']}:5432/registry"
POOL = 12  # sessions of PgBouncer, for all web servers and schedulers together
LAG = 15  # seconds by which the replica may be behind
PORTS = {"clinic": 8001, "public": 8002}
HOSTS = ("b", "c")

SERVER = {
    "listen_addresses": "*", "unix_socket_directories": "", "shared_buffers": "64MB", "fsync": "off",
    "max_wal_size": "128MB", "max_connections": "100", "log_min_error_statement": "panic",
}  # fmt: skip

PGBOUNCER = f"""
[databases]
registry = host=127.0.0.1 port=5432 dbname=registry
[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {{folder}}/users
pool_mode = transaction
default_pool_size = {POOL}
max_db_connections = {POOL}
max_client_conn = 200
pidfile =
user = nobody
{{more}}
"""
# A client whose host has vanished is noticed within seconds, and its transaction ends.
NOTICE_DEAD_CLIENTS = "tcp_keepidle = 5\ntcp_keepintvl = 5\ntcp_keepcnt = 2\ntcp_user_timeout = 15000"


def wait_for(condition: Callable[[], object], what: str, *, seconds: float = 90) -> float:
    """Seconds until it held. Raises AssertionError."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"Not within {seconds} s: {what}.")
        time.sleep(0.2)
    return time.monotonic() - begun


def start_data_host() -> None:
    """PostgreSQL, PgBouncer in transaction mode before it, and Valkey."""
    folder, program = folder_of("a"), find_postgres()
    account = choose_account(folder, program)
    (folder / "run").mkdir()
    make_database_files(folder, program, account, PASSWORD, fast=True)
    data = folder / "postgres"
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.77.0.0/24 scram-sha-256\nhost replication all 10.77.0.0/24 scram-sha-256\n")
    hand_over(data, account)
    switches = [word for name, value in SERVER.items() for word in ("-c", f"{name}={value}")]
    run("a", "postgres", [*account.prefix, program, "-D", data, *switches], {}, **account.change_of_user())
    valkey = ["--bind", "*", "--protected-mode", "no", "--save", "", "--maxmemory-policy", "noeviction"]
    run("a", "valkey", [find_valkey(), *valkey], {})
    wait_for(lambda: _responds(OBSERVED.replace("/registry", "/postgres")), "PostgreSQL")
    with psycopg.connect(OBSERVED.replace("/registry", "/postgres"), autocommit=True) as connection:
        for role in (OWNER, *ROLES):  # as deploy/postgres/roles.sh makes them
            connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER PASSWORD '{PASSWORD}'")
        connection.execute(f"CREATE ROLE {IMPORTER} NOLOGIN NOSUPERUSER")
        connection.execute(f"GRANT {IMPORTER} TO {WORKER}")
        connection.execute(f"GRANT {WORKER} TO {OWNER}")
        connection.execute(
            f"CREATE DATABASE registry OWNER {OWNER} ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
        )
    pooler = folder / "pgbouncer"
    pooler.mkdir()
    (pooler / "users").write_text("".join(f'"{role}" "{PASSWORD}"\n' for role in (OWNER, *ROLES)))
    configuration = PGBOUNCER.format(folder=pooler, more=NOTICE_DEAD_CLIENTS)
    (pooler / "pgbouncer.ini").write_text(configuration)
    run("a", "pgbouncer", ["pgbouncer", "-q", pooler / "pgbouncer.ini"], {})
    wait_for(lambda: _responds(POOLED), "PgBouncer")


def start_replica() -> subprocess.Popen:
    """A streaming replica on the host c, for the public process there."""
    program, folder = find_postgres(), folder_of("c") / "replica"
    account = choose_account(folder_of("c"), program)
    folder.mkdir()
    hand_over(folder, account)
    source = OBSERVED.replace("/registry", "/postgres")
    copy = [
        program.with_name("pg_basebackup"),
        "-d",
        source,
        "-D",
        folder / "data",
        "-R",
        "-c",
        "fast",
        "--no-sync",
    ]
    if run("c", "copy", [*account.prefix, *copy], {}, **account.change_of_user()).wait(60):
        raise AssertionError(log_of("c", "copy").read_text())
    settings = SERVER | {"wal_receiver_timeout": "5s", "max_standby_streaming_delay": "5s"}
    switches = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [*account.prefix, program, "-D", folder / "data", *switches]
    replica = run("c", "replica", command, {}, **account.change_of_user())
    wait_for(lambda: _responds(OBSERVED.replace(ADDRESSES["a"], ADDRESSES["c"])), "the replica")
    return replica


def _responds(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def run_once(*words: str, variables: dict[str, str]) -> None:
    """A command of the service, on the host a."""
    process = run("a", "once", [sys.executable, *words], variables | {"DATABASE_URL": DATABASE})
    if process.wait(120):
        raise AssertionError(f"{words}: {log_of('a', 'once').read_text()[-1000:]}")


def start_role(host: str, role: str, variables: dict[str, str]) -> subprocess.Popen:
    """One role of the image. An import keeps its rows in its session, so a worker has no pooler."""
    url = DATABASE if role == "worker" else POOLED
    more = {"APP_ROLE": role, "PORT": str(PORTS.get(role, 8000)), "DATABASE_URL": as_role(role, url)}
    if (host, role) == ("c", "public"):
        more |= {
            "PUBLIC_DATABASE_URL": as_role(role, DATABASE.replace(ADDRESSES["a"], "127.0.0.1")),
            "REPLICA_LAG_SECONDS": str(LAG),
        }
    return run(host, role, [sys.executable, "-m", "swecar.start"], variables | more)


def as_role(process: str, url: str) -> str:
    """The URL for the role that this process connects as."""
    return url.replace(f"//{OWNER}:", f"//{OF_PROCESS[process]}:")


def status_of(host: str, role: str, path: str = "/health/ready") -> int:
    """The status of a web server, asked from another host; 0 if nothing comes within two seconds."""
    line = HTTPConnection(ADDRESSES[host], PORTS[role], timeout=2)
    try:
        line.request("GET", path, headers={"Host": "registry.test", "X-Forwarded-Proto": "https"})
        return line.getresponse().status
    except OSError:
        return 0
    finally:
        line.close()


def start_front() -> None:
    """nginx with the rules of deploy/, and both hosts behind it."""
    servers = {role: [f"{ADDRESSES[host]}:{port}" for host in HOSTS] for role, port in PORTS.items()}
    command = write_configuration(folder_of("front"), servers=servers, secure="443", plain="80")
    # As compose.yaml sets them for nginx.
    kernel = {"time": 5, "intvl": 5, "probes": 2}
    words = [f"net.ipv4.tcp_keepalive_{name}={value}" for name, value in kernel.items()]
    run("front", "kernel", ["sysctl", "-q", "-w", *words], {}).wait(10)
    run("front", "nginx", command, {})

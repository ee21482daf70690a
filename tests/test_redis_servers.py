"""The broker and the cache by TLS, and by Sentinels whose master dies: real servers, a real worker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from registry.models import Run
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from swecar.local.programs import find_valkey
from tests import factories
from tests.poolers import find, running
from tests.working import database_url, kill, wait_for, worker

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "hem/l?gt@"
QUOTED = "hem%2Fl%3Fgt%40"
USE = """
import django
django.setup()
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from registry.entry import publish_request
cache.set("kept", "by all", 60)
token = {"authorization": f"Bearer {settings.MONITORING_TOKEN}"}
print(cache.get("kept"), Client().get("/health/deep", headers=token).json()["broker"])
publish_request.queue_publication()
publish_request._sender.shutdown()
"""


def use(address: str) -> str:
    """Use cache and broker as a web server does, and queue a publication; what it prints."""
    variables = {"DATABASE_URL": database_url(), "REDIS_URL": address, "DJANGO_SETTINGS_MODULE": "swecar.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", USE], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    assert "did not take the message" not in ended.stderr, ended.stderr
    return ended.stdout.strip()


def count_published() -> int:
    return Run.objects.exclude(finished_at=None).count()


def assert_used(address: str) -> None:
    before = count_published()
    assert use(address) == "by all True"
    wait_for(lambda: count_published() == before + 1, "a publication by the worker")


def make_certificate(folder) -> None:
    """A certificate for 127.0.0.1 that is its own authority."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    made = made.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    )
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    folder.joinpath("ca.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    folder.joinpath("key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))


@pytest.fixture
def by_tls(tmp_path):
    """The port of a server that speaks TLS alone."""
    make_certificate(tmp_path)
    port = find_free_port()
    files = {"tls-cert-file": "ca.pem", "tls-key-file": "key.pem", "tls-ca-cert-file": "ca.pem"}
    words = [word for name, file in files.items() for word in (f"--{name}", str(tmp_path / file))]
    server = [find("redis-server", "valkey-server"), "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"]
    server += ["--save", "", "--tls-auth-clients", "no", "--requirepass", PASSWORD, "--dir", str(tmp_path)]
    with running(*server, *words, port=port):
        yield port


def test_the_broker_and_the_cache_by_tls(committed_lists, by_tls, tmp_path):
    address = f"rediss://:{QUOTED}@127.0.0.1:{by_tls}/3?ssl_ca_certs={tmp_path / 'ca.pem'}"
    factories.record(committed_lists, factories.nth_number(0))
    with worker(address):
        assert_used(address)


def test_a_server_whose_certificate_nobody_vouches_for_is_not_spoken_to(committed_lists, by_tls):
    variables = {"REDIS_URL": f"rediss://:{QUOTED}@127.0.0.1:{by_tls}/3", "DATABASE_URL": database_url()}
    variables |= {"DJANGO_SETTINGS_MODULE": "swecar.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", USE], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    assert ended.stdout.strip() == "None False"


@contextmanager
def watched_pair(folder) -> Iterator[tuple[subprocess.Popen, int, list[int]]]:
    """A master, the port of its replica, and those of three Sentinels that know both."""
    program = str(find_valkey())
    first, second, *watching = (find_free_port() for _server in range(5))
    usual = [program, "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD, "--masterauth", PASSWORD]
    usual += ["--dir", str(folder), "--repl-diskless-sync-delay", "0"]
    with ExitStack() as stack:
        master = stack.enter_context(running(*usual, "--port", str(first), port=first))
        replica = [*usual, "--port", str(second), "--replicaof", "127.0.0.1", str(first)]
        stack.enter_context(running(*replica, port=second))
        for port in watching:
            file = folder / f"sentinel-{port}.conf"
            file.write_text(
                f"port {port}\nbind 127.0.0.1\nsentinel monitor master 127.0.0.1 {first} 2\n"
                f'sentinel auth-pass master "{PASSWORD}"\nsentinel down-after-milliseconds master 1000\n'
            )
            stack.enter_context(running(program, str(file), "--sentinel", port=port))
        wait_for(lambda: follow(second)["master_link_status"] == "up", "a replica that follows")
        watcher = redis.Redis(port=watching[0])
        wait_for(lambda: watcher.sentinel_master("master")["num-other-sentinels"] == 2, "three Sentinels")
        wait_for(lambda: watcher.sentinel_master("master")["num-slaves"] == 1, "a known replica")
        yield master, second, watching


def follow(port: int) -> dict:
    return redis.Redis(port=port, password=PASSWORD).info("replication")


def told_master(port: int) -> int:
    """The port of the master that a Sentinel tells."""
    return int(redis.Redis(port=port).sentinel_get_master_addr_by_name("master")[1])


def test_the_broker_and_the_cache_by_sentinels_whose_master_dies(committed_lists, tmp_path):
    """The worker by one form of the address, a web server by the other (test_settings.py has them equal)."""
    factories.record(committed_lists, factories.nth_number(0))
    with watched_pair(tmp_path) as (master, second, watching):
        hosts = [f"127.0.0.1:{port}" for port in watching]
        one = f"redis+sentinel://:{QUOTED}@{','.join(hosts)}/master/2"
        other = ";".join(f"sentinel://:{QUOTED}@{host}" for host in hosts) + "/2?master_name=master"
        with worker(one):
            assert_used(other)
            kill(master)
            wait_for(lambda: follow(second)["role"] == "master", "the replica's promotion")
            # A Sentinel tells the old address for an instant longer; meanwhile the cache knows nothing, as it may.
            wait_for(lambda: {told_master(port) for port in watching} == {second}, "Sentinels that tell of it")
            assert_used(one)

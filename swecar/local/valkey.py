"""Starting Valkey, the broker and the cache."""

import socket
from pathlib import Path

from swecar.local.accounts import VARIABLES, hand_over
from swecar.local.plan import Account, Plan
from swecar.local.ports import start_on_a_free_port
from swecar.local.processes import Child

VALKEY_SETTINGS = """
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
maxmemory-policy noeviction
"""


def start_valkey(var: Path, program: Path, account: Account, password: str) -> tuple[Child, str]:
    """Start Valkey; return it and its URL. It stores nothing on disk."""
    folder = var / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    hand_over(folder, account)

    def plan(port: int) -> Plan:
        # The settings go through standard input, since every user can read a command line.
        settings = VALKEY_SETTINGS.format(port=port, password=password)
        return Plan("valkey", [program, "-"], folder, VARIABLES, standard_input=settings, account=account)

    child, port = start_on_a_free_port(plan, lambda port: valkey_is_ready(port, password), var)
    return child, f"redis://:{password}@127.0.0.1:{port}/0"


def valkey_is_ready(port: int, password: str) -> bool:
    """Whether Valkey is up and accepts the password."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as response:
                return [response.readline(), response.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
    except OSError:
        return False

"""deploy/nginx.conf for a run as any user on this machine, with its own folder, ports and certificate."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from swecar.local.folder import ROOT

OWN_USER = "user root;\n" if os.getuid() == 0 else ""  # the folder is its owner's alone


def find_nginx() -> str | None:
    """The program, which Debian puts where only root looks."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def write_configuration(
    folder: Path, *, servers: Mapping[str, Sequence[str]], secure: str, plain: str, more: str = ""
) -> list[str]:
    """Write it into the folder; the command that runs it.

    servers: the addresses of `public` and of `clinic`. secure, plain: where it listens. more: what stands in the
    first block of the server that listens at secure.
    """
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for role, addresses in servers.items():
        lines = "\n        ".join(f"server {address} max_fails=3;" for address in addresses)
        text = text.replace(f"server {role}:8000 max_fails=3;", lines)
    text = text.replace("listen 8443 ", f"listen {secure} ").replace("listen 8080;", f"listen {plain};")
    text = text.replace("/tmp/", f"{folder}/").replace("/run/secrets/", f"{folder}/")  # noqa: S108
    text = text.replace("/dev/stdout", f"{folder}/access.log").replace("/dev/stderr", f"{folder}/error.log")
    text = text.replace("        # For machines inside alone.", f"{more}\n        # For machines inside alone.")
    (folder / "nginx.conf").write_text(f"{text}daemon off;\n{OWN_USER}", encoding="utf-8")
    _make_certificate(folder)
    return [str(find_nginx()), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]


def _make_certificate(folder: Path) -> None:
    subprocess.run(
        [str(shutil.which("openssl")), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-days", "1", "-keyout", folder / "tls_key", "-out", folder / "tls_certificate"],
        check=True, capture_output=True,
    )  # fmt: skip

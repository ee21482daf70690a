"""What settings must be together that are right one by one."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from swecar.variables import EnvironmentProblem

TOGETHER = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"), ("EMAIL_USER", "EMAIL_PASSWORD")

LOOK_UP = ("clinic", "worker")  # roles that look up persons
OPTIONAL = {"TRACES_URL": "opentelemetry", "SENTRY_DSN": "sentry_sdk"}


def check_together(values: Mapping[str, Any]) -> None:
    """Raise EnvironmentProblem if settings that are right one by one do not fit together."""
    problems = []
    for names in TOGETHER:
        missing = [name for name in names if not values[name]]
        if missing and len(missing) < len(names):
            problems.append(f"{' and '.join(missing)} not set. Set all of {', '.join(names)}, or none of them.")
    if values["HSTS_PRELOAD"] and not values["HSTS_SUBDOMAINS"]:
        problems.append("HSTS_PRELOAD is set without HSTS_SUBDOMAINS, which browsers ask for. Set both or none.")
    if values["PROXIES"] == 0 and not (values["INSECURE_HTTP"] or values["DEBUG"]):
        problems.append(
            "PROXIES is 0, so that no proxy is believed, and only a proxy can say that a request came by HTTPS. "
            "Write how many there are."
        )
    problems += _check_keys(values)
    for name, package in OPTIONAL.items():
        if values[name] and not find_spec(package):
            problems.append(
                f"{name} is set, and the package {package} is not installed. Install requirements-tracing.txt, or "
                "remove the setting."
            )
    if problems:
        raise EnvironmentProblem("\n".join(problems))


def _check_keys(values: Mapping[str, Any]) -> Iterator[str]:
    """The keys are here or with the keeper, and only those who look up persons need either."""
    if values["IDENTITY_KEEPER_URL"] and values["IDENTITY_KEYS"]:
        yield "IDENTITY_KEYS is set beside IDENTITY_KEEPER_URL; only the keeper is to have keys. Set one of them."
    elif values["IDENTITY_KEEPER_URL"] and not values["KEEPER_SECRET"] and values["APP_ROLE"] in LOOK_UP:
        yield "KEEPER_SECRET is not set. Write the one that the keeper has."
    elif not values["IDENTITY_KEEPER_URL"] and not values["IDENTITY_KEYS"] and values["APP_ROLE"] in LOOK_UP:
        yield "IDENTITY_KEYS is not set. Write id:key; `openssl rand -base64 32` makes a key."

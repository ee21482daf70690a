"""What settings must be together that are right one by one."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from swecar.variables import EnvironmentProblem

TOGETHER = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"), ("EMAIL_USER", "EMAIL_PASSWORD")

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
    for name, package in OPTIONAL.items():
        if values[name] and not find_spec(package):
            problems.append(
                f"{name} is set, and the package {package} is not installed. Install requirements-tracing.txt, or "
                "remove the setting."
            )
    if problems:
        raise EnvironmentProblem("\n".join(problems))

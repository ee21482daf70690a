"""Where and how the log is printed: every process, to its standard error."""

from typing import Any


def read_logging(form: str) -> dict[str, Any]:
    """Django's LOGGING. form: `json` or `line`."""
    printed = {"handlers": ["console"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "swecar.log_lines.LineWithoutNumbers",
                "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            },
            "json": {"()": "swecar.json_lines.JsonLine"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form}},
        "root": {"handlers": ["console"], "level": "INFO"},
        # Django and the web server have handlers of their own, which would print otherwise.
        "loggers": {"django": {"level": "INFO", **printed}, "_granian": printed},
    }

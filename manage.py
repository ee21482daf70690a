#!/usr/bin/env python3
"""Operator commands of swecar: `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line

from swecar.local.command import serve_command


def main(arguments: list[str]) -> None:
    """Run one command.

    serve_embedded starts the servers that the settings need, so it comes before the settings.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
    if arguments[1:2] == ["serve_embedded"]:
        sys.exit(serve_command(arguments[2:]))
    execute_from_command_line(arguments)


if __name__ == "__main__":
    main(sys.argv)

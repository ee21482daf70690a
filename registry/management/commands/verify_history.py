"""`manage.py verify_history`: recompute the chains of history and access log."""

import argparse
import re

from django.core.management.base import CommandError

from registry.management.record_command import RecordCommand
from registry.management.tables import lay_out
from registry.publishing.history_proof import prove_history
from swecar.postgresql.roles import WORKER

HEAD = re.compile(r"(\d+):(sha256:[0-9a-f]{64})")


def read_head(text: str) -> tuple[int, str]:
    """A snapshot's number and its printed head of the history."""
    found = HEAD.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError("write SNAPSHOT:HEAD, such as 12:sha256:0f…")
    return int(found[1]), found[2]


class Command(RecordCommand):
    """Exit 0 if every chain agrees, 1 with what was altered, is missing or was inserted."""

    works_as = (WORKER,)
    help = "Recompute the chains of hashes over history and access log, and name the first row that differs."

    def add_arguments(self, parser):
        parser.add_argument(
            "--head",
            type=read_head,
            action="append",
            default=[],
            metavar="SNAPSHOT:HEAD",
            help="a snapshot's number and its history_head as published: what was there then must be there still",
        )

    def handle(self, *, head, **options):
        proof = prove_history(published=dict(head))
        rows = [(chain.table, chain.rows, chain.links, chain.stones, chain.head) for chain in proof.chains]
        self.stdout.write(lay_out(("table", "rows", "links", "stones", "head"), rows))
        if proof.findings:
            raise CommandError("\n".join(proof.findings), returncode=1)
        self.stdout.write("History and access log are as they were written.")

"""Progress of long commands."""

import sys

from tqdm import tqdm


class ProgressBar:
    """A progress bar for each stage, on a terminal only, so that logs hold just the report."""

    def __init__(self, *, quiet: bool):
        self.quiet = quiet or not sys.stderr.isatty()
        self.stage = ""
        self.bar: tqdm = tqdm(disable=True)

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self.stage:
            self.close()
            self.stage = stage
            self.bar = tqdm(total=total, desc=stage, unit_scale=True, disable=self.quiet)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        self.bar.close()

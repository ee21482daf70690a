"""Static files, sent small where the public asks for them."""

from collections.abc import Iterator, Mapping

from whitenoise.storage import CompressedStaticFilesStorage


class OwnFilesCompressed(CompressedStaticFilesStorage):
    """Compresses our own files alone: the administration's and the documentation's take 15 seconds."""

    def post_process(self, paths: Mapping[str, object], dry_run: bool = False, **options) -> Iterator:
        """Those under pages/."""
        own = {path: found for path, found in paths.items() if path.startswith("pages/")}
        return super().post_process(own, dry_run, **options)

"""Static files, compressed where public pages use them."""

from collections.abc import Iterator, Mapping

from whitenoise.storage import CompressedStaticFilesStorage


class OwnFilesCompressed(CompressedStaticFilesStorage):
    """Compresses only our own files; those of the admin and the API documentation take 15 seconds."""

    def post_process(self, paths: Mapping[str, object], dry_run: bool = False, **options) -> Iterator:
        """Compress the files under pages/."""
        own = {path: found for path, found in paths.items() if path.startswith("pages/")}
        return super().post_process(own, dry_run, **options)

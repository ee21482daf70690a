"""Static files, compressed where public pages use them, and in production under names that tell their content.

And the documents, where their site has been built.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from wsgiref.headers import Headers

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedStaticFilesStorage

DOCUMENTS = Path(__file__).parents[1] / "site" / "docs"  # made by `make docs`
PREFIX = "/docs/"
# The site's pages have scripts and styles of their own within them. None loads anything from another host.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class OwnFilesCompressed(CompressedStaticFilesStorage):
    """Compresses only our own files; those of the admin and the API documentation take 15 seconds."""

    def post_process(self, paths: Mapping[str, object], dry_run: bool = False, **options) -> Iterator:
        """Compress the files under pages/."""
        own = {path: found for path, found in paths.items() if path.startswith("pages/")}
        return super().post_process(own, dry_run, **options)


class HashedFiles(ManifestStaticFilesStorage):
    """Gives each a name by its content, so that no cache ever has an old one; the image compresses all of them."""

    def post_process(self, paths: Mapping[str, object], dry_run: bool = False, **options) -> Iterator:
        """Keep each file under its name by content alone."""
        yield from super().post_process(paths, dry_run, **options)
        for plain in () if dry_run else self.hashed_files:
            self.delete(plain)

    def stored_name(self, name: str) -> str:
        """The name by content; the plain one where the files have not been collected."""
        return super().stored_name(name) if self.hashed_files else name


class StaticFiles(WhiteNoiseMiddleware):
    """Serves the static files, and under /docs/ the documents."""

    FOREVER = 365 * 24 * 3600  # for a file under a name that tells its content

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.add_headers_function = limit_documents
        if DOCUMENTS.is_dir():
            self.index_file = "index.html"
            self.add_files(str(DOCUMENTS), prefix=PREFIX)


def limit_documents(headers: Headers, path: str, url: str) -> None:
    """Say in the documents' headers what their pages may load."""
    if url.startswith(PREFIX):
        headers["Content-Security-Policy"] = POLICY

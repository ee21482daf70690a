"""Static files, compressed where public pages use them, and in production under names that tell their content.

And the documents, where their site has been built.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from wsgiref.headers import Headers

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedStaticFilesStorage

from swecar.http.browser_limits import POLICY, document_policy, drawing_policy

DOCUMENTS = Path(__file__).parents[1] / "site" / "docs"  # made by `make docs`
PREFIX = "/docs/"
STYLE_IN_SCRIPT = re.compile(rb"'([.:@][^'\\]{500,}\})'")  # one long text


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
        self.add_headers_function = limit_file
        if DOCUMENTS.is_dir():
            self.index_file = "index.html"
            self.add_files(str(DOCUMENTS), prefix=PREFIX)


@cache
def find_styles(folder: Path) -> list[bytes]:
    """The style sheets that the scripts of the documents' site put into its pages: the search has one."""
    scripts = sorted(folder.glob("assets/javascripts/*.js"))
    return [style for path in scripts for style in STYLE_IN_SCRIPT.findall(path.read_bytes())]


def limit_file(headers: Headers, path: str, url: str) -> None:
    """Say what a page of the documents and a drawing may load: of styles and scripts those within it, by hash."""
    if url.startswith(PREFIX) and path.endswith(".html"):
        headers[POLICY] = document_policy(Path(path).read_bytes(), find_styles(DOCUMENTS))
    elif path.endswith(".svg"):
        headers[POLICY] = drawing_policy(Path(path).read_bytes())

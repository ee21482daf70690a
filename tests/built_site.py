"""What the built site of the documents must hold: no dead link, and nothing loaded from another host.

`python -m tests.built_site FOLDER` says what is wrong, a line each.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from swecar.static_files import find_styles

LOADING = {"src", "srcset", "poster", "data", "action"}  # attributes that a browser follows by itself
LOADING_LINKS = {
    "stylesheet",
    "preload",
    "modulepreload",
    "prefetch",
    "icon",
    "preconnect",
    "dns-prefetch",
    "manifest",
}
STYLE_URL = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s]+)""")
# A theme's script can load these on demand, from another host; a page without their marks never asks for them.
MARKS_OF_LOADERS = {"mermaid", "ace-code", "glightbox", "pyodide", "arithmatex"}


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.marks: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        self.marks |= MARKS_OF_LOADERS & set(given.get("class", "").split())
        self.loads += [given[name].split()[0] for name in sorted(LOADING & set(given)) if given[name].strip()]
        self.loads += STYLE_URL.findall(given.get("style", ""))
        if tag == "link" and LOADING_LINKS & set(given.get("rel", "").split()):
            self.loads.append(given["href"])
        elif tag in {"a", "link", "area"} and given.get("href"):
            self.links.append(given["href"])


def is_elsewhere(address: str) -> bool:
    """Whether an address names a host."""
    return bool(urlsplit(address).netloc)


def list_faults(folder: Path) -> list[str]:
    """A line for each dead link and each thing that is loaded from another host."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    faults = [f"{folder}: no page was built"] if not pages else []
    if (folder / "assets" / "javascripts").exists() and not find_styles(folder):
        faults.append("the style of the search was not found, and its policy will refuse it")
    for path, page in pages.items():
        name = path.relative_to(folder)
        faults += [f"{name}: loads {address}" for address in page.loads if is_elsewhere(address)]
        faults += [f"{name}: has what is loaded from another host ({mark})" for mark in sorted(page.marks)]
        # A page for what is not found stands under any address: its links are the server's.
        followed = [] if path.name == "404.html" else [*page.links, *page.loads]
        faults += [f"{name}: dead link {link}" for link in dict.fromkeys(followed) if is_dead(link, path, pages)]
    for path in sorted(folder.rglob("*.css")):
        addresses = STYLE_URL.findall(path.read_text(encoding="utf-8"))
        faults += [
            f"{path.relative_to(folder)}: loads {address}" for address in addresses if is_elsewhere(address)
        ]
    return faults


def is_dead(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    """Whether a link of a page leads to no file of the site, or to no anchor of its page."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    if target.is_dir():
        target /= "index.html"
    known = {page.resolve(): found for page, found in pages.items()}
    if parts.fragment and target in known:
        return unquote(parts.fragment) not in known[target].anchors
    return not target.exists()


if __name__ == "__main__":
    found = list_faults(Path(sys.argv[1]))
    sys.stdout.write("".join(f"{fault}\n" for fault in found))
    sys.exit(bool(found))

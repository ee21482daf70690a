"""What `make docs` says of a site: each dead link, and each thing that would be loaded from another host."""

import pytest

from tests.built_site import list_faults

GOOD = """<html><head><link rel="stylesheet" href="assets/site.css">
<link rel="canonical" href="https://registry.example/">
<script src="assets/search.js"></script></head><body><h1 id="top">One</h1><h2 id="f%C3%B6r">F</h2>
<a href="sub/two.html#part">two</a> <a href="#top">top</a> <a href="sub/">the folder</a>
<a href="https://elsewhere.example/">read on</a>
<a href="mailto:contact@registry.example">write</a> <img src="pictures/map.png" alt=""> </body></html>"""


@pytest.fixture
def site(tmp_path):
    for name, text in {
        "index.html": GOOD,
        "404.html": '<a href="/docs/somewhere.html">home</a>',
        "sub/two.html": '<a href="../index.html">back</a><h1 id="part">Two</h1><h2 id="other">More</h2>',
        "sub/index.html": '<a href="two.html">two</a>',
        "assets/site.css": "h1 { background: url(../pictures/map.png) }",
        "assets/search.js": "",
        "pictures/map.png": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_whole_site_has_no_fault(site):
    assert list_faults(site) == []


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ('<a href="gone.html">', "index.html: dead link gone.html"),
        ('<a href="sub/two.html#gone">', "index.html: dead link sub/two.html#gone"),
        ('<a href="#gone">', "index.html: dead link #gone"),
        ('<img src="pictures/gone.png" alt="">', "index.html: dead link pictures/gone.png"),
        ('<link rel="next" href="gone.html">', "index.html: dead link gone.html"),
        ('<script src="https://cdn.example/x.js"></script>', "index.html: loads https://cdn.example/x.js"),
        ('<script src="//cdn.example/x.js"></script>', "index.html: loads //cdn.example/x.js"),
        ('<link rel="preconnect" href="https://fonts.example">', "index.html: loads https://fonts.example"),
        (
            '<link rel="stylesheet" href="https://fonts.example/css">',
            "index.html: loads https://fonts.example/css",
        ),
        (
            "<p style=\"background: url('https://cdn.example/x.png')\">",
            "index.html: loads https://cdn.example/x.png",
        ),
        ('<iframe src="https://video.example/1"></iframe>', "index.html: loads https://video.example/1"),
        ('<pre class="mermaid">', "index.html: has what is loaded from another host (mermaid)"),
    ],
)
def test_each_fault_is_named(site, added, fault):
    (site / "index.html").write_text(GOOD.replace("</body>", f"{added}</body>"), encoding="utf-8")
    assert list_faults(site) == [fault]


def test_a_style_sheet_loads_nothing_from_elsewhere(site):
    (site / "assets" / "site.css").write_text('@import "https://fonts.example/css"; a { color: red }')
    assert list_faults(site) == ["assets/site.css: loads https://fonts.example/css"]


def test_an_empty_folder_is_no_site(tmp_path):
    assert list_faults(tmp_path) == [f"{tmp_path}: no page was built"]

"""Archives and parts made to cost: a request takes or refuses them within a second and 100 MB, without a fault."""

import io
import struct
import time
import tracemalloc
import zipfile
from contextlib import suppress

import pytest

from registry.entry.importing import job
from registry.errors import FileUnusable
from registry.models import Infusion
from tests import factories
from tests.calling import Program
from tests.test_import import ROW
from tests.test_workbooks import SST, sheet_with, streamed, table
from tests.workbooks import MAIN, OFFICE, PACKAGE, Book, Sheet

BOOK, RELATIONS, STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"
LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + ']><l xmlns="x">&j;</l>'
)


def parts() -> dict[str, bytes]:
    content = Book([Sheet(table(ROW))], formats=["0"], texts=["<si><t>x</t></si>"]).content()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(made: dict[str, bytes], *, empty: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in made.items():
            archive.writestr(name, content)
        for number in range(empty):
            archive.writestr(f"x{number}", b"", zipfile.ZIP_STORED)
    return target.getvalue()


def changed(**contents: str) -> bytes:
    names = {"book": BOOK, "relations": RELATIONS, "styles": STYLES, "texts": "xl/sharedStrings.xml"}
    return packed(parts() | {names[name]: content.encode() for name, content in contents.items()})


def everywhere(content: bytes, mark: bytes, place: int, value: bytes) -> bytes:
    """The archive with bytes set in each of its headers that begin with a mark."""
    made, at = bytearray(content), 0
    while (at := made.find(mark, at)) >= 0:
        made[at + place : at + place + len(value)] = value
        at += 4
    return bytes(made)


def hidden_directory() -> bytes:
    """A list of 90,000 parts that the shorter form of the ending says is small."""
    content = packed(parts(), empty=90_000)
    return everywhere(content, b"PK\x05\x06", 12, struct.pack("<L", 50))


def one_part_for_all(made: bytes) -> bytes:
    """All entries of the list are the same place of the archive."""
    return everywhere(made, b"PK\x01\x02", 42, struct.pack("<L", 0))


def relations(*more: str) -> str:
    first = f'<Relationship Id="s1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    return f'<Relationships xmlns="{PACKAGE}">{first}{"".join(more)}</Relationships>'


def related(kind: str, target: str, many: int) -> list[str]:
    return [f'<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"/>' for number in range(many)]


def sheets(many: int, of: str) -> str:
    listed = "".join(f'<sheet name="n{number}" sheetId="{number}" r:id="{of}"/>' for number in range(many))
    return f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'


def styles(*middle: str) -> str:
    return f'<styleSheet xmlns="{MAIN}">{"".join(middle)}</styleSheet>'


BETWEEN = {
    "line breaks": "\n", "returns": "\r", "both": "\r\n", "spaces": " ", "tabs": "\t", "letters and breaks": "a\n",
    "letters": "å", "references": "&amp;", "numbered breaks": "&#10;", "comments": "<!---->",
    "instructions": "<?a?>",
    "sections": "<![CDATA[\n]]>", "long comments": f"<!--{'x' * 900_000}-->", "long tags": f"<a{' ' * 200_000}/>",
    "long attributes": f'<a b="{" " * 30_000}"/>',
    "many attributes": '<a a="" ' + ' '.join(f'a{n}="1"' for n in range(150)) + '/>',
    "rows and spaces": "<row/>" + " " * 700, "rows and breaks": "<row/>" + "\n" * 700,
    "cells of spaces": f'<row><c t="str"><v>{" " * 700}</v></c></row>',
    "cells of breaks": "<row><c t='str'><v>" + "\n" * 32_000 + "</v></c></row>",
    "cells of text": f'<row><c t="str"><v>{"å" * 32_000}</v></c></row>',
}  # fmt: skip


def much_of(what: str) -> list[str]:
    """70 MB of it."""
    whole = 70 * 10**6 // len(what.encode())
    return [what * (whole // 70 + 1)] * 70


HOSTILE = {
    "texts of 70 MB of spaces": lambda: streamed(
        [SST, *[" " * 10**6] * 70, "</sst>"], part="xl/sharedStrings.xml", texts=[]
    ),
    "three million styles": lambda: changed(styles=styles("<cellXfs>", '<xf numFmtId="0"/>' * 3 * 10**6)),
    "65,000 styles": lambda: changed(
        styles=styles(
            "<numFmts>", *(f'<numFmt numFmtId="{n}" formatCode="0"/>' for n in range(164, 65_000)), "</numFmts>"
        )
    ),
    "long formats": lambda: changed(
        styles=styles(
            "<numFmts>", *(f'<numFmt numFmtId="{n}" formatCode="{"0;" * 499}"/>' for n in range(164, 1100)),
            "</numFmts><cellXfs>", *(f'<xf numFmtId="{n}"/>' for n in range(164, 1100)), "</cellXfs>",
        )
    ),
    "a million sheets": lambda: changed(book=sheets(10**6, "s1")),
    "many sheets of one part": lambda: changed(book=sheets(99, "s1")),
    "a million relations": lambda: changed(relations=relations(*related("worksheet", "y", 200_000))),
    "relations of one long text": lambda: changed(
        texts=f"{SST}{'<si><t>abc</t></si>' * 30_000}</sst>",
        relations=relations(*related("sharedStrings", "sharedStrings.xml", 4_000)),
    ),
    "a million columns": lambda: streamed(
        sheet_with("</sheetData><cols>", *['<col min="1" max="16384" hidden="1"/>' * 10_000] * 100, "</cols>")
    ),
    "100,000 merged ranges": lambda: streamed(
        sheet_with("</sheetData><mergeCells>", *(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(5, 100_005)))
    ),
    "an entity 10,000 times": lambda: streamed(
        [f'<!DOCTYPE l [<!ENTITY a "{"a" * 10**5}">]>', *sheet_with("<row><c><v>", "&a;" * 10_000,
        "</v></c></row>")]
    ),
    "elements in each other": lambda: streamed(sheet_with("<a>" * 10**6)),
    "100,000 parts": lambda: packed(parts(), empty=100_000),
    "parts behind a small ending": hidden_directory,
    "overlapping parts": lambda: one_part_for_all(packed({"xl/a.xml": b"a" * 10**7} | parts())),
    "encrypted parts": lambda: everywhere(packed(parts()), b"PK\x01\x02", 8, b"\x01\x00"),
    "an unknown packing": lambda: everywhere(packed(parts()), b"PK\x01\x02", 10, b"\x63\x00"),
    "another packing": lambda: packed(parts(), method=zipfile.ZIP_LZMA),
    "a list beyond the end": lambda: everywhere(packed(parts()), b"PK\x05\x06", 16, b"\xff\xff\xff\x7f"),
    "a damaged part": lambda: everywhere(packed(parts()), b"PK\x03\x04", 60, b"\x00\xff\x00\xff"),
    "half of it": lambda: packed(parts())[:900],
} | {
    f"a sheet of {name}": lambda what=what: streamed(sheet_with(*much_of(what))) for name, what in BETWEEN.items()
} | {
    f"texts between {name}": lambda what=what: streamed(
        [SST, *much_of(what), "</sst>"], part="xl/sharedStrings.xml", texts=[]
    )
    for name, what in BETWEEN.items() if "row" not in what
} | {
    f"laughs in {name}": lambda name=name: packed(parts() | {name: LAUGHS.encode()})
    for name in (BOOK, RELATIONS, STYLES, "xl/sharedStrings.xml", "_rels/.rels", "xl/worksheets/sheet1.xml")
}  # fmt: skip
READ = {"relations of one long text"}  # what is unused costs little, and stops nothing


@pytest.mark.parametrize("name", HOSTILE)
def test_a_request_takes_or_refuses_it_at_once(lists, bring, monkeypatch, name):
    monkeypatch.setattr(job, "send", lambda *message: None)
    content = HOSTILE[name]()
    program = Program(factories.user("upp", lists.centres["UPP"]))
    started = time.process_time()
    answer = program.upload(content, "x.xlsx")
    assert time.process_time() - started < 1
    assert answer.status_code in {202, 400, 413}, answer.content
    assert answer.status_code == 202 or answer.json()["code"] in {"file_unusable", "file_too_large"}
    started = time.process_time()
    with suppress(FileUnusable):
        bring(content, "x.xlsx", dry_run=True)
    assert time.process_time() - started < 1
    tracemalloc.start()
    try:
        if name in READ:
            assert bring(content, "x.xlsx", dry_run=True)[0].stored == 1
        else:
            with pytest.raises(FileUnusable):
                bring(content, "x.xlsx")
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 100 * 2**20
    assert not Infusion.objects.exists()


def test_an_archive_of_the_longer_form_is_read(bring):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts().items():
            with archive.open(name, "w", force_zip64=True) as part:
                part.write(content)
    assert bring(target.getvalue(), "x.xlsx")[0].stored == 1

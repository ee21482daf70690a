"""Workbooks built by hand, part by part, so that they can be what no library writes."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def letters(place: int) -> str:
    """The letters of a column, from 0."""
    name = ""
    while place >= 0:
        name, place = chr(65 + place % 26) + name, place // 26 - 1
    return name


@dataclass
class Sheet:
    """A sheet: rows of cells, each a text or a whole <c> in which {r} is its address."""

    rows: Sequence[Sequence[str]] | dict[int, Sequence[str]]
    name: str = "Blad1"
    state: str = ""
    dimension: str = ""
    merged: Iterable[str] = ()
    hidden_rows: Iterable[int] = ()
    kind: str = "worksheet"
    prefix: str = ""
    addressed: bool = True

    def xml(self, namespace: str) -> str:
        p = f"{self.prefix}:" if self.prefix else ""
        declared = f"xmlns:{self.prefix}" if self.prefix else "xmlns"
        parts = [f'<?xml version="1.0" encoding="UTF-8"?><{p}worksheet {declared}="{namespace}">']
        if self.dimension:
            parts.append(f'<{p}dimension ref="{self.dimension}"/>')
        parts.append(f"<{p}sheetData>")
        rows = self.rows if isinstance(self.rows, dict) else dict(enumerate(self.rows, 1))
        for number, cells in rows.items():
            hidden = ' hidden="1"' if number in self.hidden_rows else ""
            address = f' r="{number}"' if self.addressed else ""
            parts.append(f"<{p}row{address}{hidden}>")
            for place, cell in enumerate(cells):
                if cell != "" or not self.addressed:
                    where = f'r="{letters(place)}{number}"' if self.addressed else ""
                    parts.append(self.cell(cell, where, p))
            parts.append(f"</{p}row>")
        parts.append(f"</{p}sheetData>")
        if merged := list(self.merged):
            parts.append(f"<{p}mergeCells>{''.join(f'<{p}mergeCell ref={quoteattr(m)}/>' for m in merged)}")
            parts.append(f"</{p}mergeCells>")
        return "".join([*parts, f"</{p}worksheet>"])

    def cell(self, cell: str, where: str, p: str) -> str:
        if cell.startswith("<c"):
            return cell.replace("<c", f"<c {where}", 1)
        return (
            f'<{p}c {where} t="inlineStr"><{p}is><{p}t xml:space="preserve">{escape(cell)}</{p}t></{p}is></{p}c>'
        )


@dataclass
class Book:
    """A workbook of sheets; formats are the number formats of the styles 1, 2, …"""

    sheets: Sequence[Sheet]
    view: str = ""
    properties: str = ""
    formats: Sequence[str] = ()
    texts: Sequence[str] | None = None  # whole <si>
    names: str = ""
    namespace: str = MAIN
    extra: dict[str, bytes] = field(default_factory=dict)

    def content(self) -> bytes:
        relations, listed = [], []
        parts: dict[str, str | bytes] = {}
        for number, sheet in enumerate(self.sheets, 1):
            part = f"{sheet.kind}s/sheet{number}.xml"
            relations.append((f"s{number}", sheet.kind, part))
            parts[f"xl/{part}"] = sheet.xml(self.namespace)
            state = f' state="{sheet.state}"' if sheet.state else ""
            listed.append(f'<sheet name={quoteattr(sheet.name)} sheetId="{number}"{state} r:id="s{number}"/>')
        if self.texts is not None:
            relations.append(("t", "sharedStrings", "sharedStrings.xml"))
            parts["xl/sharedStrings.xml"] = f'<sst xmlns="{self.namespace}">{"".join(self.texts)}</sst>'
        if self.formats:
            relations.append(("f", "styles", "styles.xml"))
            parts["xl/styles.xml"] = self.styles()
        views = f"<bookViews>{self.view}</bookViews>" if self.view else ""
        names = f"<definedNames>{self.names}</definedNames>" if self.names else ""
        parts["xl/workbook.xml"] = (
            f'<workbook xmlns="{self.namespace}" xmlns:r="{OFFICE}">{self.properties}{views}'
            f"<sheets>{''.join(listed)}</sheets>{names}</workbook>"
        )
        parts["xl/_rels/workbook.xml.rels"] = _relations(relations)
        parts["_rels/.rels"] = _relations([("b", "officeDocument", "xl/workbook.xml")])
        parts["[Content_Types].xml"] = f'<Types xmlns="{TYPES}"/>'
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in (parts | self.extra).items():
                archive.writestr(name, text)
        return file.getvalue()

    def styles(self) -> str:
        codes, used = [], ['<xf numFmtId="0"/>']
        for number, code in enumerate(self.formats, 164):
            if code.isdecimal() and code[0] != "0":  # of those that need not be spelled out
                used.append(f'<xf numFmtId="{code}"/>')
            else:
                codes.append(f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>')
                used.append(f'<xf numFmtId="{number}"/>')
        return (
            f'<styleSheet xmlns="{self.namespace}"><numFmts>{"".join(codes)}</numFmts>'
            f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>{"".join(used)}</cellXfs></styleSheet>'
        )


def _relations(relations: Iterable[tuple[str, str, str]]) -> str:
    entries = (
        f'<Relationship Id="{id_}" Type="{OFFICE}/{kind}" Target="{part}"/>' for id_, kind, part in relations
    )
    return f'<Relationships xmlns="{PACKAGE}">{"".join(entries)}</Relationships>'


def packed(**parts: bytes) -> bytes:
    """An archive of these parts; two underlines are a slash."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return target.getvalue()

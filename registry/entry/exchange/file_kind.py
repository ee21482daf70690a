"""The type of a file, from its content: its name is not trusted."""

import codecs
import re
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.errors import FileUnusable

ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")  # OLE: older Office files, and the container of encrypted ones
LARGEST_DIRECTORY = 100_000  # bytes of a ZIP file's central directory; a workbook's has some thousands
ENDING, ENDING_SIZE, LONGEST_ENDING = b"PK\x05\x06", 22, 22 + 65_535
LONG_MARK, LONG_POINTER_MARK, LONG_POINTER, LONG_FORM = b"PK\x06\x06", b"PK\x06\x07", 20, 20 + 56
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
HEAD = 4096
# Control characters that do not occur in tables.
NO_TEXT = re.compile(rb"[\x01-\x08\x0e-\x19]")
A_FEW = 50  # in a text, at most one control character in so many
TAPE, TAPE_AT = b"ustar", 257

OLDER = gettext_noop("a workbook of the older kind (XLS)")
PICTURE = gettext_noop("a picture")
WEB_PAGE = gettext_noop("a web page")
DATABASE = gettext_noop("a file of a database or statistics program")
PROGRAM = gettext_noop("a program")
# The first bytes of a file in lower case, and its type. Files of spreadsheet programs can be saved as XLSX.
SPREADSHEETS = (
    (rb"\x09\x00\x04\x00|\x09\x02\x06\x00|\x09\x04\x06\x00|\x09\x08[\x06\x08\x10]\x00\x00[\x05\x06]", OLDER),
    (rb"id;p[a-z0-9;.]{0,40}\r?\n?[a-z]{1,2};", gettext_noop("a SYLK file")),
    (rb"table\r?\n0,1\r?\n", gettext_noop("a DIF file")),
    (rb"\x00\x00(?:\x02\x00\x04|\x02\x00\x06|\x1a\x00\x00)", gettext_noop("a Lotus 1-2-3 file")),
    (rb"<\?xml.{0,400}(?:excel\.sheet|urn:schemas-microsoft-com:office:spreadsheet)",
     gettext_noop("an XML workbook of the older kind (XML Spreadsheet 2003)")),
    (rb"(?:<\?xml.{0,200})?<office:document", gettext_noop("an OpenDocument file (FODS)")),
    (rb"<!doctype html|<html|<table|<meta|<head|<body|mime-version:|<\?xml.{0,300}<html", WEB_PAGE),
)  # fmt: skip
OTHERS = (
    (rb"%pdf", gettext_noop("a PDF")), (rb"%!ps", gettext_noop("a file for a printer")),
    (rb"\x89png|\xff\xd8\xff|gif8[79]a|ii\*\x00|mm\x00\*|bm.{4}\x00\x00\x00\x00|riff.{4}webp|\x00\x00\x01\x00|<svg"
     rb"|.{4}ftyp(?:hei|mif1|avif)", PICTURE),
    (rb".{4}ftyp|riff.{4}(?:avi|wave)|id3[\x02-\x04]|\x1aE\xdf\xa3", gettext_noop("a video or audio file")),
    (rb"\{\\rtf", gettext_noop("a text document (RTF)")),
    (rb"[\[{]\s*(?:[\"\[{\]}]|$)", gettext_noop("a JSON file")),
    (rb"par1[\x00-\x08\x0e-\x1f]|sqlite format|\x00\x01\x00\x00standard|\$fl[23]@|<stata_dta>|rd[xa]\d\n"
     rb"|\x03.{31}|\x00{12}\xc2\xea\x81\x60", DATABASE),
    (rb"mz.\x00|\x7felf|#!/", PROGRAM),
)  # fmt: skip
PACKED = (
    rb"\x1f\x8b|7z\xbc\xaf\x27\x1c|rar!\x1a\x07|bzh[1-9]1ay|\xfd7zxz\x00|\x28\xb5\x2f\xfd|mscf\x00\x00|\x1f\x9d"
)
OFFICE = {"word/": gettext_noop("a Word document"), "ppt/": gettext_noop("a presentation")}
COMPOUND_PARTS = {
    "WordDocument": OFFICE["word/"], "PowerPoint Document": OFFICE["ppt/"],
    "__substg1.0_": gettext_noop("an e-mail"),
}  # fmt: skip


def is_workbook(file: BinaryIO) -> bool:
    """Whether a file is a workbook (XLSX) and not text; the file is rewound afterwards.

    Raises FileUnusable for any other type, which it names.
    """
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(ARCHIVE):
        _refuse_other_archives(file)
        file.seek(0)
        return True
    if head.startswith(COMPOUND):
        raise FileUnusable(_what_compound(file))
    if sentence := _what_text(head):
        raise FileUnusable(sentence)
    return False


def _can_be_saved(kind: str) -> str:
    return _("This is %(kind)s: open it in a spreadsheet program, and save it as XLSX.") % {"kind": _(kind)}


def _is_no_table(kind: str) -> str:
    sentence = _(
        "This is %(kind)s, not a table: upload the table as XLSX or CSV, with the columns of the template."
    )
    return sentence % {"kind": _(kind)}


def _is_archive() -> str:
    return _("This is an archive, not a workbook: upload the CSV or XLSX file that is in it.")


def _refuse_other_archives(file: BinaryIO) -> None:
    """Refuse an archive that is no workbook, before reading a very large central directory."""
    damaged = FileUnusable(
        _("The workbook is damaged. Open it in a spreadsheet program, save it as XLSX again, and try again.")
    )
    if not 0 <= _measure_directory(file) <= LARGEST_DIRECTORY:
        raise damaged
    file.seek(0)
    try:
        with ZipFile(file) as archive:
            names = set(archive.namelist())
    except (BadZipFile, ValueError, OSError, NotImplementedError):
        raise damaged from None
    file.seek(0)
    if sentence := _what_archive(names, file.read(200)):
        raise FileUnusable(sentence)
    if "_rels/.rels" not in names:
        raise damaged


def _measure_directory(file: BinaryIO) -> int:
    """The size in bytes of an archive's central directory; -1 if unknown.

    Found as zipfile does, which prefers the ZIP64 end record where there is one.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - LONGEST_ENDING - LONG_FORM))
    ending = file.read()
    last = len(ending) - ENDING_SIZE
    found = last if ending[last:].startswith(ENDING) and ending.endswith(b"\x00\x00") else ending.rfind(ENDING)
    if found < 0:
        return -1
    if not ending[max(0, found - LONG_POINTER) : found].startswith(LONG_POINTER_MARK):
        return int.from_bytes(ending[found + 12 : found + 16], "little")
    long = ending[max(0, found - LONG_FORM) : found]
    return int.from_bytes(long[40:48], "little") if long.startswith(LONG_MARK) else -1


def _what_archive(names: set[str], head: bytes) -> str:
    """The type of an archive that is no workbook, as a sentence."""
    if "mimetype" in names and OPEN_DOCUMENT in head:
        if OPEN_DOCUMENT + b"spreadsheet" in head:
            return _can_be_saved(gettext_noop("an OpenDocument file (ODS)"))
        return _is_no_table(gettext_noop("an OpenDocument text, drawing or presentation"))
    if "xl/workbook.bin" in names:
        return _can_be_saved(gettext_noop("a binary workbook (XLSB)"))
    if any(name.endswith((".iwa", "buildVersionHistory.plist")) or ".numbers/" in name for name in names):
        return _("This is a Numbers document: export it as XLSX.")
    for folder, kind in OFFICE.items():
        if any(name.startswith(folder) for name in names):
            return _is_no_table(kind)
    return "" if {"_rels/.rels", "[Content_Types].xml"} & names else _is_archive()


def _what_compound(file: BinaryIO) -> str:
    content = file.read(2**20)
    file.seek(0)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return _("The workbook is protected by a password: save it without one.")
    for part, kind in COMPOUND_PARTS.items():
        if part.encode("utf-16-le") in content:
            return _is_no_table(kind)
    return _can_be_saved(OLDER)


def _what_text(head: bytes) -> str:
    """The type of a file that begins like this, as a sentence, if it is no table."""
    if head[TAPE_AT:].startswith(TAPE) or re.match(PACKED, head.lower(), re.DOTALL):
        return _is_archive()
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if wide:
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    start = head.lower() if head[:1] in b"\x00\x09" else head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for pattern, kind in SPREADSHEETS:
        if re.match(pattern, start, re.DOTALL):
            return _can_be_saved(kind)
    for pattern, kind in OTHERS:
        if re.match(pattern, start, re.DOTALL):
            return _is_no_table(kind)
    if start.startswith(b"<"):
        return _can_be_saved(gettext_noop("an XML file"))
    if not wide and len(NO_TEXT.findall(head)) * A_FEW > len(head):
        return _(
            "This is neither a text nor a workbook: save it as XLSX or CSV, with the columns of the template."
        )
    return ""

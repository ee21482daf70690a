"""What a file is, by its content: its name says nothing."""

from io import BytesIO
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _

from registry.errors import FileUnusable

ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")  # the older Office's files, and what holds encrypted ones
LARGEST_DIRECTORY = 100_000  # bytes of an archive's list of parts; a workbook's has some thousands
ENDING, LONGEST_ENDING = b"PK\x05\x06", 22 + 65_535
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"


def is_workbook(file: BinaryIO) -> bool:
    """Whether a file is a workbook (XLSX), and not a text; it stands at its beginning afterwards.

    Raises FileUnusable for what is neither, with what it is.
    """
    head = file.read(4096)
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


def _refuse_other_archives(file: BinaryIO) -> None:
    """Refuse an archive that is no workbook, before its list of parts is read where that is very long."""
    size = file.seek(0, 2)
    file.seek(max(0, size - LONGEST_ENDING))
    ending = file.read()
    found = ending.rfind(ENDING)
    listed = int.from_bytes(ending[found + 12 : found + 16], "little") if found >= 0 else 0
    damaged = FileUnusable(
        _("The workbook is damaged. Open it in a spreadsheet program, save it as XLSX again, and try again.")
    )
    if found < 0 or listed > LARGEST_DIRECTORY:
        raise damaged
    file.seek(0)
    try:
        with ZipFile(file) as archive:
            names = set(archive.namelist())
    except (BadZipFile, ValueError, OSError, NotImplementedError):
        raise damaged from None
    file.seek(0)
    if "_rels/.rels" in names and "xl/workbook.bin" not in names and not _is_other_office(names):
        return
    if "xl/workbook.bin" in names:
        raise FileUnusable(_("This is a binary workbook (XLSB): save it as XLSX."))
    if "mimetype" in names and OPEN_DOCUMENT in file.read(200):
        raise FileUnusable(_("This is an OpenDocument file (ODS): save it as XLSX."))
    if any(name.endswith(".iwa") for name in names):
        raise FileUnusable(_("This is a Numbers document: export it as XLSX."))
    raise FileUnusable(_("This is an archive, not a workbook: upload the CSV or XLSX file that is in it."))


def _is_other_office(names: set[str]) -> bool:
    return any(name.startswith(("word/", "ppt/")) for name in names)


def _what_compound(file: BinaryIO) -> str:
    content = BytesIO(file.read(2**20)).getvalue()
    file.seek(0)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return _("The workbook is protected by a password: save it without one.")
    return _("This is a workbook of the older kind (XLS): save it as XLSX.")


def _what_text(head: bytes) -> str:
    """What a file is that begins like this, where it is no table."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%pdf"):
        return _("This is a PDF: upload the table that it was made from, as XLSX or CSV.")
    if start.startswith((b"\x89png", b"\xff\xd8\xff", b"gif8")):
        return _("This is a picture, not a table: upload the table as XLSX or CSV.")
    if start.startswith((b"<!doctype html", b"<html", b"<table")):
        return _("This is a web page, not a table: open it in a spreadsheet program, and save it as XLSX.")
    if start.startswith(b"<?xml") or start.startswith(b"<"):
        return _("This is an XML file: open it in a spreadsheet program, and save it as XLSX.")
    if start.startswith((b"{\\rtf", b"{", b"[")):
        return _("This is not a table: save it as XLSX or CSV with the columns of the template.")
    return ""

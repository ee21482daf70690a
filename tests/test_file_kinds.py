"""What is no exchange file is named for what it is, with what to do, whichever way it comes in."""

import gzip
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override

from registry.entry.exchange.file_reader import read_open_lines
from registry.entry.importing import job
from registry.errors import FileUnusable
from registry.models import ImportJob
from tests import factories
from tests.calling import Program, refused
from tests.exchange_files import as_csv
from tests.test_import import COLUMNS, ROW
from tests.workbooks import Book, Sheet, packed


def compound(*names: str) -> bytes:
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    return head + b"".join(name.encode("utf-16-le").ljust(128, b"\x00") for name in names)


def open_document(kind: str) -> bytes:
    return packed(mimetype=f"application/vnd.oasis.opendocument.{kind}".encode(), **{"content.xml": b"<a/>"})


ZEROS = bytes(60)
SHEET_2003 = b'<?xml version="1.0"?>\r\n<?mso-application progid="Excel.Sheet"?>\r\n<Workbook/>'
KINDS = {
    "(XLS)": [
        bytes.fromhex("0900040002001000") + ZEROS, bytes.fromhex("0902060000001000") + ZEROS,
        bytes.fromhex("0904060000001000") + ZEROS, bytes.fromhex("0908080000050500") + ZEROS,
        compound("Root Entry", "Workbook"), compound("Root Entry", "Book"),
    ],
    "password": [compound("Root Entry", "EncryptionInfo", "EncryptedPackage")],
    "an archive": [
        gzip.compress(as_csv([ROW])), bytes.fromhex("377abcaf271c0004") + ZEROS, b"Rar!\x1a\x07\x00" + ZEROS,
        b"Rar!\x1a\x07\x01\x00" + ZEROS, b"BZh91AY&SY" + ZEROS, bytes.fromhex("fd377a585a00") + ZEROS,
        bytes.fromhex("28b52ffd") + ZEROS, b"rows.csv".ljust(257, b"\x00") + b"ustar\x0000" + ZEROS,
        packed(**{"rows.csv": b"a"}), packed(**{"rows.xlsx": b"PK"}), packed(),
    ],
    "SYLK": [b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"centre"\r\nE\r\n', b'ID;P\nC;Y1;X1;K"centre"\nE\n'],
    "DIF": [b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n0,15\r\n'],
    "a PDF": [b"%PDF-1.7\n", b"\xef\xbb\xbf\r\n%PDF-1.4"],
    "a web page": [
        b"<html><table>", b'\xef\xbb\xbf<HTML xmlns:x="urn:schemas-microsoft-com:office:excel">',
        b"<!DOCTYPE html>",
        "\ufeff<html><table>".encode("utf-16-le"), b'<meta http-equiv="content-type"><table>',
        b"\n <table border=1>",
        b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", b'<?xml version="1.0"?>\n<html xmlns="x">',
    ],
    "XML Spreadsheet 2003": [SHEET_2003, b"\xef\xbb\xbf" + SHEET_2003, SHEET_2003.decode().encode("utf-16"),
                             b'<?xml version="1.0"?>'
                             b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'],
    "(FODS)": [b'<?xml version="1.0" encoding="UTF-8"?>\n<office:document xmlns:office="urn:x">'],
    "an XML file": [b'<?xml version="1.0"?><rows/>', b"<rows/>"],
    "Numbers": [packed(**{"Index__Document.iwa": b""}), packed(**{"x.numbers__Index.zip": b"PK"}),
                packed(**{"index.xml": b"<a/>", "buildVersionHistory.plist": b""})],
    "a Word document": [packed(**{"_rels__.rels": b"<a/>", "[Content_Types].xml": b"",
    "word__document.xml": b""}),
                        compound("Root Entry", "WordDocument")],
    "a presentation": [packed(**{"_rels__.rels": b"<a/>", "ppt__presentation.xml": b""}),
                       compound("Root Entry", "PowerPoint Document")],
    "an e-mail": [compound("Root Entry", "__substg1.0_001A001E")],
    "(ODS)": [open_document("spreadsheet")], "drawing": [open_document("text"), open_document("presentation")],
    "(XLSB)": [packed(**{"_rels__.rels": b"<a/>", "xl__workbook.bin": b""})],
    "a JSON file": [b'[{"centre": "UPP"}]', b'{"rows": []}', b'\xef\xbb\xbf\n{"a": 1}', b"[]",
                    b'{"a":1}\n{"a":2}\n',
                    '\ufeff[{"a": 1}]'.encode("utf-16-le")],
    "a picture": [
        b"\x89PNG\r\n\x1a\n" + ZEROS, b"\xff\xd8\xff\xe0" + ZEROS, b"GIF89a" + ZEROS, b"II*\x00" + ZEROS,
        b"MM\x00*" + ZEROS, b"BM\x36\x10\x00\x00\x00\x00\x00\x00" + ZEROS, b"RIFF\x10\x00\x00\x00WEBPVP8 " + ZEROS,
        b"\x00\x00\x00\x18ftypheic" + ZEROS, b"<svg/>",
    ],
    "(RTF)": [b"{\\rtf1\\ansi"],
    "database or statistics": [b"SQLite format 3\x00" + ZEROS, b"PAR1\x15\x04" + ZEROS, b"$FL2@(#) SPSS DATA FILE",
                               b"\x00\x01\x00\x00Standard ACE DB\x00" + ZEROS],
    "neither a text nor a workbook": [bytes(range(1, 32)) * 20],
    "damaged": [packed(**{"[Content_Types].xml": b"", "xl__workbook.xml": b""}), b"PK\x03\x04 and nothing"],
    "The file is empty": [
        b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\n", b"  \r\n\t\r\n \r\n", b",,,\n;;;\n", b"\x1a",
        bytes(500),
        b"\xef\xbb\xbf\r\n\r\n", "\ufeff\r\n\r\n".encode("utf-16-le"), b"sep=;\r\n", b"\r\r\r",
        " \xa0\u2003\n".encode(),
        Book([Sheet([])]).content(), Book([Sheet([[" "], ["", "\xa0"]])]).content(),
        Book([Sheet([["<c/>"] * 5] * 3, addressed=False)]).content(),
    ],
}  # fmt: skip


@pytest.mark.parametrize("said", KINDS)
def test_a_file_is_named_for_what_it_is(said):
    for content in KINDS[said]:
        for language in ("en", "sv"):
            with override(language), pytest.raises(FileUnusable) as unusable:
                list(read_open_lines(io.BytesIO(content), size=len(content), centre_given=False))
            if language == "en":
                assert said in str(unusable.value), content[:40]
            assert ("XLSX" in str(unusable.value)) or said in {"password", "The file is empty"}


@pytest.mark.parametrize("said, content", [(said, contents[0]) for said, contents in KINDS.items()])
def test_it_is_one_sentence_by_command_upload_and_interface(
    lists, write, manage, client, monkeypatch, said, content
):
    monkeypatch.setattr(job, "send", lambda *message: None)
    user = factories.user("upp", lists.centres["UPP"])
    code, out, err = manage("import_infusions", write(content, "x.xlsx"))
    assert (code, out) == (2, "") and said in err
    assert said in refused(Program(user).upload(content, "rows.csv"), 400, "file_unusable")["detail"]
    client.force_login(user)
    page = client.post("/en/clinic/imports/", {"file": SimpleUploadedFile("x.xls", content)})
    assert page.status_code == 200 and said in page.content.decode()
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize(
    "title", ["BM 2024", "ID;Patienter", "MZ", "Table", "RIFF", "ID3", "[2024]", "{x}", "Par1", "#1"]
)
def test_a_title_that_begins_like_another_kind_is_a_title(title):
    content = f"{title}\n".encode() + as_csv([ROW])
    lines = list(read_open_lines(io.BytesIO(content), size=len(content), centre_given=False))
    assert [line.fields and line.fields["centre"] for line in lines] == [None, "UPP"]


def test_a_table_whose_first_column_has_no_name_is_no_other_kind():
    """It begins with a tab, as the oldest workbooks do."""
    content = ("\t" + "\t".join(COLUMNS) + "\n\t" + "\t".join(ROW[name] for name in COLUMNS) + "\n").encode()
    [line] = read_open_lines(io.BytesIO(content), size=len(content), centre_given=False)
    assert line.fields == {name: ROW[name] for name in COLUMNS}

"""Forms of mails as other programs have written them, right and wrong: each asks the same, and is to be read as asking it."""

from base64 import b64encode

import pytest

from integrations.mail import quoting, reading
from integrations.mail.sorting import MailSort, sort

ASK = "积分会过期吗？"
UTF8 = "Content-Type: text/plain; charset=utf-8\r\n"
PARTS = f"--b\r\n{UTF8}\r\n{ASK}\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>{ASK}</p>\r\n--b--\r\n"
HTML = "Content-Type: {}; charset=utf-8\r\n"


def mail(head: str, body: str | bytes = ASK, sender: str = "王 <wang@home.test>") -> bytes:
    written = body if isinstance(body, bytes) else body.encode()
    first = (
        f"From: {sender}\r\nTo: study@centre.test\r\nSubject: x\r\nMessage-ID: <1@home.test>\r\nMIME-Version: 1.0\r\n"
    )
    return f"{first}{head}\r\n".encode() + written


def called(charset: str, codec: str) -> bytes:
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n"
    return mail(head, b64encode(ASK.encode(codec)))


def carried(encoding: str, body: bytes) -> bytes:
    return mail(f"{UTF8}Content-Transfer-Encoding: {encoding}\r\n", body)


def parted(kind: str, body: str = PARTS) -> bytes:
    return mail(f"Content-Type: {kind}\r\n", body)


ENCODED = b64encode(ASK.encode())
FORMS = {
    **{
        f"charset {charset}": called(charset, codec)
        for charset, codec in (
            ("utf-8, gbk", "utf-8"), ("", "utf-8"), ("x-gbk", "gbk"), ("'gb2312'", "gb18030"), ("hz-gb-2312", "hz"), ("utf-16", "utf-16"),
            ("unicode", "utf-8"), ("default", "gbk"), ("us-ascii", "utf-8"), ("iso-8859-1", "gbk"), ("windows-1252", "gbk"), ("us-ascii", "gbk"),
            ("utf-7", "utf-7"), ("gb_2312-80", "gbk"), ("utf8mb4", "utf-8"), ("euc-cn", "gbk"), ("_autodetect", "gbk"), ('utf-8"', "utf-8"),
        )
    },
    "encoding with a blank": carried("base64 ", ENCODED),
    "encoding with a comment": carried("base64 (all of it)", ENCODED),
    "encoding with a parameter": carried("8bit; x=1", ASK.encode()),
    "encoding that is none": carried("utf-8", ASK.encode()),
    "encoded without its end": carried("base64", ENCODED.rstrip(b"=")),
    "encoded with signs that are none": carried("base64", ENCODED[:8] + b"!!\r\n" + ENCODED[8:]),
    "encoded, and a footer behind it": carried("base64", ENCODED + b"\r\n\r\n-- \r\nlooked through by a gateway\r\n"),
    "quoted-printable, and is not": carried("quoted-printable", ASK.encode()),
    "no kind": mail("Content-Type:\r\n"),
    "half a kind": mail("Content-Type: text\r\n"),
    "a kind the wrong way round": mail("Content-Type: plain/text; charset=utf-8\r\n"),
    "two kinds": mail(UTF8 + "Content-Type: text/html\r\n"),
    "a text with a name": mail('Content-Type: text/plain; charset=utf-8; name="note.txt"\r\nContent-Disposition: inline\r\n'),
    "lines ended by CR": mail(UTF8).replace(b"\r\n", b"\r"),
    "lines ended by LF": mail(UTF8).replace(b"\r\n", b"\n"),
    "lines ended twice": mail(UTF8).replace(b"\r\n", b"\r\r\n"),
    "as a mailbox keeps it": b"From wang@home.test Mon Nov 23 10:00:00 2026\r\n" + mail(UTF8),
    "an empty line first": b"\r\n" + mail(UTF8),
    "no boundary": parted("multipart/alternative"),
    "another boundary": parted('multipart/alternative; boundary="c"'),
    "a boundary without its end": parted('multipart/alternative; boundary="b'),
    "a boundary between blanks": parted('multipart/alternative; boundary = "b" '),
    "a boundary without a semicolon": parted('multipart/alternative boundary="b"'),
    "a boundary on a line of its own": parted('multipart/alternative;\r\nboundary="b"'),
    "parts without an end": parted('multipart/alternative; boundary="b"', PARTS.removesuffix("--b--\r\n")),
    "parts that are none": parted('multipart/mixed; boundary="b"', ASK),
    "nothing in plain text": parted('multipart/alternative; boundary="b"', PARTS.replace(ASK, " ", 1)),
    "HTML that says its charset itself": mail(
        "Content-Type: text/html\r\n", f'<head><meta charset="gbk"></head><p>{ASK}'.encode("gbk")
    ),
    "HTML of numbers": mail(HTML.format("text/html"), "".join(f"&#{ord(each)};" for each in ASK)),
    "XHTML": mail(HTML.format("application/xhtml+xml"), f"<p>{ASK}</p>"),
    "enriched": mail(HTML.format("text/enriched"), f"<bold>{ASK}</bold>"),
    "Markdown": mail(HTML.format("text/markdown"), ASK),
    **{
        f"from {sender}": mail(UTF8, ASK, sender)
        for sender in (
            "wang@home.test;", "wang@home.test (王)", '"li@other.test" <wang@home.test>', "<wang@home.test> via list", "Wang: wang@home.test;",
            "<<wang@home.test>>", "mailto:wang@home.test", "<wang@home.test", "=?utf-8?B?546L?= wang@home.test", "王 wang@home.test",
            "'wang@home.test'", "王(wang@home.test)",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_what_is_asked_is_read(form: str) -> None:
    found = reading.read(FORMS[form])
    assert (found.sender, found.subject, found.odd) == ("wang@home.test", "x", "")
    assert quoting.parted(found.words).words.strip() == ASK
    assert sort(found, ()) is MailSort.PERSON


@pytest.mark.parametrize(
    "sender",
    [
        "li@home.test or wang@home.test", "wang at home.test", "wang@home", "<>", "王@家.test", f"x wang@{'b' * 260}.test y",
    ],
)  # fmt: skip
def test_whose_address_is_not_sure_is_not_written_to(sender: str) -> None:
    assert reading.read(mail(UTF8, ASK, sender)).sender in ("", "wang@home")


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("text", ["Où est l'école?", "¿Cuándo abre?", "Größe und Maß", "café — déjà"])
def test_what_is_western_stays_so(charset: str, text: str) -> None:
    body = text.encode(charset, "replace")
    assert reading.read(mail(f"Content-Type: text/plain; charset={charset}\r\n", body)).words == body.decode(charset)


@pytest.mark.parametrize(
    "headers", ["X-BeenThere: l@lists.test", "X-Mailman-Version: 2.0.4", "X-Mailing-List: l@lists.test", "Mailing-List: contact l-help@x.test"]
)  # fmt: skip
def test_what_older_lists_have_sent_is_of_a_list(headers: str) -> None:
    assert sort(reading.read(mail(f"{headers}\r\n{UTF8}")), ()) is MailSort.LIST


@pytest.mark.parametrize(
    "header", ["X-Autoreply-From: a@b.test", "X-Mail-Autoreply: yes", "X-FC-MachineGenerated: true", "X-Cron-Env: <x>"]
)
def test_what_machines_call_their_answers(header: str) -> None:
    assert sort(reading.read(mail(f"{header}\r\n{UTF8}")), ()) is MailSort.AUTOMATIC

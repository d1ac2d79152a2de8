"""What programs write wrongly of a mail's form, and is read nevertheless: ends of lines, encodings with something behind them,
parts without the line that parts them."""

import binascii
import contextlib
import re
from email import message_from_bytes
from email.message import Message

LONGEST = 1_048_576  # bytes of a part in which a boundary is looked for
_BOUNDARY = re.compile(rb"^--([^\s-][^\r\n]{0,69}?)[ \t]{0,9}\r?$", re.MULTILINE)
_FOOTER = re.compile(r"^(?:--|__|==)[^\r\n]*\r?$", re.MULTILINE)


def lines(raw: bytes) -> bytes:
    """A mail from its first header on, each line ended once."""
    raw = raw.lstrip(b"\r\n")
    return raw.replace(b"\r\r\n", b"\r\n") if b"\r\r\n" in raw else raw


def content(part: "Message[str, str]") -> bytes:
    """What a part holds, decoded; empty where it holds parts."""
    said = str(part.get("content-transfer-encoding", ""))
    named = said.partition(";")[0].partition("(")[0].strip()
    if said != named:
        del part["content-transfer-encoding"]
        part["Content-Transfer-Encoding"] = named
    held = part.get_payload() if named.lower() == "base64" else None
    if isinstance(held, str) and (footer := _FOOTER.search(held)) is not None:
        # Somebody on the way has added lines of their own behind what is encoded.
        with contextlib.suppress(binascii.Error, ValueError):
            behind = held[footer.start() :].encode("utf-8", "surrogateescape")
            return binascii.a2b_base64(held[: footer.start()]) + b"\n" + behind
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def parted(part: "Message[str, str]") -> "Message[str, str] | None":
    """A part that says that it holds others, and not how they are parted, or wrongly: with them, by the line that stands before the
    first. None where there is none, or it is long."""
    held = part.get_payload(decode=True)
    if not isinstance(held, bytes) or len(held) > LONGEST or (found := _BOUNDARY.search(held)) is None:
        return None
    boundary = found[1].replace(b'"', b"")
    again = message_from_bytes(b'Content-Type: multipart/mixed; boundary="%s"\n\n%s' % (boundary, held))
    return again if again.is_multipart() else None

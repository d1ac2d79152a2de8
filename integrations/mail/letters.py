"""Mails of ours as they leave: their names, so that they are known again, and their headers."""

import re
from base64 import b64encode, encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import NamedTuple
from urllib.parse import quote

from accounts.vault import Vault
from bot.texts import Texts
from integrations.mail.reading import CUT

_KIND = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+(?:; ?charset=[a-z0-9-]+)?")
_PLAIN = re.compile(r"[A-Za-z0-9 ,.'!?:_+/\[\]-]*")
_ENCODED = 45  # bytes of one encoded word: with what stands around them no more than 75 characters


class SentMail(NamedTuple):
    """A mail of ours, by the first message that it holds."""

    conversation: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLetter:
    """A mail that goes on with the last of `refs`. What is `automatic` says so, that no machine may answer it. `files`: name,
    type and content of what goes with it."""

    to: str
    subject: str
    words: str
    refs: Sequence[str] = ()
    automatic: bool
    files: Sequence[tuple[str, str, bytes]] = ()


class Letters:
    """`address` is what they are from."""

    def __init__(self, texts: Texts, vault: Vault, address: str) -> None:
        self._texts = texts
        self._vault = vault
        self._address = address
        self._domain = address.rpartition("@")[2].lower()
        self._name = re.compile(rf"<dx\.(\d{{1,18}})\.(\d{{1,9}})\.([0-9a-f]{{16}})@{re.escape(self._domain)}>")

    def name(self, sent: SentMail) -> str:
        """The Message-ID: the same for the same messages, and nobody can make one up."""
        return f"<dx.{sent.conversation}.{sent.seq}.{self._mark(sent)}@{self._domain}>"

    def of(self, name: str) -> SentMail | None:
        """What a Message-ID of ours stands for; None where it is not ours."""
        found = self._name.fullmatch(name)
        if found is None:
            return None
        sent = SentMail(int(found[1]), int(found[2]))
        return sent if self._mark(sent) == found[3] else None

    def named_in(self, raw: bytes) -> SentMail | None:
        """The first mail of ours that is named in another."""
        text = raw[:CUT].decode("ascii", "replace")
        return next((sent for each in self._name.finditer(text) if (sent := self.of(each[0])) is not None), None)

    def _mark(self, sent: SentMail) -> str:
        return self._vault.digest("mail of ours", f"{sent.conversation}.{sent.seq}")[:16]

    def letter(self, sent: SentMail, draft: OwnLetter) -> bytes:
        """A draft as it leaves."""
        lines = [
            f"From: {_word(self._texts.centre.name)} <{self._address}>",
            f"To: {draft.to}",
            f"Subject: {_word(' '.join(draft.subject.split()) or self._texts.centre.name)}",
            f"Date: {formatdate()}",
            f"Message-ID: {self.name(sent)}",
            "MIME-Version: 1.0",
        ]
        if draft.refs:
            lines += [f"In-Reply-To: {draft.refs[-1]}", "References: " + "\r\n ".join(draft.refs)]
        if draft.automatic:
            lines += ["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All"]
        text = 'Content-Type: text/plain; charset="utf-8"\r\n' + _carried(draft.words.replace("\n", "\r\n").encode())
        if draft.files:
            mark = f"=_{sent.conversation}.{sent.seq}"
            parts = "".join(f"--{mark}\r\n{each}\r\n" for each in (text, *map(_attached, draft.files)))
            text = f'Content-Type: multipart/mixed; boundary="{mark}"\r\n\r\n{parts}--{mark}--\r\n'
        return ("\r\n".join(lines) + "\r\n" + text).encode("ascii")


def _carried(content: bytes) -> str:
    return "Content-Transfer-Encoding: base64\r\n\r\n" + encodebytes(content).decode("ascii").replace("\n", "\r\n")


def _attached(file: tuple[str, str, bytes]) -> str:
    """A part; its name as RFC 2231 has it, and as older programs read it."""
    name, kind, content = file
    kind = kind if _KIND.fullmatch(kind) else "application/octet-stream"
    return (
        f'Content-Type: {kind}; name="{_word(name)}"\r\n'
        f"Content-Disposition: attachment; filename*=utf-8''{quote(name, safe='')}\r\n{_carried(content)}"
    )


def _word(text: str) -> str:
    """Words of a header, where need be encoded (RFC 2047); no line is longer than readers must bear, and no character is
    parted."""
    if len(text) <= 60 and _PLAIN.fullmatch(text):
        return text
    pieces = [b""]
    for char in text:
        encoded = char.encode("utf-8", "replace")
        if len(pieces[-1]) + len(encoded) > _ENCODED:
            pieces.append(b"")
        pieces[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{b64encode(piece).decode('ascii')}?=" for piece in pieces)

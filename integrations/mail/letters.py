"""Mails of ours as they leave: their names, so that they are known again, and their headers."""

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import NamedTuple

from accounts.vault import Vault
from bot.texts import Texts
from integrations.mail.reading import CUT

Letter = EmailMessage


class SentMail(NamedTuple):
    """A mail of ours, by the first message that it holds."""

    conversation: int
    seq: int


class Letters:
    """`address` is what they are from, `clock` (seconds) when."""

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

    def letter(
        self, sent: tuple[int, int], to: str, subject: str, words: str, *, refs: Sequence[str] = (), automatic: bool,
        files: Sequence[tuple[str, str, bytes]] = (),
    ) -> Letter:  # fmt: skip
        """A mail that goes on with the last of `refs`. What is `automatic` says so, that no machine may answer it."""
        letter = EmailMessage(policy=SMTP)
        letter["From"] = Address(self._texts.centre.name, addr_spec=self._address)
        letter["To"] = Address(addr_spec=to)
        letter["Subject"] = " ".join(subject.split()) or self._texts.centre.name
        letter["Date"] = formatdate()
        letter["Message-ID"] = self.name(SentMail(*sent))
        if refs:
            letter["In-Reply-To"] = refs[-1]
            letter["References"] = " ".join(refs)
        if automatic:
            letter["Auto-Submitted"] = "auto-replied"
            letter["X-Auto-Response-Suppress"] = "All"
        letter.set_content(words, charset="utf-8", cte="base64")
        for name, kind, content in files:
            main, _, sub = kind.partition("/")
            letter.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=name)
        return letter

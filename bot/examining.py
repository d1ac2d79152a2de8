"""What an examination of the running house finds, in words for people and rows for programs."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class Severity(StrEnum):
    """How much a finding matters; a fault wants somebody now."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"

    @property
    def zh(self) -> str:
        return {"ok": "正常", "warning": "提醒", "fault": "故障"}[self.value]


class Phrase(NamedTuple):
    """The same in both languages."""

    zh: str
    en: str


NOTHING = Phrase("", "")


class Finding(Struct, frozen=True):
    """One thing that was looked at: what it is, how it stands, and what is to be done where it is not in order. Nothing of
    a resident, and no secret, is in its words."""

    subject: Phrase
    severity: Severity
    seen: Phrase
    do: Phrase = NOTHING

    @property
    def line(self) -> str:
        """For people, in one line."""
        zh, en = (f" → {word}" if word else "" for word in self.do)
        head = f"{self.severity.zh} {self.severity.value:8}"
        return f"{head}{self.subject.zh}：{self.seen.zh}{zh} · {self.subject.en}: {self.seen.en}{en}"

    @property
    def row(self) -> dict[str, object]:
        """For programs."""
        subject, seen, do = self.subject, self.seen, self.do
        return {
            "subject": subject.en, "severity": self.severity.value, "zh": seen.zh, "en": seen.en, "do_zh": do.zh,
            "do_en": do.en,
        }  # fmt: skip


def ok(subject: Phrase, zh: str, en: str) -> Finding:
    return Finding(subject, Severity.OK, Phrase(zh, en))


def warning(subject: Phrase, seen: Phrase, do: Phrase) -> Finding:
    return Finding(subject, Severity.WARNING, seen, do)


def fault(subject: Phrase, seen: Phrase, do: Phrase) -> Finding:
    return Finding(subject, Severity.FAULT, seen, do)

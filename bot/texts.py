"""What residents read and hear, by language and key, from `texts/*.yml`."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml

from bot.messages import Reply

FOLDER = Path(__file__).parent / "texts"


class TextForms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text with the forms that differ from it. `{name}` stands for a value."""

    text: str
    spoken: str | None = None
    short: str | None = None


class Texts:
    """All texts of all languages; the first language is the one that is never without a text."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._by_language = {path.stem: _read(path) for path in sorted(folder.glob("*.yml"))}

    @property
    def languages(self) -> Mapping[str, Mapping[str, TextForms]]:
        return self._by_language

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._by_language["zh"]

    def line(self, language: str, key: str, **values: object) -> str:
        """The text alone."""
        return self._find(language, key).text.format(**values)

    def reply(self, language: str, key: str, **values: object) -> Reply:
        """The text with its other forms."""
        found = self._find(language, key)
        return Reply(
            text=found.text.format(**values),
            spoken=found.spoken.format(**values) if found.spoken else None,
            short=found.short.format(**values) if found.short else None,
            lang=language,
        )

    def _find(self, language: str, key: str) -> TextForms:
        return self._by_language.get(language, {}).get(key) or self._by_language["zh"][key]


def _read(path: Path) -> dict[str, TextForms]:
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    texts = msgspec.convert(raw, dict[str, str | TextForms])
    return {key: TextForms(text) if isinstance(text, str) else text for key, text in texts.items()}

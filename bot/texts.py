"""What residents read and hear, by language and key: `texts/*.yml`, what the centre says in words of its own instead, and
what the centre is called in the places that are kept for it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import msgspec
import yaml
from msgspec.structs import replace

from bot.messages import Reply
from knowledge.catalogue import is_written
from knowledge.centre import Centre, OwnTexts, TextForms

T = TypeVar("T")
FOLDER = Path(__file__).parent / "texts"
KEPT = 180  # days, until somebody decides otherwise
PLACEHOLDER = re.compile(r"\{(\w+)\}")
Table = Mapping[str, TextForms]
Own = Mapping[str, OwnTexts]  # by language
OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
GREETING = "greeting."  # and the name of a channel: what a centre greets with there


class TextCarrier(Protocol):
    """What says texts: a channel."""

    def problems(self, replies: Sequence[Reply]) -> list[str]: ...


NO_SUCH_TEXT = "there is no such text"


class TextMisfit(NamedTuple):
    """What is wrong with a text of a centre's own, or with a whole language, which has no key; where a channel
    cannot carry it, `form` is the one of its forms (as `TextForms` calls them) that has to be shorter."""

    language: str
    key: str
    why: str
    form: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (f"texts/{self.language}", self.key, self.why)))


class TextsError(Exception):
    """A file of texts that cannot be read; the message says where and why."""


class Texts:
    """All texts of all languages; the first language is the one that is never without a text.

    `own` are said instead of those that come with us, and what the centre's record says instead of both. What does not
    fit (`misfits`) is left out, so that a text of an older version never fails a resident. `greets` is the text that
    each channel greets with, by its name: said there as `greeting.<channel>`, where a centre has that in other words.
    """

    def __init__(self, folder: Path = FOLDER, own: Own | None = None, greets: Mapping[str, str] | None = None) -> None:
        self._greets = greets or {}
        read = {path.stem: _read(path) for path in sorted(folder.glob("*.yml"))}
        self.given: Mapping[str, Table] = {
            language: {**table, **self._greetings(table)} for language, table in read.items()
        }
        self._own = own or {}
        self._centre, self._kept = Centre(), KEPT
        self._laid: Mapping[str, Table] | None = None

    def follow(self, centre: Centre) -> None:
        """From now on this centre speaks."""
        if centre != self._centre:
            self._centre = centre
            self._laid = None

    def keep(self, days: int) -> None:
        """From now on residents' words are kept so long."""
        if days != self._kept:
            self._kept = days
            self._laid = None

    @property
    def languages(self) -> Mapping[str, Table]:
        if self._laid is None:  # laid when something is said: a start lays them once, whoever speaks by then
            layers = (self._own, self._centre.texts)
            self._laid = {
                language: _filled(
                    self._all_said(given, [layer.get(language, {}) for layer in layers]), self._values(language)
                )
                for language, given in self.given.items()
            }
        return self._laid

    @property
    def centre(self) -> Centre:
        """Whose texts these are."""
        return self._centre

    @property
    def kept(self) -> int:
        """Days that residents' words are kept."""
        return self._kept

    def on(self, channel: str, key: str) -> str:
        """The key of what is said on a channel where elsewhere this one is: its own greeting."""
        return f"{GREETING}{channel}" if self._greets.get(channel) == key else key

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.languages["zh"]

    def line(self, language: str, key: str, **values: object) -> str:
        """The text alone."""
        return _said(self._find(language, key).text, values)

    def reply(self, language: str, key: str, **values: object) -> Reply:
        """The text with its other forms."""
        found = self._find(language, key)
        return Reply(
            text=_said(found.text, values),
            spoken=_said(found.spoken, values) if found.spoken else None,
            short=_said(found.short, values) if found.short else None,
            lang=language,
        )

    def misfits(self, own: Own, centre: Centre, channels: Mapping[str, TextCarrier]) -> list[TextMisfit]:
        """Why a centre cannot say these instead of those that come with us: there is no such text, it has no such values, or
        a channel cannot carry it. Values that are known only when it is said stand there as their names."""
        found = []
        for language, texts in own.items():
            if (given := self.given.get(language)) is None:
                found.append(TextMisfit(language, "", "there is no such language"))
                continue
            wrong = {key: why for key, text in texts.items() if (why := _misfit(given, key, text))}
            found += [TextMisfit(language, key, why) for key, why in wrong.items()]
            said = {key: _forms(text) for key, text in texts.items() if key not in wrong}
            for key, told in _filled(said, centre.values(language) | {"kept": str(self._kept)}).items():
                reply = Reply(text=told.text, spoken=told.spoken, short=told.short)
                for channel in _said_on(key, channels).values():
                    found += [
                        TextMisfit(language, key, each, _too_long(channel, reply)) for each in channel.problems([reply])
                    ]
        return list(dict.fromkeys(found))

    def _greetings(self, table: Table) -> dict[str, TextForms]:
        return {f"{GREETING}{name}": table[key] for name, key in self._greets.items() if key in table}

    def _all_said(self, given: Table, layers: list[OwnTexts]) -> Table:
        """A channel whose greeting nobody has in other words greets with the text that all do."""
        laid = _overlaid(given, layers)
        usual = self._greetings(laid)
        return {**laid, **{key: text for key, text in usual.items() if laid[key] is given[key]}}

    def _values(self, language: str) -> dict[str, str]:
        return self._centre.values(language) | {"kept": str(self._kept)}

    def _find(self, language: str, key: str) -> TextForms:
        said = self.languages
        return said.get(language, {}).get(key) or said["zh"][key]


def read_own(folder: Path) -> dict[str, dict[str, TextForms]]:
    """A centre's own texts, a file for each language, as in `bot/texts`. Raises `TextsError`."""
    if not folder.is_dir():
        raise TextsError(f"{folder}: there is no such folder")
    try:
        return {path.stem: _read(path) for path in sorted(folder.glob("*.yml"))}
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise TextsError(f"{folder}: {str(error)[:200]}") from error


def _said(text: str, values: Mapping[str, object]) -> str:
    """A text with its values; what stands in `[[…]]` is left out where a value of it is not on record."""
    if "[[" in text:
        gone = {name for name, value in values.items() if isinstance(value, str) and not is_written(value)}
        text = OPTIONAL.sub(lambda part: "" if gone & {*PLACEHOLDER.findall(part[1])} else part[1], text)
    return text.format(**values)


def _said_on(key: str, channels: Mapping[str, T]) -> Mapping[str, T]:
    """The channels, by name, on which a text is said: all, but for a greeting of one."""
    name = key.removeprefix(GREETING)
    return {name: channels[name]} if key.startswith(GREETING) and name in channels else channels


def _forms(text: str | TextForms) -> TextForms:
    return TextForms(text) if isinstance(text, str) else text


def _parts(forms: TextForms) -> list[str]:
    return [part for part in (forms.text, forms.spoken, forms.short) if part]


def _misfit(given: Table, key: str, text: str | TextForms) -> str:
    """Why this is no text for the key; empty where it is one."""
    if key not in given:
        return NO_SUCH_TEXT
    known = {name for part in _parts(given[key]) for name in PLACEHOLDER.findall(part)} | {
        *Centre().values("zh"),
        "kept",
    }
    for part in _parts(_forms(text)):
        if unknown := set(PLACEHOLDER.findall(part)) - known:
            return f"it has no value for {', '.join(sorted(unknown))}"
        if set("{}") & set(PLACEHOLDER.sub("", part)):
            return "a single { or }"
    return ""


def _too_long(channel: TextCarrier, reply: Reply) -> str:
    """Which form of a reply a channel cannot carry: the one that would have to be another."""
    others = {"short": replace(reply, short="…"), "spoken": replace(reply, spoken="…")}
    return next((form for form, other in others.items() if not channel.problems([other])), "text")


def _overlaid(given: Table, layers: list[OwnTexts]) -> dict[str, TextForms]:
    found = dict(given)
    for layer in layers:
        found |= {key: _forms(text) for key, text in layer.items() if not _misfit(given, key, text)}
    return found


def _filled(table: Table, values: Mapping[str, str]) -> dict[str, TextForms]:
    """With the centre's values in their places; those that are known only when it is said stay."""
    escaped = {name: value.replace("{", "{{").replace("}", "}}") for name, value in values.items()}

    def fill(text: str | None) -> str | None:
        return text and PLACEHOLDER.sub(lambda match: escaped.get(match[1], match[0]), text)

    def filled(forms: TextForms) -> TextForms:
        if "{" not in forms.text and "{" not in (forms.spoken or "") and "{" not in (forms.short or ""):
            return forms  # as most are, and this is done for thousands of them at a time
        return TextForms(fill(forms.text) or "", fill(forms.spoken), fill(forms.short))

    return {key: filled(forms) for key, forms in table.items()}


def _read(path: Path) -> dict[str, TextForms]:
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {key: _forms(text) for key, text in msgspec.convert(raw, dict[str, str | TextForms]).items()}

"""A new centre's two files: `config.yml` with its comments, and the workbook that its people fill in."""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daoxue import asking
from daoxue.config import SETTINGS, ConfigError, read
from daoxue.logo import LogoError, logo_at
from daoxue.workbook import centre, details
from daoxue.workbook.cells import Cell, Names, weekdays
from daoxue.workbook.rows import written
from daoxue.workbook.sheets import HOURS, ORGANISATIONS, SHEETS
from daoxue.workbook.words import CellError
from knowledge.catalogue import Opening
from knowledge.centre import Centre, CentreInEnglish
from knowledge.words import said as said_of

_BESIDE = Path(__file__).with_name("config.yml")  # in a wheel; in the repository it is what one starts with
# Every setting with its default and what it does.
COMMENTED = _BESIDE if _BESIDE.exists() else Path(__file__).parent.parent / SETTINGS
WORKBOOK = "workbook.xlsx"
_KEY = re.compile(r"^( *)([a-z_]+):([^#]*)(#.*)?$")
_SPAN = re.compile(r"(\d{1,2}[:：]\d{2})\s*[-—–~至到]+\s*(\d{1,2}[:：]\d{2})")


@dataclass(frozen=True, slots=True)
class Founding:
    """What is known of a centre before anything else."""

    centre: Centre
    hours: tuple[Opening, ...]
    languages: tuple[str, ...]
    channels: tuple[str, ...]
    logo: Path | None = None

    @staticmethod
    def of(said: Mapping[str, str | None]) -> "Founding":
        """From what was answered. Raises `ConfigError`."""
        given = {name: (said.get(name) or "").strip() for name, _, _ in asking.QUESTIONS}
        if not given["name"]:
            raise ConfigError("--name: 中心叫什么？ What is the centre called?")
        own = {name: given[name] for name in ("name", "bot", "district", "hotline", "address") if given[name]}
        english = {"name": given["english"]} if given["english"] else None
        try:
            record = msgspec.convert({"kind": "centre", **own, "en": english}, Centre)
        except msgspec.ValidationError as error:
            wrong = said_of(error)
            raise ConfigError(f"init: {wrong.zh} {wrong.en}") from error
        languages = tuple(given["languages"].replace("，", ",").split(",")) if given["languages"] else ("zh",)
        if not {"zh"} <= set(languages) <= {"zh", "en"}:
            raise ConfigError("--languages: zh 或 zh,en。 zh or zh,en")
        if english and "en" not in languages:
            languages = (*languages, "en")
        channels = tuple(each for each in re.split("[,，、 ]+", given["channels"] or "webchat") if each)
        logo = _picture(given["logo"]) if given["logo"] else None
        return Founding(record, tuple(_hours(given["hours"] or asking.HOURS)), languages, channels, logo)

    @staticmethod
    def problem(name: str, answer: str) -> str:
        """What is wrong with the answer to one question; empty where nothing is."""
        try:
            Founding.of({"name": "x", name: answer})
        except ConfigError as error:
            return str(error).partition(": ")[2] or str(error)
        return ""

    @property
    def settings(self) -> dict[tuple[str, ...], object]:
        """What stands otherwise in `config.yml` than as it comes."""
        found: dict[tuple[str, ...], object] = {("sample",): False}
        for name in ("name", "bot", "district", "hotline", "address"):
            if value := getattr(self.centre, name):
                found["centre", name] = value
        if self.logo is not None:
            found["centre", "logo"] = str(self.logo)
        for name in {"webchat", *self.channels}:
            found["channels", name, "enabled"] = name in self.channels
        return found


def _picture(file: str) -> Path:
    """The whole path of what can be the logo. Raises `ConfigError`."""
    try:
        logo_at(Path(file))
    except LogoError as error:
        raise ConfigError(f"--logo: {error}") from error
    return Path(file).absolute()


def _hours(text: str) -> Iterator[Opening]:
    """周一到周五 08:30-12:00,14:00-17:30；周六 09:00-12:00. Raises `ConfigError`."""
    for part in re.split("[;；]", text):
        first = _SPAN.search(part)
        if first is None:
            raise ConfigError(f"--hours: {part}：要写成 {asking.HOURS}")
        try:
            days = weekdays(part[: first.start()].strip())
        except CellError as error:
            raise ConfigError(f"--hours: {error.said.zh}") from error
        for opens, closes in _SPAN.findall(part):
            opened, closed = (f"{each.replace('：', ':'):0>5}" for each in (opens, closes))
            if not opened < closed <= "24:00":
                raise ConfigError(
                    f"--hours: {part}：关门要晚于开门，如 {asking.HOURS}。 It has to close after it opens"
                )
            yield Opening(days, opened, closed)


def found(folder: Path, founding: Founding) -> tuple[Path, Path]:
    """Writes both files into a folder; where they are. Raises `ConfigError`, and then neither is there."""
    paths = folder / SETTINGS, folder / WORKBOOK
    for path in paths:
        if path.exists():
            raise ConfigError(f"{path}: 已经有了；换一个文件夹，如 daoxue init my-centre。 There is one already: name another folder")  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    draft = paths[0].with_suffix(".new")
    draft.write_text(settled(COMMENTED.read_text(encoding="utf-8"), founding), encoding="utf-8")
    try:
        read(draft, {})
    except ConfigError:
        draft.unlink()
        raise
    # What writes workbooks is tens of megabytes that no other command should carry.
    writing = importlib.import_module("daoxue.workbook.writing")
    paths[1].write_bytes(writing.as_xlsx(_rows(founding), {}, english="en" in founding.languages))
    draft.rename(paths[0])
    return paths


def settled(commented: str, founding: Founding) -> str:
    """The settings with all their comments, and these values. Raises `ConfigError` where there is no such setting."""
    lines, path = list[str](), list[str]()
    missing = dict(founding.settings)
    for line in commented.splitlines():
        if path == ["desk", "hours"] and line.lstrip().startswith("- {days"):
            continue
        lines.append(line)
        if (match := _KEY.match(line)) is None:
            continue
        indent, key, before, comment = match.groups(default="")
        aside = before[len(before.rstrip(" ")) :] + comment
        path = [*path[: len(indent) // 2], key]
        if path == ["desk", "hours"]:
            lines += [f"    - {_flow(each)}" for each in founding.hours]
        elif (value := missing.pop(tuple(path), None)) is not None:
            lines[-1] = f"{indent}{key}: {json.dumps(value, ensure_ascii=False)}{aside}"
    if missing:
        raise ConfigError("；".join(f"没有设置 {'.'.join(each)}" for each in missing))
    return "\n".join(lines) + "\n"


def _flow(span: Opening) -> str:
    return f'{{days: {list(span.days)}, opens: "{span.opens}", closes: "{span.closes}"}}'


def _rows(founding: Founding) -> dict[str, list[dict[str, Cell]]]:
    """What the workbook begins with: the centre, its college, and when that is open; every other sheet is empty."""
    names = Names()
    names.add("organisation", "college", founding.centre.name)
    college: dict[str, Cell] = {"id": "college", "name": founding.centre.name, "level": "学院"}
    college |= {
        name: value
        for name, value in (("phone", founding.centre.hotline), ("address", founding.centre.address))
        if value
    }
    if isinstance(founding.centre.en, CentreInEnglish):
        college["en.name"] = founding.centre.en.name
    rows: dict[str, list[dict[str, Cell]]] = {sheet.key: [] for sheet in SHEETS}
    rows |= centre.shown(founding.centre, names) | {ORGANISATIONS.key: [college]}
    rows["hours"] = [written(HOURS, row, names) for row in details.in_rows("college", founding.hours)]
    return rows

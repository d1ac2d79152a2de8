"""Renders deploy/helm/daoxue where Helm itself cannot be installed: the few things of its templates that the chart uses, and
whoever uses another one is told."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

_TAG = re.compile(r"(?:[ \t\n]*\{\{-|\{\{)\s*(.*?)\s*\}\}", re.DOTALL)


class ChartError(Exception):
    """What this cannot render."""


def rendered(chart: Path, values: Mapping[str, object], release: str = "daoxue") -> dict[str, list[dict[str, object]]]:
    """The manifests of each template, under values that are laid over the chart's own."""
    own = yaml.safe_load((chart / "values.yaml").read_text("utf-8"))
    about = yaml.safe_load((chart / "Chart.yaml").read_text("utf-8"))
    root = {
        "Values": _over(own, values),
        "Release": {"Name": release},
        "Chart": {key[0].upper() + key[1:]: value for key, value in about.items()},
    }
    return {
        path.name: [each for each in yaml.safe_load_all(_template(path.read_text("utf-8"), root)) if each]
        for path in sorted((chart / "templates").glob("*.yaml"))
    }


def _over(own: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    found = dict(own)
    for key, value in other.items():
        below = found.get(key)
        found[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found


def _template(text: str, root: Mapping[str, object]) -> str:
    pieces = iter(_pieces(text))
    out = _block(pieces, root, shown=True)
    if next(pieces, None) is not None:
        raise ChartError("an end of nothing")
    return out


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """What is text, and what stands in braces."""
    at = 0
    for tag in _TAG.finditer(text):
        yield False, text[at : tag.start()]
        yield True, tag[1]
        at = tag.end()
    yield False, text[at:]


def _block(pieces: Iterator[tuple[bool, str]], root: Mapping[str, object], *, shown: bool) -> str:
    out = ""
    for is_tag, piece in pieces:
        if not is_tag:
            out += piece
        elif piece == "end":
            break
        elif piece.startswith("if "):
            asked = piece.removeprefix("if ").strip()
            holds = bool(_value(asked.removeprefix("not "), root)) is not asked.startswith("not ")
            out += _block(pieces, root, shown=holds)
        else:
            out += str(_value(piece, root))
    return out if shown else ""


def _value(expression: str, root: Mapping[str, object]) -> object:
    first, *pipes = (each.strip() for each in expression.split("|"))
    value = (
        yaml.safe_dump(_value(first[7:], root), allow_unicode=True).rstrip()
        if first[:7] == "toYaml "
        else _path(first, root)
    )
    for pipe in pipes:
        match pipe.split():
            case ["nindent", count]:
                value = "".join(f"\n{' ' * int(count)}{line}" for line in str(value).splitlines())
            case ["sha256sum"]:
                value = hashlib.sha256(str(value).encode()).hexdigest()
            case ["default", otherwise]:
                value = value or _path(otherwise, root)
            case _:
                raise ChartError(pipe)
    return value


def _path(path: str, root: Mapping[str, object]) -> object:
    here: object = root
    if not re.fullmatch(r"(\.\w+)+", path):
        raise ChartError(path)
    for name in path[1:].split("."):
        if not isinstance(here, Mapping) or name not in here:
            raise ChartError(f"{path}: no {name}")
        here = here[name]
    return here

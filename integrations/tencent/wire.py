"""WeChat's XML: read with its limits counted while reading, written so that nothing in a text can break it."""

import re
from collections.abc import Mapping
from xml.parsers import expat

DEEPEST, MOST = 6, 300  # elements within each other, and in all
Fields = Mapping[str, object]  # by name: text, or fields again, or a list where a name comes again
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class MalformedError(Exception):
    """Not the kind of XML that WeChat sends."""


def cleaned(body: bytes) -> str:
    """UTF-8 without the control characters that residents' phones do send and XML does not know. Raises
    `MalformedError`."""
    try:
        return without_controls(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MalformedError("not UTF-8") from error


def without_controls(text: str) -> str:
    return _ILLEGAL.sub("", text)


def cdata(text: str) -> str:
    """Text to stand between <![CDATA[ and ]]>, whatever it holds."""
    return _ILLEGAL.sub("", text).replace("]]>", "]]]]><![CDATA[>")


class _XmlReader:
    """Builds what an XML document holds while it counts: depth, elements, and what has no place in a message."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._open: list[tuple[str, dict[str, object], list[str]]] = [("", {}, [])]
        self._seen = 0

    def read(self, xml: str) -> dict[str, object]:
        self._parser.Parse(xml.encode(), True)
        return self._open[0][1]

    def _doctype(self, *_: object) -> None:
        raise MalformedError("a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._seen += 1
        if self._seen > MOST or len(self._open) > DEEPEST:
            raise MalformedError("too many elements")
        self._open.append((name, dict(attributes), []))

    def _data(self, text: str) -> None:
        self._open[-1][2].append(text)

    def _end(self, name: str) -> None:
        _, children, text = self._open.pop()
        value: object = children if children else "".join(text).strip()
        above = self._open[-1][1]
        if name not in above:
            above[name] = value
        elif isinstance(above[name], list):
            above[name] = [*above[name], value]  # type: ignore[misc]
        else:
            above[name] = [above[name], value]


def parse(xml: str) -> Fields:
    """The elements of WeChat's one `<xml>` by name: text without the white space around it, or elements in elements, or a list where one comes again.
    Raises `MalformedError`."""
    try:
        root = _XmlReader().read(xml).get("xml")
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise MalformedError("not XML") from error
    if not isinstance(root, dict):
        raise MalformedError("not a message")
    return root

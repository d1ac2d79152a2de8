"""What a process reads and works out once, however many centres live in it, one after the other: the model, what texts
mean, the texts themselves, the sample centre, its names, what its courses teach, the desk's API, whom httpx trusts. Each of
hundreds of tests has a centre of its own, and none of them changes these."""

import copy
import os
import ssl
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path

import argon2
import httpx
import numpy as np
from numpy.typing import NDArray
from starlette.datastructures import State

from bot import comprehension, texts
from bot.texts import Texts
from daoxue import model, sample
from daoxue.config import Config
from desk import api
from desk.api.answers import Described
from desk.parts import Desk
from knowledge import files, library
from knowledge.catalogue import Catalogue, Course
from knowledge.centre import TextForms
from knowledge.files import Content, read_sample
from knowledge.meaning import MeaningIndex
from knowledge.search import KnowledgeIndex, by_variants
from knowledge.taught import Taught
from nlu.classifier import Classifier
from nlu.encoder import Encoder, Use
from nlu.gazetteer import Gazetteer, Name

MOST = 30_000  # texts whose meaning is remembered
# To hash a password takes a fifth of a second on purpose; hundreds of people sign in.
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

_load, _read, _encode, _trust = Classifier.load, texts._read, Use.encode, httpx.create_ssl_context
_parse = files.load_yaml
_points: dict[str, NDArray[np.float32]] = {}


@cache
def _model(path: Path, written: int) -> Classifier:
    return _load(path)


def _loaded(path: Path, encoder: Encoder | None = None) -> Classifier:
    kept = _model(path, path.stat().st_mtime_ns)
    return Classifier(kept.model, kept.arrays, encoder)


@cache
def _texts(path: Path, written: int) -> dict[str, TextForms]:
    return _read(path)


@cache
def _document(path: Path, written: int) -> object:
    return _parse(path)


def _parsed(path: Path) -> object:
    return _document(path, path.stat().st_mtime_ns) if path.parent == files.SAMPLE else _parse(path)


@lru_cache(32)
def _sampled(today: date) -> Content:
    return read_sample(today)


@lru_cache(32)
def _named(names: tuple[Name, ...]) -> Gazetteer:
    return Gazetteer(names)


def _gazetteer(names: Iterable[Name]) -> Gazetteer:
    return _named(tuple(names))


@lru_cache(32)
def _counted(courses: tuple[Course, ...]) -> Taught:
    return Taught(courses, Use())


def _taught(courses: Iterable[Course], encoder: Encoder, before: Taught | None = None) -> Taught:
    """What was counted of the same courses before, with a meaning of its own: that is read little by little."""
    found = copy.copy(_counted(tuple(courses)))
    found._encoder = encoder
    found.meaning = MeaningIndex(found.meaning._texts, encoder, before.meaning if before else None)
    return found


@cache
def _described() -> Described:
    return api.described()


def _built(desk: Desk) -> Described:
    """An application of its own around the same routes."""
    found = copy.copy(_described())
    found.state = State({"desk": desk})
    return found


@cache
def _trusted(trust_env: bool, file: str | None, folder: str | None) -> ssl.SSLContext:
    return _trust(trust_env=trust_env)


def _trusting(verify: ssl.SSLContext | bool = True, cert: None = None, trust_env: bool = True) -> ssl.SSLContext:
    """To read whom everybody trusts takes a client of httpx longer than what most of them ask, and thousands are made."""
    if verify is not True:
        return _trust(verify, cert, trust_env)
    return _trusted(trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


def _encoded(self: Use, texts: Sequence[str]) -> NDArray[np.float32]:
    if len(_points) > MOST:
        _points.clear()
    found = {text: _points.get(text) for text in texts}
    if new := [text for text, point in found.items() if point is None]:
        found.update(zip(new, _encode(self, new), strict=True))
        _points.update((text, point) for text in new if (point := found[text]) is not None)
    return np.array([found[text] for text in texts], dtype=np.float32).reshape(len(texts), self.size)


def read_once() -> None:
    """From now on, in this process."""
    Classifier.load = staticmethod(_loaded)  # type: ignore[method-assign]
    Use.encode = _encoded  # type: ignore[method-assign]
    comprehension.Gazetteer = _gazetteer  # type: ignore[assignment, attr-defined]
    texts._read = lambda path: dict(_texts(path, path.stat().st_mtime_ns))
    files.load_yaml = _parsed
    files.read_sample = sample.read_sample = _sampled  # type: ignore[attr-defined]
    api.build = _built
    httpx._transports.default.create_ssl_context = _trusting  # type: ignore[assignment, attr-defined]
    library.Taught = _taught  # type: ignore[assignment, attr-defined]


def read_all() -> None:
    """And all of it now, for what is forked from this process: to read what the sample centre's texts mean is most of what a
    process does as it starts."""
    read_once()
    _loaded(model.SHIPPED)
    Texts()
    _described()
    _trusting()
    content, encoder = _sampled(datetime.now(Config().zone).date()), Use()
    index = KnowledgeIndex(by_variants((each.id, each.questions) for each in content.entries), encoder)
    courses = _taught(Catalogue.of(content.records).courses.values(), encoder)
    for meaning in (index.meaning, courses.meaning):
        assert meaning is not None
        while not meaning.complete:
            meaning.read()

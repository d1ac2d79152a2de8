"""The classifier's life: what it is trained on, where it is kept, when it is trained anew.

One comes with the code, trained on the data that comes with it. Another is trained where that is not the model of this
data (somebody has changed it), or not of this encoder.
"""

import hashlib
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from daoxue.config import ConfigError
from handlers import HANDLERS
from knowledge.topics import ours
from nlu.classifier import Classifier
from nlu.encoder import Encoder
from nlu.features import read as features_of
from nlu.judgement import Scheme
from nlu.questions import ADVICE, ALIKE, DATA, FAQ, MOVES, NO_ANSWER, OTHER, RED_LINES, Data

SHIPPED = DATA.parent / "model.npz"
_DAMAGED = (  # how a file that was cut, or in which a bit is wrong, shows it
    OSError, ValueError, KeyError, EOFError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error,
    msgspec.MsgspecError,
)  # fmt: skip
PROBES = 64  # texts of the data whose features tell whether a model still reads them as it was taught


def topics() -> dict[str, str]:
    """The topic of each intent."""
    return {intent: handler.topic for intent, handler in HANDLERS.items()}


def scheme(data: Data) -> Scheme:
    """What the labels of our data are."""
    labels = {label for label, _ in data.all}
    others = {label for label in labels if label.startswith(OTHER)}
    return Scheme(
        topics={
            **topics(),
            **{FAQ + question.id: question.topic for question in data.questions.values()},
            **{label: label.removeprefix(OTHER) for label in others},
        },
        red=frozenset([*RED_LINES, ADVICE]),
        moves=frozenset(label for label in labels if label.startswith(MOVES)),
        alike=frozenset({ALIKE}),
        nothing=NO_ANSWER | others,
        same=frozenset(
            pair
            for question in data.questions.values()
            for other in question.same
            for pair in ((FAQ + question.id, other), (other, FAQ + question.id))
        ),
    )


def problems(data: Data) -> list[str]:
    """What is wrong with our data beside its form: labels that nobody answers, neighbours that do not exist."""
    labels = {label for label, _ in data.all}
    known = {ALIKE, *(FAQ + id for id in data.questions)}
    intents = {label for label in labels - known if not label.startswith((OTHER, *MOVES))}
    found = [f"nlu/data: intent {intent} has examples but no handler" for intent in sorted(intents - set(HANDLERS))]
    found += [
        f"handlers: {intent}: there is no topic {topic}" for intent, topic in topics().items() if topic not in ours()
    ]
    for question in data.questions.values():
        if question.topic not in ours():
            found.append(f"nlu/data: {FAQ}{question.id}: there is no topic {question.topic}, as its file is called")
        near = set(question.near) - data.questions.keys() - set(HANDLERS)
        strange = [each for each in question.same if each not in known and each not in HANDLERS]
        found += [f"nlu/data: {FAQ}{question.id}: same: there is no {each}" for each in strange]
        found += [f"nlu/data: {FAQ}{question.id}: near: there is no {each}" for each in sorted(near)]
    return found


def fingerprint(probes: Iterable[str]) -> str:
    """Changes when the data does, or what is seen of a text."""
    digest = hashlib.sha256()
    for path in sorted(DATA.rglob("*.yml")):
        digest.update(path.read_bytes())
    for text in probes:
        digest.update("\t".join(features_of(text).features).encode())
    return digest.hexdigest()[:16]


def load(folder: Path, encoder: Encoder | None, tell: Callable[[str], None]) -> Classifier:
    """The model of our data: the one that comes with it, or one of `folder`; trained in a process of its own where there
    is none yet, so that this one never carries what training needs. `tell` hears what is being done. Raises
    `ConfigError`."""
    name = encoder.name if encoder else ""
    for path in (SHIPPED, folder / f"model-{re.sub(r'[^a-z0-9]', '', name.lower())}.npz"):
        if (found := _fitting(path, encoder, tell)) is not None:
            return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"nlu.folder: {folder} 写不进去（{error.strerror}）：改权限或换一个文件夹 · cannot be written: its permissions, or another one"
        ) from error
    tell("nlu: learning what residents say; once, and again when nlu/data changes")
    command = [sys.executable, "-m", "daoxue.train", str(path), *(encoder.source if encoder else ())]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own interpreter and module
        raise ConfigError(
            f"nlu: 没有练成 {path}，上面写着为什么 · learning ended without a model; what stands above says why"
        )
    return Classifier.load(path, encoder)


def damage(folder: Path) -> list[str]:
    """Files of models that are none any more, each with what becomes of it."""
    told: list[str] = []
    for path in (SHIPPED, *sorted(folder.glob("model-*.npz"))):
        _fitting(path, None, told.append)
    return told


def _fitting(path: Path, encoder: Encoder | None, tell: Callable[[str], None]) -> Classifier | None:
    """The model of a file, where it is one, of this data and of this encoder."""
    if not path.exists():
        return None
    try:
        found = Classifier.load(path, encoder)
    except _DAMAGED as error:
        tell(
            f"{path}: 模型文件坏了，启动时重新训练一个 · damaged ({type(error).__name__}): another one is made at the start"
        )
        return None
    model = found.model
    fits = encoder is None or model.encoder == encoder.name
    return found if fits and model.fingerprint == fingerprint(model.probes) else None

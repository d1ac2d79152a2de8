"""The classifier's life: what it is trained on, where it is kept, when it is trained anew."""

import hashlib
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

import nlu
from bot.comprehension import FAQ
from handlers import HANDLERS
from knowledge.entries import Entry
from knowledge.files import KnowledgeError, load_yaml
from nlu.classifier import Classifier

CODE = Path(nlu.__file__).parent
DATA = CODE / "data"
Example = tuple[str, str]


def read_examples(folder: Path = DATA) -> list[Example]:
    """(intent, text) of the files in Rasa's training format, version 3.1. Raises `KnowledgeError`."""
    examples: list[Example] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        document = load_yaml(path)
        groups = document.get("nlu") if isinstance(document, dict) else None
        if not isinstance(groups, list):
            problems.append(f"{path.name}: nlu: a list of intents is missing")
            continue
        for group in groups:
            if not isinstance(group, dict) or not isinstance(group.get("examples"), str):
                problems.append(f"{path.name}: nlu: an intent lacks `examples: |`")
                continue
            name = str(group.get("intent", ""))
            if name not in HANDLERS:
                problems.append(f"{path.name}: intent {name}: no handler answers it")
            lines = yaml.load(group["examples"], Loader=yaml.CSafeLoader) or []
            examples += [(name, str(line)) for line in lines]
    if problems:
        raise KnowledgeError(problems)
    return examples


def topics() -> dict[str, str]:
    """The topic of each intent."""
    return {intent: handler.topic for intent, handler in HANDLERS.items()}


def with_entries(examples: Sequence[Example], entries: Iterable[Entry]) -> list[Example]:
    """The training set: the intents, and one more a topic for what entries answer."""
    return [*examples, *((FAQ + entry.topic, question) for entry in entries for question in entry.questions)]


def fingerprint(training: Sequence[Example]) -> str:
    """Changes when the examples do, or the code that learns from them."""
    digest = hashlib.sha256()
    for path in sorted(CODE.glob("*.py")):
        digest.update(path.read_bytes())
    for label, text in sorted(training):
        digest.update(f"{label}\t{text}\n".encode())
    return digest.hexdigest()[:16]


def path_of(folder: Path, training: Sequence[Example]) -> Path:
    return folder / f"model-{fingerprint(training)}.npz"


def load(folder: Path, training: Sequence[Example]) -> Classifier:
    """The model of this training set; trained in a process of its own where there is none yet, so that this one never
    carries what training needs."""
    path = path_of(folder, training)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        rows = "".join(f"{label}\t{text}\n" for label, text in training)
        command = [sys.executable, "-m", "daoxue.train", str(path)]
        subprocess.run(command, input=rows.encode(), check=True)  # noqa: S603 - our own interpreter and module
        for old in folder.glob("model-*.npz"):
            if old != path:
                old.unlink(missing_ok=True)
    return Classifier.load(path)

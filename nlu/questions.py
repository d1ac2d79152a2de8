"""What residents ask: the training data in `nlu/data/`, in Rasa's format (version 3.1), and the standard questions among it.

A label is an intent (a handler answers), `faq/<id>` (a standard question, which a centre answers by an entry of its own,
or not yet), `other/<topic>` (of the topic, and no standard question), `cmd/…` and `follow/…` (moves in a talk), a red
line, or `none` (looks like a red line and is none). What stands in a folder of `strangers/` is by authors who had seen
none of the others: how sure one may be is learnt from these, before they are learnt from as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from msgspec import Struct

DATA = Path(__file__).parent / "data"
FAQ, OTHER = "faq/", "other/"
Example = tuple[str, str]
MOVES = ("cmd/", "follow/")
ALIKE = "none"
LONGEST = 300  # characters of an example: what is longer is no question, and was not meant to be here
RED_LINES = (
    "emergency", "despair", "scam", "third_party", "bulk_data", "deceased", "minor", "data_request", "privacy_incident",
)  # fmt: skip
ADVICE = "advice"  # asked for, and not ours to give
NO_ANSWER = frozenset({"unrelated", "other_office", ADVICE})  # intents that say that it is not ours


class DataError(Exception):
    """Training data that cannot be learnt from. `problems` says where and why, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Question(Struct, frozen=True, gc=False):
    """A standard question. `zh` and `en` are its canonical wording, `near` the labels it is most easily taken for
    (standard questions by their id, or intents), `same` the labels whose answers serve its askers as well;
    `careful` says that a wrong answer would cost the resident something: money, a deadline, a right."""

    id: str
    topic: str
    zh: str
    en: str
    near: tuple[str, ...]
    careful: bool
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """`examples` and `strangers` are (label, text)."""

    examples: list[Example]
    strangers: list[Example]
    questions: dict[str, Question]

    @property
    def all(self) -> list[Example]:
        return [*self.examples, *self.strangers]


def read(folder: Path = DATA) -> Data:
    """All files of a folder. Raises `DataError` with every problem of every file, by line where it is about one."""
    data = Data([], [], {})
    problems: list[str] = []
    for path in sorted(folder.rglob("*.yml")):
        rows = data.examples if path.parent == folder else data.strangers
        name = str(path.relative_to(folder))
        for label, text, question in _groups(path, name, problems):
            rows += _examples(label, text, name, problems)
            if question is not None:
                if question.id in data.questions:
                    problems.append(f"{name}: {label}: its wording stands twice")
                data.questions[question.id] = question
    problems += _contradictions(data.all)
    asked = {label.removeprefix(FAQ) for label, _ in data.examples if label.startswith(FAQ)}
    problems += [f"{FAQ}{id}: has no wording (metadata: zh, en)" for id in sorted(asked - data.questions.keys())]
    if problems:
        raise DataError(problems)
    return data


def _groups(path: Path, name: str, problems: list[str]) -> Iterator[tuple[str, str, Question | None]]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"{name}: not readable as YAML in UTF-8: {str(error)[:200]}")
        return
    groups = document.get("nlu") if isinstance(document, dict) else None
    if not isinstance(groups, list):
        problems.append(f"{name}: nlu: a list of intents is missing")
        return
    for group in groups:
        if not isinstance(group, dict) or not isinstance(group.get("examples"), str):
            problems.append(f"{name}: nlu: an intent lacks `examples: |`")
            continue
        label, metadata = str(group.get("intent", "")), group.get("metadata")
        question = None
        if metadata is not None:
            question = _question(label, metadata, path.stem)
            if question is None:
                problems.append(f"{name}: {label}: metadata: zh, en and near are wanted, of a {FAQ} label")
        yield label, group["examples"], question


def _question(label: str, metadata: object, topic: str) -> Question | None:
    if not isinstance(metadata, Mapping) or not label.startswith(FAQ):
        return None
    zh, en, near = metadata.get("zh"), metadata.get("en"), metadata.get("near")
    if not isinstance(zh, str) or not isinstance(en, str) or not isinstance(near, list):
        return None
    same = metadata.get("same", [])
    if not isinstance(same, list):
        return None
    careful = metadata.get("careful") is True
    return Question(label.removeprefix(FAQ), topic, zh, en, tuple(map(str, near)), careful, tuple(map(str, same)))


def _examples(label: str, text: str, name: str, problems: list[str]) -> Iterator[tuple[str, str]]:
    """The lines of a block, each as Rasa reads it: plain text behind a dash."""
    empty = True
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        said = line.strip().removeprefix("-").strip()
        if not line.lstrip().startswith("-") or not said:
            problems.append(f"{name}: {label}: line {number} of the examples does not begin with `- `")
        elif len(said) > LONGEST:
            problems.append(
                f"{name}: {label}: line {number} of the examples has {len(said)} characters, over {LONGEST}"
            )
        else:
            empty = False
            yield label, said
    if empty:
        problems.append(f"{name}: {label}: has no examples")


def _contradictions(examples: list[tuple[str, str]]) -> Iterator[str]:
    """The same text asks one thing; that it is a move in a talk as well is no contradiction."""
    meant: dict[str, str] = {}
    for label, text in examples:
        if label.startswith(MOVES):
            continue
        if meant.setdefault(text, label) != label:
            yield f"{text}: stands under {meant[text]} and {label}"

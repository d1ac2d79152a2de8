"""`python -m benchmarks.rasa.project FOLDER`: a Rasa project made of our training data, ready for `rasa train nlu`.

The data is in Rasa's format as it is. What Rasa wants beside it follows from the data: a domain with the intents, a
response for each retrieval intent (its own name: we do not take answers from there), a rule for each intent, and a
pipeline with one response selector for each retrieval intent.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from nlu.questions import read

VERSION = {"version": "3.1"}
ROWS, EPOCHS = 20, 10  # what two cores learn in a quarter of an hour
Row = tuple[str, str]  # label, text


def some(rows: Iterable[Row], most: int) -> list[Row]:
    """At most so many rows of each label, the same ones each time."""
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_label[row[0]].append(row)
    chance = random.Random(0)
    return [row for found in by_label.values() for row in chance.sample(found, min(most, len(found)))]


def write(folder: Path, rows: Sequence[Row], epochs: int) -> None:
    """The project, with a model that is to be trained in so many epochs."""
    labels = list(dict.fromkeys(label for label, _ in rows))
    intents = list(dict.fromkeys(label.partition("/")[0] for label in labels))
    retrieval = [intent for intent in intents if intent not in labels]
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "nlu.yml").write_text(_examples(labels, rows), encoding="utf-8")
    for name, document in {
        "data/rules.yml": {"rules": [_rule(intent, intent in retrieval) for intent in intents]},
        "domain.yml": _domain(intents, [label for label in labels if "/" in label]),
        "config.yml": _config(retrieval, epochs),
    }.items():
        text = yaml.safe_dump({**VERSION, **document}, allow_unicode=True, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")


def _examples(labels: Sequence[str], rows: Sequence[Row]) -> str:
    texts: dict[str, list[str]] = defaultdict(list)
    for label, text in rows:
        texts[label].append(f"    - {text}")
    groups = [f"- intent: {label}\n  examples: |\n" + "\n".join(texts[label]) for label in labels]
    return 'version: "3.1"\nnlu:\n' + "\n".join(groups) + "\n"


def _rule(intent: str, is_retrieval: bool) -> Mapping[str, object]:
    """Rasa warns of what no rule uses."""
    action = f"utter_{intent}" if is_retrieval else "utter_understood"
    return {"rule": intent, "steps": [{"intent": intent}, {"action": action}]}


def _domain(intents: Sequence[str], retrieved: Sequence[str]) -> Mapping[str, object]:
    said = {f"utter_{label}": [{"text": label}] for label in retrieved}
    return {"intents": list(intents), "responses": {"utter_understood": [{"text": "understood"}], **said}}


def _config(retrieval: Sequence[str], epochs: int) -> Mapping[str, object]:
    learnt = {"epochs": epochs, "constrain_similarities": True}
    pipeline: list[Mapping[str, object]] = [
        {"name": "JiebaTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "entity_recognition": False, **learnt},
        *({"name": "ResponseSelector", "retrieval_intent": intent, **learnt} for intent in retrieval),
        {"name": "FallbackClassifier", "threshold": 0.3},
    ]
    return {
        "recipe": "default.v1", "assistant_id": "daoxue", "language": "zh",
        "pipeline": pipeline, "policies": [{"name": "RulePolicy"}],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="of each label at most")
    parser.add_argument("--epochs", type=int, default=100, metavar="N")
    arguments = parser.parse_args()
    data = read()
    rows = some(data.all, arguments.rows)
    write(arguments.folder, rows, arguments.epochs)
    print(f"{len(rows)} rows of {len({label for label, _ in rows})} labels in {arguments.folder}")


if __name__ == "__main__":
    main()

"""`python -m daoxue.train FILE [ENCODER [FOLDER]]`: learns from our data, telling what it does, and writes the model."""

import sys
import time
from pathlib import Path

from msgspec.structs import replace

from daoxue import model
from nlu import encoder
from nlu.classifier import Classifier
from nlu.features import essence
from nlu.questions import Data, DataError, read
from nlu.text import fold
from nlu.training import train


def main() -> None:
    path, *source = sys.argv[1:]
    try:
        meaning = encoder.load(*source or ["none"])
        learn(read(), meaning).save(Path(path))
    except (DataError, encoder.EncoderError, OSError) as error:
        sys.exit(f"nlu: {error}")


def learn(data: Data, meaning: encoder.Encoder | None) -> Classifier:
    """The model of our data."""
    began = time.monotonic()

    def tell(step: str) -> None:
        print(f"nlu: {step} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)

    learnt = train(data.examples, model.scheme(data), data.strangers, meaning, tell)
    rows = data.all
    probes = [text for _, text in rows[:: len(rows) // model.PROBES + 1]]
    known = replace(
        learnt.model, exact=exact(rows, learnt.labels), questions=list(data.questions.values()), probes=probes,
        fingerprint=model.fingerprint(probes),
    )  # fmt: skip
    tell("done")
    return Classifier(known, learnt.arrays, meaning)


def exact(rows: list[tuple[str, str]], labels: list[str]) -> dict[str, int]:
    """The label of each text by its essence; not of those that are said of several things, or in the middle of a talk."""
    number = {label: at for at, label in enumerate(labels)}
    found: dict[str, int] = {}
    several: set[str] = set()
    for label, text in rows:
        words = essence(fold(text))
        if label not in number or found.setdefault(words, number[label]) != number[label]:
            several.add(words)
    return {words: label for words, label in found.items() if words and words not in several}


if __name__ == "__main__":
    main()

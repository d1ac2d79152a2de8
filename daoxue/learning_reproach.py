"""`python -m daoxue.learning_reproach`: learns whom a reproach is of from `nlu/data/reproaches`, after the classifier, and writes
`nlu/reproach.npz`. scikit-learn is needed here alone."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from sklearn.linear_model import LogisticRegression

from nlu.classifier import Classifier
from nlu.encoder import Encoder, Use
from nlu.questions import DATA, FAQ, OTHER, read
from nlu.reproach import LABELS, LEARNT, Reproach, Scales, columns, pieces, spoken
from nlu.text import fold

Row = tuple[str, str]  # a label, a sentence
AUTHORS = (1, 2, 3)
LITTLE = 10.0  # the less, the more large weights cost
_OF_SEATS = ("/complaint", "/human_agent")
EVERY, LIGHTER = 12, 0.3  # of the questions that strangers ask these are no reproach either, and count for so much


def rows(author: int) -> list[Row]:
    """What one of the authors has written."""
    lines = (DATA / "reproaches" / f"{author}.tsv").read_text("utf-8").splitlines()[1:]
    return [(label, said) for label, _, said in (line.partition("\t") for line in lines)]


def ordinary() -> list[Row]:
    """What strangers ask of the centre."""
    asked = (
        text for label, text in read().strangers if label.startswith((FAQ, OTHER)) and not label.endswith(_OF_SEATS)
    )
    return [("NONE", text) for text in [*asked][::EVERY]]


def learn(among: Sequence[Row], classifier: Classifier, encoder: Encoder) -> Reproach:
    asked = ordinary()
    heavy = np.array([1.0] * len(among) + [LIGHTER] * len(asked))
    among = [*among, *asked]
    said = [fold(text) for _, text in among]
    counted = Counter(piece for each in said for piece in pieces(spoken(each)))
    terms = sorted(counted)
    rarity = np.array([np.log((1 + len(said)) / (1 + counted[each])) + 1 for each in terms], dtype=np.float32)
    names = [name for name in columns(classifier.model.groups) if name]
    size = len(terms) + len(names) + encoder.size
    none = np.zeros((size + 1, len(LABELS)), dtype=np.float16)
    reads = Reproach(
        Classifier(classifier.model, classifier.arrays, encoder),
        Scales(np.array(terms), rarity, np.array(names), none, none[: -encoder.size], encoder.name),
    )
    signs = vstack([csr_array(reads.signs(each)[None]) for each in said], format="csr")
    labels = [label for label, _ in among]
    both, by_words = _fitted(signs, labels, heavy), _fitted(signs[:, : -encoder.size], labels, heavy)
    return Reproach(classifier, reads.weights._replace(both=both, by_words=by_words))


def _fitted(signs: csr_array, labels: Sequence[str], heavy: NDArray[np.float64]) -> NDArray[np.float16]:
    fitted = LogisticRegression(C=LITTLE, max_iter=3000).fit(signs, labels, sample_weight=heavy)
    order = [list(fitted.classes_).index(label) for label in LABELS]
    found = np.vstack([fitted.coef_[order].T, fitted.intercept_[order]])
    return found.astype(np.float16)


def main() -> None:
    encoder = Use()
    classifier = Classifier.load(DATA.parent / "model.npz", encoder)
    learnt = learn([row for author in AUTHORS for row in rows(author)], classifier, encoder)
    np.savez_compressed(LEARNT, **learnt.weights._asdict())


if __name__ == "__main__":
    main()

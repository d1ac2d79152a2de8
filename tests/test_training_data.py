"""What residents ask, as data: read strictly, and the model that comes with the code is the model of it."""

import random
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.svm import LinearSVC

from daoxue import model, train
from daoxue.check import notes
from daoxue.config import Config, Nlu
from nlu import questions
from nlu.classifier import Classifier
from nlu.experts import REGULARISATION
from nlu.features import read
from nlu.judgement import Blend, Budget, Judgement, Logistic, Tried
from nlu.questions import DataError
from nlu.training import HEAVIER

HEAD = 'version: "3.1"\nnlu:\n'
LONG = "长" * 100_000


@pytest.mark.parametrize(("text", "told"), [
    ("- [", "bad.yml: not readable as YAML"),
    ("nlu: 3", "bad.yml: nlu: a list of intents is missing"),
    (HEAD + "- intent: human\n", "bad.yml: nlu: an intent lacks `examples: |`"),
    (HEAD + "- intent: human\n  examples: |\n    转人工\n", "bad.yml: human: line 1 of the examples does not begin with `- `"),
    (HEAD + "- intent: human\n  examples: |\n    -\n", "bad.yml: human: line 1"),
    (HEAD + "- intent: human\n  examples: ''\n", "bad.yml: human: has no examples"),
    (HEAD + f"- intent: human\n  examples: |\n    - 好\n    - {LONG}\n", "bad.yml: human: line 2 of the examples has 100000 characters"),
    (HEAD + "- intent: faq/parking\n  examples: |\n    - 停车\n", "faq/parking: has no wording"),
    (HEAD + "- intent: faq/parking\n  metadata: {zh: 能停车吗}\n  examples: |\n    - 停车\n", "faq/parking: metadata: zh, en and near"),
    (HEAD + "- intent: human\n  examples: |\n    - 找人\n- intent: thanks\n  examples: |\n    - 找人\n", "找人: stands under human and thanks"),
])  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=told.replace("(", r"\(").replace("|", r"\|")):
        questions.read(tmp_path)


def test_examples_are_read_to_the_letter(tmp_path: Path) -> None:
    """As Rasa reads them: plain text behind a dash, whatever it would mean in YAML."""
    said = ["- a: b # no comment", "true", '"quoted"', "### hash", "王*", "/restart"]
    lines = "".join(f"    - {each}\n" for each in said)
    (tmp_path / "good.yml").write_text(f"{HEAD}- intent: human\n  examples: |\n{lines}", encoding="utf-8")
    assert [text for _, text in questions.read(tmp_path).examples] == said


def test_our_data_is_answered() -> None:
    assert model.problems(questions.read()) == []


def test_the_model_is_the_model_of_the_data() -> None:
    """By the fingerprint of all of it; and a dozen of its columns, learnt anew from the data, are the same."""
    shipped = Classifier.load(model.SHIPPED)
    assert shipped.model.fingerprint == model.fingerprint(shipped.model.probes), (
        "python -m daoxue.train nlu/model.npz use"
    )
    data = questions.read()
    assert shipped.model.exact == train.exact(data.all, shipped.labels)
    assert {each.id: each for each in shipped.model.questions} == data.questions
    scheme = model.scheme(data)
    rows = [row for row in data.all if scheme.asks(row[0])]
    heavy = set(data.strangers)
    weights = [HEAVIER if row in heavy else 1.0 for row in rows]
    texts = _vectors(shipped, [text for _, text in rows])
    for label in random.Random(1).sample(shipped.labels, 3):
        column = shipped.labels.index(label)
        machine = LinearSVC(C=REGULARISATION, random_state=0).fit(
            texts, [row[0] == label for row in rows], sample_weight=weights
        )
        stored = shipped.arrays.rows[:-1, column].astype(np.float32) * shipped.arrays.scale[column]
        anew = machine.coef_[0] * np.sqrt(shipped.arrays.rarity[:-1])
        assert np.corrcoef(stored, anew)[0, 1] > 0.99, label
        assert abs(float(machine.intercept_[0]) - float(shipped.arrays.bias[column])) < 0.02, label


def test_the_command_learns_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [("site_hours", "几点开门"), ("complaint", "投诉老师")] * 3
    monkeypatch.setattr(train, "read", lambda: questions.Data(few, [], {}))
    monkeypatch.setattr("sys.argv", ["daoxue.train", str(tmp_path / "model.npz"), "use"])
    train.main()
    assert Classifier.load(tmp_path / "model.npz").labels == ["complaint", "site_hours"]


def _vectors(shipped: Classifier, texts: list[str]):  # type: ignore[no-untyped-def] # scipy has no types
    from scipy.sparse import csr_matrix

    numbers = {term: number for number, term in enumerate(shipped.model.terms)}
    found = [sorted({numbers[each] for each in read(text).features if each in numbers}) for text in texts]
    columns = np.fromiter((each for row in found for each in row), dtype=np.int64)
    starts = np.cumsum([0, *map(len, found)])
    rarity = np.sqrt(shipped.arrays.rarity[columns])
    table = csr_matrix((rarity, columns, starts), shape=(len(texts), len(numbers)))
    lengths = np.sqrt(np.maximum(np.asarray(table.multiply(table).sum(axis=1)).ravel(), 1e-9))
    return csr_matrix(table.multiply(1 / lengths[:, None]))


@pytest.mark.parametrize("left", [0, 10, 100_000])
def test_a_model_cut_short_is_made_anew(left: int, tmp_path: Path) -> None:
    path, told = tmp_path / "model.npz", list[str]()
    path.write_bytes(model.SHIPPED.read_bytes()[:left])
    assert model._fitting(path, None, told.append) is None
    assert "模型文件坏了" in told[0]


def test_a_model_with_a_wrong_bit_is_made_anew_and_told_of_before_the_start(tmp_path: Path, config: Config) -> None:
    held = bytearray(model.SHIPPED.read_bytes())
    held[held.index(b"PK\x01\x02") + 10] ^= 64  # how the first of its arrays is packed
    (tmp_path / "model-.npz").write_bytes(held)
    (told,) = (each for each in notes(replace(config, nlu=Nlu(str(tmp_path)))) if "模型" in each)
    assert "model-.npz: 模型文件坏了，启动时重新训练一个 · damaged (NotImplementedError)" in told


def test_a_model_of_other_data_is_not_used(tmp_path: Path) -> None:
    shipped = Classifier.load(model.SHIPPED)
    other = Classifier(model_of(shipped, "0123456789abcdef"), shipped.arrays)
    other.save(tmp_path / "model.npz")
    assert model._fitting(tmp_path / "model.npz", None, print) is None


def model_of(shipped: Classifier, fingerprint: str):  # type: ignore[no-untyped-def]
    from msgspec.structs import replace

    return replace(shipped.model, fingerprint=fingerprint)


def test_lines_keep_within_the_budget() -> None:
    random_ = random.Random(3)
    tried = [Tried(p, random_.random() < p, random_.random() < 0.8) for p in (random_.random() for _ in range(4000))]
    tried = [each._replace(right=each.right and each.inside) for each in tried]
    judgement = Judgement(Blend(), Blend(), Blend(), Blend(), Logistic([], 0), Logistic([], 0), 0.0, tried)
    budget = Budget(wrong=0.3, wrong_by_name=0.4, refused=0.05)
    lines = judgement.lines(budget)
    assert lines.ask <= lines.likely <= lines.sure
    said = [each for each in tried if each.probability >= lines.sure]
    named = [each for each in tried if each.probability >= lines.likely]
    assert sum(not each.right for each in said) / len(said) <= budget.wrong + 1e-9
    assert sum(not each.right for each in named) / len(named) <= budget.wrong_by_name + 1e-9
    answered = [each for each in tried if each.inside]
    assert sum(each.probability < lines.ask for each in answered) / len(answered) <= budget.refused + 0.01


def test_nothing_is_said_where_all_was_wrong() -> None:
    judgement = Judgement(
        Blend(), Blend(), Blend(), Blend(), Logistic([], 0), Logistic([], 0), 0.0, [Tried(0.9, False, True)] * 3
    )
    assert judgement.lines(Budget()).sure == 1.0

"""Encoders of an operator's own: any model of the kind is taken, and what is wrong with one is told before it serves."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from daoxue import check, model
from daoxue.config import Config, ConfigError, Nlu
from daoxue.resolved import encoder_of
from daoxue.train import learn
from nlu import encoder
from nlu.classifier import Classifier
from nlu.encoder import EncoderError
from nlu.features import read
from nlu.questions import Data
from nlu.training import train
from tests.test_config import daoxue

SIZE = 12
CHARACTERS = "学书法班几点开门怎么报名积分过期吗查余额股票天气投诉老师"
EXAMPLES = [
    ("hours", "几点开门"), ("hours", "几点开班"), ("hours", "书法班几点开门"), ("hours", "开门几点"),
    ("enrol", "怎么报名"), ("enrol", "怎么报书法班"), ("enrol", "书法班怎么报名"), ("enrol", "报名怎么报"),
    ("credits", "积分过期吗"), ("credits", "查积分余额"), ("credits", "怎么查积分"), ("credits", "积分怎么查"),
]  # fmt: skip


def tokenizer(folder: Path, padding: dict[str, object] | None = None, longest: int | None = None) -> Tokenizer:
    """One token a character, after a first one for the text."""
    vocabulary = {character: number for number, character in enumerate(["[PAD]", "[UNK]", *dict.fromkeys(CHARACTERS)])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    if padding:
        made.enable_padding(**padding)
    if longest:
        made.enable_truncation(longest)
    made.save(str(folder / "tokenizer.json"))
    return made


def rows(size: int = SIZE, seed: int = 0) -> onnx.TensorProto:
    """A row a token."""
    table = np.random.default_rng(seed).normal(size=(64, size)).astype(np.float32)
    return numpy_helper.from_array(table, "rows")


def save(folder: Path, nodes: list[onnx.NodeProto], outputs: Sequence[str], inputs: Sequence[str] = ("input_ids",),
         kind: int = TensorProto.INT64, shape: Sequence[str | int] = ("batch", "sequence"),
         constants: Sequence[onnx.TensorProto] | None = None) -> None:  # fmt: skip
    """A model of these nodes."""
    graph = helper.make_graph(
        nodes, "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        initializer=[rows()] if constants is None else constants,
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, folder / "model.onnx")


GATHER = helper.make_node("Gather", ["rows", "input_ids"], ["states"])
POOL = helper.make_node("ReduceMean", ["states"], ["sentence_embedding"], axes=[1], keepdims=0)


def tokens(folder: Path) -> None:
    """Gives a point a token."""
    tokenizer(folder)
    save(folder, [GATHER], ["states"])


def pooled(folder: Path) -> None:
    """Gives a point a sentence, beside those of its tokens."""
    tokenizer(folder)
    save(folder, [GATHER, POOL], ["states", "sentence_embedding"])


def of(folder: Path) -> encoder.Encoder:
    found = encoder.load("onnx", str(folder))
    assert found is not None
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokens(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> encoder.Encoder:
    folder = tmp_path_factory.mktemp("encoder")
    tokens(folder)
    return of(folder)


@given(st.lists(st.text(alphabet=CHARACTERS + "猫 a", max_size=300), max_size=70))
def test_a_text_has_a_point_of_length_one_whatever_stands_beside_it(made: encoder.Encoder, texts: list[str]) -> None:
    points = made.encode(texts)
    assert points.shape == (len(texts), SIZE)
    assert points.dtype == np.float32
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-5)
    for text, point in zip(texts[:3], points, strict=False):
        assert np.allclose(made.encode([text])[0], point, atol=1e-5)


def test_states_of_tokens_are_averaged_without_what_is_padded(folder: Path) -> None:
    table = numpy_helper.to_array(rows())
    ids = tokenizer(folder).encode("开门").ids
    wanted = table[ids].mean(axis=0)
    found = of(folder).encode(["开门", "书法班几点开门"])[0]
    assert np.allclose(found, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_what_is_pooled_already_is_preferred(tmp_path: Path) -> None:
    pooled(tmp_path)
    # Padding is among what this model takes the mean of.
    table = numpy_helper.to_array(rows())
    ids = tokenizer(tmp_path).encode("开门").ids
    wanted = table[[*ids, 0, 0]].mean(axis=0)
    found = of(tmp_path).encode(["开门", "几点开门"])[0]
    assert np.allclose(found, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_no_more_than_a_hundred_and_twenty_eight_tokens_are_read(folder: Path) -> None:
    found = of(folder).encode(["开" * 128 + "门" * 500, "开" * 200, "开" * 100 + "门" * 100])
    assert np.allclose(found[0], found[1])
    assert not np.allclose(found[0], found[2])


def test_a_tokenizer_that_reads_less_reads_less(folder: Path) -> None:
    tokenizer(folder, longest=4)
    found = of(folder).encode(["开开开开门", "开开开开"])
    assert np.allclose(*found)


@pytest.mark.parametrize("direction", ["left", "right"])
def test_padding_is_the_tokenizers(tmp_path: Path, direction: str) -> None:
    """A model that sums up what stands where: the last place where it is padded on the left."""
    tokenizer(tmp_path, {"direction": direction, "pad_id": 5, "length": 64})
    place = numpy_helper.from_array(np.array(-1), "place")
    last = helper.make_node("Gather", ["states", "place"], ["sentence_embedding"], axis=1)
    save(tmp_path, [GATHER, last], ["sentence_embedding"], constants=[rows(), place])
    short, _ = of(tmp_path).encode(["门", "开开门"])
    table = numpy_helper.to_array(rows())
    wanted = table[tokenizer(tmp_path).encode("门").ids[-1] if direction == "left" else 5]
    assert np.allclose(short, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_a_model_is_given_the_inputs_that_it_has(tmp_path: Path) -> None:
    """All three, of 32 bits: what they add up to is the point."""
    tokenizer(tmp_path)
    add = helper.make_node("Sum", ["a", "b", "c"], ["sum"])
    casts = [
        helper.make_node("Cast", [name], [to], to=TensorProto.FLOAT)
        for name, to in zip(("input_ids", "attention_mask", "token_type_ids"), "abc", strict=True)
    ]
    axes = numpy_helper.from_array(np.array([2]), "axes")
    states = helper.make_node("Unsqueeze", ["sum", "axes"], ["states"])
    names = ["input_ids", "attention_mask", "token_type_ids"]
    save(tmp_path, [*casts, add, states], ["states"], names, TensorProto.INT32, constants=[axes])
    assert of(tmp_path).encode(["开门", "学"]).tolist() == [[1.0], [1.0]]


def test_other_weights_and_other_tokens_are_another_encoder(folder: Path) -> None:
    first = of(folder).name
    assert first.startswith("onnx-")
    assert of(folder).name == first
    save(folder, [GATHER], ["states"], constants=[rows(seed=1)])
    second = of(folder).name
    tokenizer(folder, longest=9)
    third = of(folder).name
    (folder / "model.onnx_data").write_bytes(b"weights beside it")
    assert len({first, second, third, of(folder).name}) == 4


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')


def no_model(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def no_onnx(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"PK not a model" * 9)


def cut_off(folder: Path) -> None:
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])


def of_pictures(folder: Path) -> None:
    node = helper.make_node("Identity", ["pixel_values"], ["states"])
    save(folder, [node], ["states"], ["pixel_values"], TensorProto.FLOAT)


def one_input_more(folder: Path) -> None:
    other = helper.make_node("Gather", ["rows", "image"], ["seen"])
    node = helper.make_node("Sum", ["states", "seen"], ["sum"])
    save(folder, [GATHER, other, node], ["sum"], ["input_ids", "image"])


def of_floats(folder: Path) -> None:
    node = helper.make_node("Identity", ["input_ids"], ["states"])
    save(folder, [node], ["states"], kind=TensorProto.FLOAT)


def of_one_length(folder: Path) -> None:
    save(folder, [GATHER], ["states"], shape=(1, 128))


def of_no_size(folder: Path) -> None:
    save(folder, [GATHER], ["states"], constants=[rows(0)])


def of_changing_size(folder: Path) -> None:
    node = helper.make_node("Cast", ["input_ids"], ["points"], to=TensorProto.FLOAT)
    save(folder, [node], ["points"])


def one_for_all(folder: Path) -> None:
    node = helper.make_node("ReduceMean", ["states"], ["point"], axes=[0], keepdims=0)
    save(folder, [GATHER, node], ["point"])


def of_nothing_finite(folder: Path) -> None:
    node = helper.make_node("Log", ["states"], ["logarithms"])
    save(folder, [GATHER, node], ["logarithms"])


def too_few_tokens(folder: Path) -> None:
    few = numpy_helper.from_array(np.ones((2, SIZE), np.float32), "rows")
    save(folder, [GATHER], ["states"], constants=[few])


BROKEN: list[tuple[Callable[[Path], None], str, str]] = [
    (no_tokenizer, "tokenizer.json", "no such file"), (broken_tokenizer, "tokenizer.json", "not a tokenizer"),
    (no_model, "model.onnx", "no such file"), (no_onnx, "model.onnx", "not a model"), (cut_off, "model.onnx", "not a model"),
    (of_pictures, "model.onnx", "takes pixel_values"), (one_input_more, "model.onnx", "takes input_ids, image"),
    (of_floats, "model.onnx", r"input input_ids: takes tensor\(float\)"), (of_one_length, "model.onnx", r"its shape \[1, 128\]"),
    (of_no_size, "model.onnx", "size of its points is 0"), (of_changing_size, "model.onnx", "or another for another text"),
    (one_for_all, "model.onnx", "neither a point a sentence nor one a token"), (of_nothing_finite, "model.onnx", "not all of it are numbers"),
    (too_few_tokens, "model.onnx", "cannot be run"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "file", "reason"), BROKEN, ids=lambda each: getattr(each, "__name__", None))
def test_what_is_wrong_is_told_by_file_and_reason(
    folder: Path, spoil: Callable[[Path], None], file: str, reason: str
) -> None:
    spoil(folder)
    with pytest.raises(EncoderError, match=reason) as caught:
        of(folder)
    assert str(caught.value).startswith(f"{folder / file}: ")
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_named_or_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nlu\.encoder: onnx: nlu\.encoder_path does not name the folder"):
        encoder_of("onnx", "")
    with pytest.raises(ConfigError, match=r"nlu\.encoder: .*nowhere/model\.onnx: there is no such file"):
        encoder_of("onnx", str(tmp_path / "nowhere"))


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_package_that_is_not_installed_is_told(folder: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "nlu.onnx", raising=False)
    with pytest.raises(EncoderError, match=rf"{package}.*pip install 'daoxue\[onnx\]'"):
        of(folder)


def test_who_does_not_ask_for_it_does_not_load_it() -> None:
    program = (
        "import sys, daoxue.cli; from nlu import encoder; encoder.load('use'); print('onnxruntime' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_check_and_start_tell_it_and_write_nothing(config: Config, tmp_path: Path) -> None:
    broken = replace(config, nlu=Nlu(str(tmp_path / "models"), encoder="onnx", encoder_path=str(tmp_path)))
    assert any("nlu.encoder: " in problem and "model.onnx" in problem for problem in check.problems(broken))
    more = {"DAOXUE_NLU__ENCODER": "onnx", "DAOXUE_NLU__ENCODER_PATH": str(tmp_path)}
    started = daoxue(broken, "nlu", "parse", more=more)
    assert started.returncode == 2
    assert "model.onnx: there is no such file" in started.stderr
    assert "Traceback" not in started.stderr
    assert not (tmp_path / "models").exists()


def test_a_folder_as_the_page_has_it_is_taken(config: Config, folder: Path) -> None:
    more = {"DAOXUE_NLU__ENCODER": "onnx", "DAOXUE_NLU__ENCODER_PATH": str(folder)}
    checked = daoxue(config, "check", more=more)
    assert (checked.returncode, "没有问题" in checked.stdout) == (0, True), checked.stdout + checked.stderr


def test_a_dozen_examples_are_learnt_with_it(folder: Path, tmp_path: Path) -> None:
    meaning = of(folder)
    learnt = train(EXAMPLES, encoder=meaning)
    assert learnt.model.encoder == meaning.name
    assert learnt.arrays.weights.shape[0] == learnt.arrays.examples.shape[1] == SIZE
    learnt.save(tmp_path / "model.npz")
    kept = Classifier.load(tmp_path / "model.npz", meaning)
    assert kept.encoder is meaning
    readings = [read(text) for text in ("书法班几点开门呀", "怎么报名呀", "积分过期了吗")]
    assert [each.ranked[0].label for each in kept.classify(readings)] == ["hours", "enrol", "credits"]
    assert kept.classify(readings) == learnt.classify(readings)
    save(folder, [GATHER], ["states"], constants=[rows(seed=1)])
    assert Classifier.load(tmp_path / "model.npz", of(folder)).encoder is None


def test_another_process_learns_with_the_same_one(folder: Path) -> None:
    meaning = of(folder)
    again = encoder.load(*meaning.source)
    data = Data([("site_hours", "几点开门"), ("complaint", "投诉老师")] * 3, [], {})
    assert learn(data, again).model.encoder == meaning.name


def test_a_model_is_kept_for_each_encoder(folder: Path, tmp_path: Path) -> None:
    """One that was trained with the encoder is taken; with other weights it is trained anew."""
    kept, meaning = tmp_path / "models", of(folder)
    kept.mkdir()
    learnt = train(EXAMPLES, encoder=meaning)
    fitting = Classifier(replace(learnt.model, fingerprint=model.fingerprint([])), learnt.arrays)
    fitting.save(kept / f"model-{meaning.name.replace('-', '')}.npz")
    assert model.load(kept, meaning, print).labels == ["credits", "enrol", "hours"]
    save(folder, [GATHER], ["states"], constants=[rows(seed=1)])
    other = of(folder)
    (folder / "model.onnx").unlink()  # which ends the training before it has begun
    told: list[str] = []
    with pytest.raises(ConfigError, match="ended without a model"):
        model.load(kept, other, told.append)
    assert any("learning what residents say" in step for step in told)
    assert len(list(kept.iterdir())) == 1

"""The evaluations: figures that are what others reckon, intervals, lines that add up, and files that are wrong."""

import io
import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.metrics import f1_score, matthews_corrcoef, roc_auc_score

from daoxue import diagram, live
from daoxue.app import App
from daoxue.cli import main
from daoxue.config import Config
from daoxue.evaluate import by_our_data, nlu, rows, truths
from daoxue.figures import Verdicts, at_lines, auroc, figures, macro_f1, matthews
from daoxue.intervals import bootstrap, wilson
from daoxue.table import PARTS, TableLine, table
from knowledge.files import KnowledgeError
from nlu.judgement import OUTSIDE, Lines
from nlu.questions import Data, Question
from tests.service import ROOT
from tests.test_config import daoxue

TODAY = date(2026, 11, 26)
SURE, LIKELY, ASK = 0.8, 0.5, 0.08
columns = st.lists(
    st.tuples(st.sampled_from(["a", "b", OUTSIDE]), st.sampled_from("ab"), st.booleans(), st.booleans(), st.floats(0, 1), st.floats(0, 1)),
    min_size=1, max_size=40,
)  # fmt: skip


def verdicts(made: list[tuple[str, str, bool, bool, float, float]]) -> Verdicts:
    truth, best, kept, says, sure, inside = map(np.array, zip(*made, strict=True))
    return Verdicts(truth, best, kept, says, sure, inside, sure, Lines(SURE, LIKELY, ASK), None, 1.0)


# Newcombe's and Brown's examples.
@pytest.mark.parametrize(("count", "of", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (29, 29, 0.8830, 1.0), (0, 0, 0.0, 1.0),
])  # fmt: skip
def test_intervals_of_shares(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 10_000), st.data())
def test_an_interval_holds_its_share_and_is_narrower_of_more(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    low, high = wilson(count, of)
    assert 0 <= low <= count / of + 1e-9 <= high + 2e-9 <= 1 + 2e-9
    narrow_low, narrow_high = wilson(count * 10, of * 10)
    assert narrow_high - narrow_low < high - low


def test_drawing_again_and_again_finds_the_interval_of_a_share() -> None:
    truths = np.arange(400) < 100
    found = bootstrap(lambda drawn: float(truths[drawn].mean()), 400)
    assert found == pytest.approx(wilson(100, 400), abs=0.01)
    assert found == bootstrap(lambda drawn: float(truths[drawn].mean()), 400)
    assert bootstrap(lambda drawn: None, 3) is None


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=30))
def test_figures_are_what_others_reckon(pairs: list[tuple[int, int]]) -> None:
    truth, chosen = np.array(pairs).T
    assert macro_f1(truth, chosen) == pytest.approx(f1_score(truth, chosen, average="macro"))
    if len({*(truth > 1), *(chosen > 1)}) == 2:
        assert matthews(truth > 1, chosen > 1) == pytest.approx(matthews_corrcoef(truth > 1, chosen > 1), abs=1e-9)
    if len({*(truth > 1)}) == 2:
        assert auroc(truth > 1, chosen / 4) == pytest.approx(roc_auc_score(truth > 1, chosen / 4))


@given(columns)
def test_at_each_line_every_text_becomes_one_thing(made: list[tuple[str, str, bool, bool, float, float]]) -> None:
    found = verdicts(made)
    told = at_lines(found, found.scope)
    counts = {name: dict(zip(PARTS, counted(line), strict=True)) for name, line in told.items()}
    assert all(sum(each.values()) == found.scope.sum() for each in counts.values())
    for strict, lenient in (("sure", "likely"), ("likely", "ask")):
        assert counts[strict]["right"] <= counts[lenient]["right"]
        assert counts[strict]["wrong"] <= counts[lenient]["wrong"]
    assert {each["refused"] for each in counts.values()} == {counts["ask"]["refused"]}
    assert counts["ask"]["asked"] == 0


def test_what_becomes_of_texts_at_the_lines() -> None:
    made = [
        ("a", "a", True, True, SURE, 0.9), ("b", "a", True, True, SURE, 0.9), ("a", "a", True, True, LIKELY, 0.9), ("a", "a", True, True, ASK, 0.9),
        ("a", "a", False, True, ASK - 0.01, 0.1), ("a", "a", False, False, 1.0, 0.1), (OUTSIDE, "a", True, True, LIKELY, 0.9),
    ]  # fmt: skip
    found = figures(verdicts(made))
    assert found.nested is not None
    lines, strays = found.nested.lines, found.nested.oos_lines
    assert strays is not None
    assert counted(lines["sure"]) == [1, 1, 2, 2]
    assert counted(lines["likely"]) == [2, 1, 1, 2]
    assert counted(lines["ask"]) == [3, 1, 0, 2]
    assert counted(strays["likely"]) == [0, 1, 0, 0]
    assert found.values["ece"] != found.values["ece_with_strays"]


def counted(line: TableLine) -> list[int]:
    return [line.right.count, line.wrong.count, line.asked.count, line.refused.count]


@settings(max_examples=8, deadline=None)  # a thousand draws a figure
@given(columns)
def test_whatever_was_judged_has_figures_that_can_be_written(
    made: list[tuple[str, str, bool, bool, float, float]],
) -> None:
    found = verdicts(made[:6])
    told = figures(found)
    written = json.loads(json.dumps(told.as_object(), allow_nan=False))
    lines = list(table(told))
    named = {line.split()[0] for line in lines if line}
    assert named >= {*told.values, "sure", "likely", "ask"}
    assert written.keys() == {*told.values, "intervals", "lines", "oos_lines", "reliability"}
    assert sum(each["size"] for each in written["reliability"]) == found.says.sum()


@pytest.mark.parametrize("judged", [[], [(1.0, True)], [(0.0, False)], [(n / 99, n % 3 > 0) for n in range(100)]])
def test_a_diagram_is_a_picture(judged: list[tuple[float, bool]]) -> None:
    picture = Image.open(io.BytesIO(diagram.reliability(judged)))
    assert picture.format == "PNG"
    assert picture.size == (diagram.WIDTH, diagram.HEIGHT)
    red, green, blue = np.moveaxis(np.asarray(picture).astype(int), 2, 0)
    assert bool(((red < 60) & (green < 120) & (blue > 120)).any()) == bool(judged)


@pytest.mark.parametrize(("content", "told"), [
    (b"", [": empty"]), (b"\n\n", [": empty"]), (b"a\tx\n\nno tab\n", [":3: fewer than 2 columns"]),
    (b"\tx\na\t \n", [":1: text without a label", ":2: a label without text"]), (b"a\tx\nb\t\xff\xfe\n", [":2: not UTF-8"]),
    (b"a\t" + b"x" * 100_000, [":1: 100001 characters, over 10000"]),
])  # fmt: skip
def test_files_that_are_wrong_are_told_by_row(content: bytes, told: list[str], tmp_path: Path) -> None:
    path = tmp_path / "test.tsv"
    path.write_bytes(content)
    with pytest.raises(KnowledgeError) as caught:
        rows(path, 2)
    assert caught.value.problems == [f"{path}{each}" for each in told]


def test_a_row_is_a_line_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "test.tsv"
    path.write_bytes("\ufeffa\tone\u2028line\r\nb\ttwo\tmore\n".encode())
    assert [row.columns for row in rows(path, 2)] == [["a", "one\u2028line"], ["b", "two", "more"]]
    with pytest.raises(KnowledgeError, match="cannot be read"):
        rows(tmp_path / "none.tsv", 2)


def test_a_file_holds_labels_or_topics(tmp_path: Path) -> None:
    path = tmp_path / "test.tsv"

    def of(*labels: str) -> tuple[list[str], bool]:
        path.write_text("".join(f"{label}\t几点开门\n" for label in labels), encoding="utf-8")
        return truths(path, rows(path, 2), {"site_hours", "faq/hall"}, {"unrelated", "other/chitchat"})

    assert of("faq/hall", "unrelated", "other/chitchat", "oos") == (["faq/hall", OUTSIDE, OUTSIDE, OUTSIDE], False)
    assert of("site_hours", "course_faq", "out_of_scope") == (["site_hours", "course_faq", OUTSIDE], True)
    assert of("site_hours", "oos") == (["site_hours", OUTSIDE], False)
    with pytest.raises(KnowledgeError, match=r"test\.tsv:2: there is no label faq/moon"):
        of("faq/hall", "faq/moon")
    with pytest.raises(KnowledgeError, match="there is no label course_faq"):
        of("faq/hall", "course_faq")


def test_our_own_data_are_learnt_and_judged(tmp_path: Path) -> None:
    said = {"site_hours": "几点开门", "complaint": "我要投诉老师", "faq/hall": "礼堂怎么借", "unrelated": "股票会涨吗"}
    examples = [(label, text + tail) for label, text in said.items() for tail in ("", "呀", "呢", "请问")]
    data = Data(examples, [], {"hall": Question("hall", "site_hours", "礼堂怎么借", "", (), False)})
    path = tmp_path / "test.tsv"
    path.write_text(
        "site_hours\t几点开门啊\nfaq/hall\t借礼堂\nunrelated\t股票会不会涨\noos\t股票涨\n", encoding="utf-8"
    )
    found = by_our_data(data, path, None)
    assert found.truth.tolist() == ["site_hours", "faq/hall", OUTSIDE, OUTSIDE]
    assert found.best[:2].tolist() == ["site_hours", "faq/hall"]
    assert found.says.tolist() == [True, True, False, False]
    assert found.fit_seconds is not None
    path.write_text("site_hours\t几点开门啊\nout_of_scope\t股票会不会涨\n", encoding="utf-8")
    assert by_our_data(data, path, None).best.tolist() == ["site_hours", OUTSIDE]


def test_the_live_engine_is_judged_with_what_the_centre_answers(config: Config, tmp_path: Path) -> None:
    path, picture = tmp_path / "test.tsv", tmp_path / "reliability.png"
    path.write_text("human_agent\t转人工\nsite_hours\t几点开门\nout_of_scope\t股票会涨吗\n", encoding="utf-8")
    done = daoxue(config, "nlu", "evaluate", "--live", "--test", str(path), "--diagram", str(picture))
    assert done.returncode == 0, done.stderr
    assert "2 texts that have an answer" in done.stdout
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["texts"] == 3
    assert found["fit_seconds"] is None
    assert found["accuracy"] == 1
    assert found["lines"]["sure"]["line"] <= 1
    assert picture.read_bytes().startswith(b"\x89PNG")


async def test_an_answer_found_by_its_own_questions_is_that_of_its_standard_question(app: App, tmp_path: Path) -> None:
    standard = next(id for id in app.library.questions if app.library.answer(id, TODAY))
    path = tmp_path / "test.tsv"
    path.write_text(f"faq/{standard}\t{app.library.questions[standard].zh}\n", encoding="utf-8")
    found = await live.verdicts(app, path, TODAY)
    assert found.best.tolist() == [f"faq/{standard}"]
    assert found.says.all()
    path.write_text("human_agent\t转人工\ncourse_missing\t转人工\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"test\.tsv:2: there is no label course_missing"):
        await live.verdicts(app, path, TODAY)


@pytest.mark.parametrize(("arguments", "told"), [
    (["--live", "--encoder", "none"], "--encoder: with --live"), (["--live", "--train", "x.tsv"], "not allowed with"),
    (["--train", "x.tsv", "--diagram", "nowhere/x.png"], "--diagram: nowhere/x.png"), (["--train", "x.tsv", "--diagram", "x.pdf"], "--diagram: x.pdf"),
    (["--train", "x.tsv", "--encoder", "onnx"], "nlu.encoder_path"), (["--train", "x.tsv", "--encoder", "none"], "x.tsv: cannot be read"),
])  # fmt: skip
def test_what_does_not_go_together_is_told(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--config", str(ROOT / "config.yml")]
    monkeypatch.setattr(sys, "argv", ["daoxue", "nlu", "evaluate", "--test", "y.tsv", *settings, *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("examples", "told"), [
    ("a\t几点开门\na\t开门\n", "at least two intents"), ("a\t股票\nb\t几点开门\n", "no two examples have"),
    ("a\t几点开门\nb\t几点关门\n", "at least two examples of a label"),
])  # fmt: skip
def test_too_little_to_learn_from_is_told(examples: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "train.tsv"
    path.write_text(examples, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=f"train.tsv: {told}"):
        nlu(path, path, None, None)


def test_an_engine_that_was_tried_on_strays_alone_has_lines(tmp_path: Path) -> None:
    path = tmp_path / "train.tsv"
    path.write_text("c\t学分怎么算\na\t学分怎么算\noos\thello there\nb\t股票\n", encoding="utf-8")
    nested = nlu(path, path, None, None).nested
    assert nested is not None
    assert nested.lines


def test_a_diagram_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    train, test = tmp_path / "train.tsv", tmp_path / "test.tsv"
    train.write_text("".join(f"a\t几点开门{n}\nb\t学分怎么算{n}\n" for n in range(4)), encoding="utf-8")
    test.write_text("a\t几点关门\nb\t学分\n", encoding="utf-8")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(KnowledgeError, match=r"folder\.png: cannot be written"):
        nlu(train, test, None, tmp_path / "folder.png")
    assert nlu(train, test, None, None).values["oos_recall"] is None

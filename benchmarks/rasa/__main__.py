"""`python -m benchmarks.rasa FILE…`: Rasa and the embedded engine on the same data, the same questions, in one run.

FILE has `topic<TAB>text` on each line (`out_of_scope` where it is nobody's business here); without one,
tests/questions.tsv. The embedded engine learns from all of our data; Rasa from `--rows` of each label that has a topic
in `--epochs`, for all of them would take it hours on two cores. Both are asked one text after the other, warm: the
embedded engine through `daoxue nlu parse`, Rasa over HTTP, where its own decision counts, its fallback included. Where
Rasa is not installed this says so and ends.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import httpx

from benchmarks.rasa import project, real
from benchmarks.turn import resident_megabytes
from daoxue.config import Config, DatabaseSettings, Nlu
from daoxue.model import scheme
from daoxue.preparing import prepare
from nlu.questions import read
from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
OUTSIDE = "out_of_scope"
TOKEN = "benchmark"
WARM = 20  # texts that are asked before the clock runs
Asked = Sequence[tuple[str, str]]  # topic, text


@dataclass
class Figures:
    """Of one engine: seconds, megabytes, milliseconds, and what it made of each text."""

    learnt: str
    trained: real.Ran
    ready: float
    memory: float
    installed: float
    took: list[float]
    topics: list[str]


def asked_of(paths: Sequence[Path]) -> Asked:
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(row[0], row[1]) for row in rows]


def timed(asked: Asked, topic_of: Callable[[str], str]) -> tuple[list[float], list[str]]:
    """Milliseconds and topic of each."""
    for _, text in asked[:WARM]:
        topic_of(text)
    took, topics = [], []
    for _, text in asked:
        began = time.perf_counter()
        topics.append(topic_of(text))
        took.append((time.perf_counter() - began) * 1000)
    return took, topics


def embedded(asked: Asked, folder: Path) -> Figures:
    encoder = Nlu().encoder
    command = [sys.executable, "-m", "daoxue.train", str(folder / f"model-{encoder}.npz"), encoder]
    trained = real.run(command, ROOT, folder / "printed.txt", {})
    process, ready = _started(folder)
    took, topics = timed(asked, lambda text: _parsed(process, text))
    memory = resident_megabytes(process.pid)
    _ended(process)
    return Figures("all rows", trained, ready, memory, _runtime_megabytes(), took, topics)


def _started(folder: Path) -> tuple["subprocess.Popen[str]", float]:
    """The process when it has answered, and how long that took, with a database that is there."""
    prepare(Config(database=DatabaseSettings(f"sqlite:///{folder}/daoxue.db")))
    settings = {"DAOXUE_NLU__FOLDER": str(folder), "DAOXUE_DATABASE__URL": f"sqlite:///{folder}/daoxue.db"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "daoxue", "nlu", "parse"], cwd=ROOT, env={**os.environ, **settings},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    _parsed(process, "你好")
    return process, time.perf_counter() - began


def _ended(process: "subprocess.Popen[str]") -> None:
    process.communicate()


def _parsed(process: "subprocess.Popen[str]", text: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()
    return str(json.loads(process.stdout.readline())["topic"])


def rasa(
    python: Path, asked: Asked, rows: Sequence[project.Row], epochs: int, folder: Path, topics: Mapping[str, str]
) -> Figures:
    project.write(folder, rows, epochs)
    _tell_warnings(real.validate(python, folder).printed)
    trained = real.train(python, folder)
    port = free_port()
    with real.serving(python, folder, port, TOKEN) as (pid, ready), httpx.Client(trust_env=False, timeout=60) as client:
        address = f"http://127.0.0.1:{port}/model/parse?token={TOKEN}"

        def topic_of(text: str) -> str:
            return topics.get(_decided(client.post(address, content=json.dumps({"text": text})).content), OUTSIDE)

        took, found = timed(asked, topic_of)
        memory = resident_megabytes(pid)
    learnt = f"{len(rows)} rows, {epochs} epochs"
    return Figures(learnt, trained, ready, memory, _folder_megabytes(python.parents[1]), took, found)


def _decided(content: bytes) -> str:
    """The intent, a retrieval intent whole, or Rasa's word for being not sure enough."""
    intent = json.loads(content)["intent"]
    return str(intent.get("full_retrieval_intent_name") or intent["name"])


def _tell_warnings(printed: str) -> None:
    lines = [line.partition("UserWarning: ")[2] for line in printed.splitlines() if "UserWarning: " in line]
    print(f"rasa data validate: {len(lines)} warnings" + "".join(f"\n    {line[:160]}" for line in lines[:5]))


def _runtime_megabytes() -> float:
    """Of the packages that running needs, without those that only tests do."""
    lines = (ROOT / "requirements" / "run.lock").read_text(encoding="utf-8").splitlines()
    names = [line.partition("==")[0] for line in lines if "==" in line and "sys_platform == 'win32'" not in line]
    found = [each for each in metadata.distributions() if canonical(each.name) in set(names)]
    paths = [Path(str(path.locate())) for each in found for path in each.files or []]
    return sum(path.lstat().st_size for path in paths if path.exists()) / 1e6


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _folder_megabytes(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.resolve().rglob("*")) / 1e6


def show(asked: Asked, columns: Mapping[str, Figures]) -> None:
    wanted = [topic for topic, _ in asked]
    inside, outside = [t != OUTSIDE for t in wanted], [t == OUTSIDE for t in wanted]
    lines: dict[str, Callable[[Figures], str]] = {
        "learnt from": lambda each: each.learnt,
        "topic right": lambda each: _share([a == b for a, b in zip(wanted, each.topics, strict=True)]),
        "  of what is ours": lambda each: _share(_where(inside, wanted, each.topics)),
        "out of scope rejected": lambda each: _share(_where(outside, wanted, each.topics)),
        "ours, rejected": lambda each: _share([t == OUTSIDE for t, ours in zip(each.topics, inside, strict=True) if ours]),
        "training, s": lambda each: f"{each.trained.seconds:.0f}",
        "training, MB at most": lambda each: f"{each.trained.megabytes:.0f}",
        "start to first answer, s": lambda each: f"{each.ready:.1f}",
        "a text, median ms": lambda each: f"{statistics.median(each.took):.2f}",
        "a text, 99th percentile ms": lambda each: f"{sorted(each.took)[int(len(each.took) * 0.99)]:.2f}",
        "memory, MB": lambda each: f"{each.memory:.0f}",
        "installed, MB": lambda each: f"{each.installed:.0f}",
    }  # fmt: skip
    print(f"\n{'':28}" + "".join(f"{name:>26}" for name in columns))
    for name, figure in lines.items():
        print(f"{name:28}" + "".join(f"{figure(each):>26}" for each in columns.values()))


def _where(chosen: Sequence[bool], wanted: Sequence[str], found: Sequence[str]) -> list[bool]:
    return [a == b for yes, a, b in zip(chosen, wanted, found, strict=True) if yes]


def _share(truths: Sequence[bool]) -> str:
    return f"{sum(truths)} of {len(truths)} ({sum(truths) / len(truths):.1%})" if truths else "—"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", default=[ROOT / "tests" / "questions.tsv"], metavar="FILE")
    parser.add_argument("--rows", type=int, default=project.ROWS, metavar="N", help="of each label at most, for Rasa")
    parser.add_argument("--epochs", type=int, default=project.EPOCHS, metavar="N", help="that Rasa learns in")
    arguments = parser.parse_args()
    python = real.interpreter()
    if python is None:
        print(f"skipped: {real.LACKING}")
        return
    asked = asked_of(arguments.files)
    data = read()
    topics = scheme(data).topics
    rows = project.some((row for row in data.all if row[0] in topics), arguments.rows)
    print(f"{len(asked)} texts; Rasa learns from {len(rows)} rows of {len({label for label, _ in rows})} labels")
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        columns = {"embedded": embedded(asked, Path(first))}
        columns["Rasa"] = rasa(python, asked, rows, arguments.epochs, Path(second), topics)
    show(asked, columns)


if __name__ == "__main__":
    main()

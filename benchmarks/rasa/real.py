"""The real Rasa, where it is installed: in an environment of its own, which `RASA_PYTHON` names the interpreter of."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx

VENV = Path(__file__).parents[2] / ".venv-rasa" / "bin" / "python"
LACKING = "Rasa is not installed: docs/rasa.md says how; RASA_PYTHON names its interpreter"
MODEL = "nlu"
# As docs/rasa.md gives them.
VALIDATE = ("data", "validate", "--domain", "domain.yml", "--data", "data", "--config", "config.yml")
TRAIN = ("train", "nlu", "--nlu", "data", "--config", "config.yml", "--domain", "domain.yml")
SERVE = ("run", "--enable-api", "--interface", "127.0.0.1", "--auth-token")
_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "2", "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore::DeprecationWarning", "NO_COLOR": "1",
}  # fmt: skip


class Ran(NamedTuple):
    """What a command printed, its wall seconds, and the most memory that it had (MB)."""

    printed: str
    seconds: float
    megabytes: float


class FailedError(Exception):
    """A command ended with an error; the message is the end of what it printed."""


def interpreter() -> Path | None:
    """The Python that has Rasa, if there is one."""
    named = os.environ.get("RASA_PYTHON")
    path = Path(named) if named else VENV
    return path if path.exists() else None


def validate(python: Path, project: Path) -> Ran:
    """`rasa data validate`."""
    return _run(python, project, *VALIDATE)


def train(python: Path, project: Path) -> Ran:
    """`rasa train nlu`: writes `models/nlu.tar.gz`."""
    return _run(python, project, *TRAIN, "--out", "models", "--fixed-model-name", MODEL)


def train_whole(python: Path, project: Path) -> Ran:
    """`rasa train`, with the rules that answer."""
    return _run(
        python, project, "train", "--data", "data", "--config", "config.yml", "--domain", "domain.yml",
        "--out", "models", "--fixed-model-name", MODEL,
    )  # fmt: skip


def _run(python: Path, project: Path, *arguments: str) -> Ran:
    return run([str(python), "-m", "rasa", *arguments], project, project / "printed.txt", _ENVIRONMENT)


def run(command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str]) -> Ran:
    """A command in a folder, to its end. Raises `FailedError`."""
    began = time.perf_counter()
    with log.open("w") as file:
        process = _start(command, folder, file.fileno(), environment)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    printed = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode != 0:
        raise FailedError(printed[-2000:])
    return Ran(printed, time.perf_counter() - began, used.ru_maxrss / 1024)


def _start(
    command: Sequence[str], folder: Path, output: int, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    )


@contextlib.contextmanager
def serving(python: Path, project: Path, port: int, token: str, *more: str) -> Iterator[tuple[int, float]]:
    """`rasa run` of the trained model, with `more` on its command line: its process, and the seconds until it was ready."""
    began = time.perf_counter()
    with (project / "served.txt").open("w") as file:
        command = [
            str(python), "-m", "rasa", *SERVE, token, "--model", f"models/{MODEL}.tar.gz", "--port", str(port), *more,
        ]  # fmt: skip
        process = _start(command, project, file.fileno(), _ENVIRONMENT)
    try:
        _await(process, port, token)
        yield process.pid, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _await(process: subprocess.Popen[bytes], port: int, token: str) -> None:
    for _ in range(1200):
        with contextlib.suppress(httpx.HTTPError):
            if (
                httpx.get(f"http://127.0.0.1:{port}/status", params={"token": token}, trust_env=False).status_code
                == 200
            ):
                return
        if process.poll() is not None:
            raise FailedError(f"rasa run ended with {process.returncode}")
        time.sleep(0.1)
    raise FailedError("rasa run is not ready after two minutes")

"""The pages of docs/ as tests read them: their blocks, their commands, and a shell that does these in a made-up centre."""

import contextlib
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from daoxue import cli
from tests.conftest import free_port
from tests.service import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))

# What changes a machine, by the whole line: tests/test_a_machine.py does it in a name space of its own.
MACHINE = (
    r"git clone \S+ && cd daoxue", r"make (setup|wheel|players)", r"export PATH=\$PWD/\.venv/bin:\$PATH",
    r"useradd .*", r"python3 -m venv /opt/daoxue", r"/opt/daoxue/bin/pip install (--upgrade )?dist/daoxue-\*\.whl",
    r"install -m 0644 (deploy/daoxue\S*\.(service|timer) )+/etc/systemd/system/", r"install -m 0755 deploy/daoxue /usr/local/bin/",
    r"(install -d|cp -r|chown -R) .*/var/lib/daoxue/?", r"\(umask 077; .* > /etc/daoxue-backup\.key\)",
    r"systemctl (daemon-reload|start|stop|restart|status|enable --now)( daoxue(-backup(\.timer)?)?)?",
    r"journalctl -u daoxue(-backup)? (-e|-n 50)", r"haproxy -c -f deploy/haproxy\.cfg", r"nginx -t",
)  # fmt: skip
# What no test does as it stands, by the whole line: the test that does the same, or why it cannot be done here.
ELSEWHERE = {
    r"make (serve|test|judge)": "test_docs: make knows how; .ci/run does the first two on a bare machine",
    r"pipx install dist/daoxue-\*\.whl": "test_packages: installed and served",
    r"(docker|kubectl|podman) .*": "no engine and no cluster; test_deploy::test_what_is_asked_of_an_engine_fails_for_want_of_one_alone;"
    " test_container: each step of the Containerfile, and what it starts",
    r"helm install daoxue deploy/helm/daoxue --values mine\.yaml": "no cluster; test_deploy: by Helm itself, up to there",
    r"pip install 'daoxue\[(onnx|traces)\]'": "test_packages::test_what_more_there_is_to_install: without a registry",
    r"DAOXUE_NLU__ENCODER=onnx .* daoxue check": "test_encoder::test_a_folder_as_the_page_has_it_is_taken: with a tiny model",
    r"daoxue nlu evaluate --(test \S+ --encoder none|train .*)": "trains for minutes on all data; test_evaluate: on a few",
    r"python -m daoxue\.train nlu/model\.npz use": "trains for minutes; test_training_data::test_the_command_learns_what_there_is:"
    " on a few; test_training_data::test_the_model_is_the_model_of_the_data",
    r"\.venv/bin/python -m tests\.simulation .*": "test_simulation::test_the_command_of_the_page: one history for a thousand",
    r"make faults( SEED=7)?": "test_faults: for four seconds",
    r"(python3\.11 -m venv \.venv-rasa|\.venv-rasa/bin/pip .*)": "1.8 GB of a registry; test_real_rasa, where somebody did it",
    r"(\.venv/bin/python -m benchmarks\.rasa\.project .*|cd var/rasa|\S*\.venv-rasa/bin/rasa .*)":
    "test_rasa_engine::test_the_page_gives_rasa_what_it_is_given_here; test_real_rasa: it takes that, where it is installed",
}  # fmt: skip
# Pages that a test of their own does from top to bottom.
WALKED = {
    "docs/first-hour.md": "tests/test_first_hour.py",
    "docs/backup.md": "tests/test_backup_page.py",
}


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and content of what stands between fences; an empty language where none is said."""
    return re.findall(r"^ *```(\w*)\n(.*?)^ *```", text(page), re.S | re.M)


def every_command(page: str) -> list[str]:
    """Of its blocks of `sh`, without what is said of them behind a `#`."""
    lines = [line for language, block in blocks(page) if language == "sh" for line in block.splitlines()]
    said = [re.sub(r"(^|\s+)# .*", "", line).strip() for line in lines]
    return [line for line in said if line]


def is_elsewhere(line: str) -> bool:
    return any(re.fullmatch(each, line) for each in (*ELSEWHERE, *MACHINE))


def commands(page: str) -> list[str]:
    """Those that can be done here, in their order."""
    return [line for line in every_command(page) if not is_elsewhere(line)]


class Shell:
    """Runs a line where the line before it has gone. A command of ours is a fork of this process, which has loaded
    everything already; `given` are the values of what pages write as `$NAME`, and of the environment."""

    def __init__(self, folder: Path, here: Path, given: Mapping[str, str] | None = None, keyed: str = "") -> None:
        self._tools, self._place, self._said = folder / "bin", folder / "place", folder / "said"
        self._tools.mkdir()
        tool = self._tools / "daoxue"
        tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m daoxue "$@"\n', encoding="utf-8")
        tool.chmod(0o755)
        self._place.write_text(str(here), encoding="utf-8")
        self.given = dict(given or {})
        self._keyed = keyed

    @property
    def here(self) -> Path:
        return Path(self._place.read_text(encoding="utf-8").strip())

    def __call__(self, line: str) -> tuple[int, str]:
        """Exit status, and all that was said."""
        ours = re.fullmatch(r'(?:echo "?([^"|]*?)"? \| )?daoxue ([^|<>;&]*)', line)
        if ours:
            keyed, words = ours.groups()
            return self._fork(shlex.split(words), keyed + "\n" if keyed else self._keyed)
        paths = {"PATH": f"{self._tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        done = subprocess.run(
            ["/bin/sh", "-c", f"{line} && pwd > {self._place}"], cwd=self.here, env=os.environ | paths | self.given,
            input=self._keyed, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def _fork(self, words: list[str], keyed: str) -> tuple[int, str]:
        """The command as `daoxue` itself."""
        if (child := os.fork()) == 0:
            try:
                os.chdir(self.here)
                os.environ.update(self.given)
                sys.argv = ["daoxue", *(self.given.get(each[1:], each) if each[0] == "$" else each for each in words)]
                sys.stdin = io.StringIO(keyed)
                with self._said.open("w", encoding="utf-8") as sys.stdout:
                    sys.stderr = sys.stdout
                    cli.main()
            except SystemExit as ended:
                os._exit(int(str(ended.code)))
            finally:
                os._exit(99)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), self._said.read_text(encoding="utf-8")


@contextlib.contextmanager
def serving(folder: Path, **more: str) -> Iterator[tuple[str, str]]:
    """The real service in a folder: its address, and what it says as it starts."""
    port = free_port()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DAOXUE_SERVER__PORT": str(port)} | more
    process = subprocess.Popen(
        [sys.executable, "-m", "daoxue", "serve"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = ""
        while "导学已启动" not in said:
            assert process.poll() is None, said
            said += process.stdout.readline()
        url = f"http://127.0.0.1:{port}"
        assert is_ready(url)
        yield url, said
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


def is_ready(url: str) -> bool:
    for _ in range(400):  # it listens a moment after it says so
        with contextlib.suppress(urllib.error.URLError):
            return bool(urllib.request.urlopen(f"{url}/readyz", timeout=20).status == 200)
        time.sleep(0.05)
    return False

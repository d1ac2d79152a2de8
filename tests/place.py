"""A centre in a folder of its own, on either database, with somebody's talk in it; and commands that are run there, or die
there at a line of our choosing."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import msgspec
from msgspec.structs import replace

from accounts import vault as vaults
from accounts.registering import Person
from daoxue import cli
from daoxue.app import compose
from daoxue.config import AccountsSettings, Config, DatabaseSettings, Nlu
from daoxue.preparing import find_key, prepare, vault_of
from store import keys, whole
from store.database import Database
from store.whole import Counts
from tests.service import ROOT
from tests.test_mine import Visitor

SECRET = "correct horse battery staple"
NAME, WORDS = "徐凤英", "我家的猫叫雪里蕻"
TRACED = [
    ROOT / each
    for each in (
        "daoxue/archive.py", "daoxue/commands", "store/whole.py", "store/alone.py", "accounts/vault.py", "accounts/closing.py"
    )
]  # fmt: skip


@dataclass
class Place:
    """Where commands are run. Its key lies in var/data.key, and its database there too unless `url` says otherwise."""

    folder: Path
    url: str = ""

    def __post_init__(self) -> None:
        self.url = self.url or f"sqlite:///{self.folder}/var/daoxue.db"
        self.folder.mkdir(exist_ok=True, parents=True)

    @property
    def config(self) -> Config:
        accounts = AccountsSettings(key_file=f"{self.folder}/var/data.key")
        return Config(database=DatabaseSettings(self.url), accounts=accounts, sample=False)

    @property
    def key(self) -> Path:
        return self.folder / "var" / "data.key"

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        said = {
            "DAOXUE_DATABASE__URL": self.url, "DAOXUE_ACCOUNTS__KEY_FILE": str(self.key), "DAOXUE_SAMPLE": "false",
            "BACKUP_PASSPHRASE": SECRET,
        }  # fmt: skip
        before, here, nice = os.environ.copy(), Path.cwd(), os.nice
        os.environ.update({name: value for name, value in said.items() if name not in os.environ})
        os.chdir(self.folder)
        os.nice = lambda _: 0  # not of the tests
        try:
            yield
        finally:
            os.nice = nice
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)

    def run(self, *words: str) -> int:
        """A command, as `daoxue` runs it."""
        arguments = cli._parser().parse_args(words)
        with self._inside():
            status: int = arguments.run(arguments)
            return status

    def lines_of(self, *words: str) -> int:
        """Over how many different lines of ours it goes."""
        seen: set[tuple[str, int]] = set()
        arguments = cli._parser().parse_args(words)
        with self._inside(), _following(lambda *line: seen.add(line)):
            arguments.run(arguments)
        return len(seen)

    def killed(self, nth: int, *words: str) -> bool:
        """Runs it in a process of its own, that kills itself as it comes to the nth of those lines; whether it did."""
        child = os.fork()
        if child == 0:
            seen: set[tuple[str, int]] = set()

            def count(*line: object) -> None:
                seen.add(line)  # type: ignore[arg-type]
                if len(seen) == nth:
                    os.kill(os.getpid(), signal.SIGKILL)

            try:
                arguments = cli._parser().parse_args(words)
                with self._inside(), _following(count):
                    arguments.run(arguments)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)

    def held(self) -> Counts:
        """What its database holds."""
        with whole.snapshot(self.url) as connection:
            return whole.count(connection)

    def names(self) -> set[str]:
        """Of the learners, after a start: opened with the key that is there."""
        prepare(self.config)
        return self.opened()

    def opened(self) -> set[str]:
        """The same, without what else a start does."""
        find_key(self.config)
        return names(self.url, vault_of(self.config))


def names(url: str, vault: vaults.Vault) -> set[str]:
    with contextlib.closing(Database(url, vault)) as database:
        people = database.look(keys.learners)
        return {msgspec.json.decode(vault.open(body), type=Person).name for _, body in people}


@contextlib.contextmanager
def _following(line: Callable[[str, int], None]) -> Iterator[None]:
    roots = tuple(map(str, TRACED))

    def inside(frame: FrameType, what: str, _: object) -> object:
        if what == "line":
            line(frame.f_code.co_filename, frame.f_lineno)
        return inside

    def entering(frame: FrameType, what: str, _: object) -> object:
        return inside if frame.f_code.co_filename.startswith(roots) else None

    sys.settrace(entering)  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.settrace(None)


def furnished(folder: Path, models: Path) -> Place:
    """The sample centre, and somebody who has proven who they are."""
    place = Place(folder)
    config = replace(place.config, sample=True, nlu=Nlu(str(models)))
    prepare(config)

    async def talk() -> None:
        app = await compose(config)
        visitor = Visitor(app, "visitor-of-before")
        await visitor.say("我有多少学分")
        await visitor.prove()
        await visitor.say("转人工")
        await visitor.say(WORDS)
        await app.desk.search.index([1])
        app.database.close()

    asyncio.run(talk())
    return place


def copied(place: Place, folder: Path) -> Place:
    shutil.copytree(place.folder, folder)
    return Place(folder)

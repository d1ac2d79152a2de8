"""The centre that every history begins with."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec.structs import replace

from daoxue import sample
from daoxue.app import compose
from daoxue.config import AccountsSettings, Config, DatabaseSettings, Nlu
from daoxue.preparing import prepare, vault_of
from desk.hours import DeskSettings
from store import people
from store.database import Database
from store.people import SeatRow
from tests.read_once import read_once
from tests.simulation.people import DAY
from tests.simulation.world import Thinking

SEATS = ["li", "wang", "zhao"]


class Place:
    """The centre that every history begins with, as a file to be copied."""

    def __init__(self, folder: Path) -> None:
        read_once()
        self.folder = folder
        self.begun = folder / "begun.db"
        self.config = self._config(self.begun)
        prepare(replace(self.config, sample=False))
        database, vault = Database(self.config.database.url, vault_of(self.config)), vault_of(self.config)
        sample.load(database, DAY)
        sample.load_learners(database, vault, DAY)
        for name in SEATS:
            row = SeatRow(
                name, name, "seat", "", 0, None, 0, None, '["complaint","general"]', '["zh"]', 50, None, None, 1
            )
            database.now(lambda t, row=row: people.add(t, row))  # type: ignore[misc]
        database.close()
        app = asyncio.run(compose(self.config))
        self.thinking = Thinking(app)
        app.database.close()

    def fresh(self) -> Config:
        """Settings on a new copy."""
        path = self.folder / "now.db"
        for old in self.folder.glob("now.db*"):
            old.unlink()
        # What stands in the log of it goes along: the last connection to it may not be gone yet.
        with closing(sqlite3.connect(self.begun)) as begun, closing(sqlite3.connect(path)) as copy:
            begun.backup(copy)
        return self._config(path)

    def _config(self, path: Path) -> Config:
        return Config(
            database=DatabaseSettings(f"sqlite:///{path}"), nlu=Nlu(str(self.folder / "models"), encoder="none"),
            accounts=AccountsSettings(key_file=str(self.folder / "data.key")), desk=DeskSettings(always_open=True),
        )  # fmt: skip


@contextmanager
def place() -> Iterator[Place]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="daoxue-simulation-", dir=memory if memory.is_dir() else None) as folder:
        yield Place(Path(folder))

"""The database made ready before anything is composed: migrated, sealed, its key checked, the sample brought in."""

import contextlib
import os
import time
from datetime import datetime
from pathlib import Path

from accounts import vault as vaults
from accounts.closing import bring_up
from accounts.vault import Vault, VaultError
from daoxue import sample
from daoxue.config import Config
from store import alone, beside
from store.database import Database
from store.engine import engine, told
from store.migrate import HEAD, is_current, upgrade
from store.rewriting import rewritable, rewrite_all
from store.sealing import closed_for, holds_closed, keep_key_name, key_name


def prepare(config: Config) -> None:
    """Brings the database up to date, and the sample centre into it where that is wanted."""
    with told(config.database.url):
        engine(config.database.url).connect().close()  # makes a file that we alone may read, before the migrations do
    with alone.preparing(config.database.url):
        if not is_current(config.database.url):
            beside.check(config.database.url)
            upgrade(config.database.url)
        _close(config)
        if config.sample:
            vault = vault_of(config)
            with contextlib.closing(Database(config.database.url, vault)) as database:
                today = datetime.now(config.zone).date()
                sample.load(database, today)
                sample.load_learners(database, vault, today)


def _close(config: Config) -> None:
    """Closes what a database from before holds in clear. Another key than the one that closed what is there finds nobody
    again: better not to start."""
    find_key(config)
    vault, now = vault_of(config), int(time.time() * 1000)
    with contextlib.closing(Database(config.database.url, vault)) as database:
        known = database.look(key_name)
        if known is None:
            database.now(lambda t: keep_key_name(t, vault.name, now))
        if (database.look(closed_for) or "") < HEAD:
            database.now(lambda t: bring_up(t, vault, HEAD, now))
            if not rewritable(config.database.url):  # else others may serve beside us, and the night does it
                rewrite_all(config.database.url)


def find_key(config: Config) -> None:
    """The key that closed what is in the database becomes the present one, where it lies beside it: who restored or changed
    keys may have died before that. Raises `VaultError` where there is none that opens it."""
    path = Path(config.accounts.key_file)
    with contextlib.closing(Database(config.database.url)) as database:
        if (problem := key_problem(database, path)) is not None:
            raise VaultError(problem)
        name, keys = database.look(key_name), vaults.given(path)
        if name is not None and (keys is None or vaults.of(keys).name != name):
            vaults.adopt(path, name)
            rewrite_all(config.database.url)  # what the key before had closed


def key_problem(database: Database, path: Path) -> str | None:
    """Why what a key closed in the database cannot be opened, and what to do: the key is lacking, is no key, or is another
    one. A database in which something is closed has a key: to make another would only hide that it is lacking. None where
    the key fits, or lies beside `path` to be adopted."""
    given = bool(os.environ.get("DATA_KEY"))
    where, name = "DATA_KEY" if given else path, database.look(key_name)
    try:
        keys = vaults.given(path)
        if keys is not None and vaults.of(keys).name == (name or vaults.of(keys).name):
            return None
    except VaultError as error:
        return str(error)
    if name is not None and not given and vaults.beside(path, name):
        return None
    if keys is not None:
        return (
            f"{where}: 密钥不对，数据库里的内容是用另一把锁上的：换回那一把，或用 daoxue restore 恢复（备份里有密钥）"
            " · this is not the key that closed what is in the database: put that one back, or restore a backup, which holds it"
        )
    if not database.look(holds_closed):
        return None
    return (
        f"{path}: 密钥不在，数据库里的内容打不开：把密钥文件放回来，或用 daoxue restore 恢复（备份里有密钥）"
        " · the key is lacking: put it back, or restore a backup, which holds it"
    )


def vault_of(config: Config) -> Vault:
    """What closes and opens personal data."""
    return vaults.load(Path(config.accounts.key_file))

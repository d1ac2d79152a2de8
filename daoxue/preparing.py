"""The database made ready before anything is composed: migrated, sealed, its key checked, the sample brought in."""

import time
from datetime import datetime
from pathlib import Path

from accounts import vault as vaults
from accounts.vault import Vault, VaultError, is_marked
from daoxue import sample
from daoxue.config import Config
from store.database import Database
from store.migrate import is_current, upgrade
from store.sealing import keep_key_name, key_name, reseal


def prepare(config: Config) -> None:
    """Brings the database up to date, and the sample centre into it where that is wanted."""
    if config.database.url.startswith("sqlite:///"):
        Path(config.database.url.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
    if not is_current(config.database.url):
        upgrade(config.database.url)
        _seal(config)
    _check_key(config)
    if config.sample:
        vault = vault_of(config)
        database = Database(config.database.url, vault)
        try:
            today = datetime.now(config.zone).date()
            sample.load(database, today)
            sample.load_learners(database, vault, today)
        finally:
            database.close()


def _check_key(config: Config) -> None:
    """Another key than the one that closed what is there finds nobody again: better not to start."""
    vault = vault_of(config)
    database = Database(config.database.url, vault)
    try:
        known = database.look(key_name)
        if known is None:
            database.now(lambda t: keep_key_name(t, vault.name, int(time.time() * 1000)))
        elif known != vault.name:
            raise VaultError(
                f"DATA_KEY or {config.accounts.key_file}: this is not the key that closed what is in the database"
            )
    finally:
        database.close()


def _seal(config: Config) -> None:
    """Seals what a database from before sealing holds."""
    vault = vault_of(config)
    database = Database(config.database.url, vault)
    try:
        database.now(lambda t: reseal(t, lambda text: text if is_marked(text) else vault.seal(text)))
    finally:
        database.close()


def vault_of(config: Config) -> Vault:
    """What closes and opens personal data."""
    return vaults.load(Path(config.accounts.key_file))

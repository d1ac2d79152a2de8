"""Alembic at work on `store/migrations`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

_FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def upgrade(url: str) -> None:
    """Applies what the database behind this SQLAlchemy URL lacks."""
    config = _config()
    config.attributes["url"] = url
    command.upgrade(config, "head")


def head() -> str | None:
    """The newest migration."""
    return ScriptDirectory.from_config(_config()).get_current_head()

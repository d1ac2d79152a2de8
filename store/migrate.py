"""Brings a database to the present schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

_FOLDER = Path(__file__).parent / "migrations"


def alembic_url(url: str) -> str:
    """The URL as SQLAlchemy wants it: with the driver's name."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def upgrade(url: str) -> None:
    """Applies the migrations that the database lacks. Applied once, applying again does nothing."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["url"] = alembic_url(url)
    command.upgrade(config, "head")


def is_current(url: str) -> bool:
    """Whether the database has every migration."""
    engine = create_engine(alembic_url(url), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version == ScriptDirectory.from_config(config).get_current_head()

"""Brings a database to the present schema."""

import importlib

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

HEAD = "0018"  # the newest of `store/migrations`; a test holds the two together


def alembic_url(url: str) -> str:
    """The URL as SQLAlchemy wants it: with the driver's name."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def upgrade(url: str) -> None:
    """Applies the migrations that the database lacks. Applied once, applying again does nothing."""
    # Alembic is loaded where it has something to do: it would be a tenth of every start.
    importlib.import_module("store.migrating").upgrade(alembic_url(url))


def is_current(url: str) -> bool:
    """Whether the database has every migration."""
    engine = create_engine(alembic_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version == HEAD

"""The next version of this program, played: it knows one migration more than this one does, which adds to the tables that
are written most."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from daoxue import preparing
from daoxue.config import Config
from store import migrate, migrating
from tests import crashing
from tests.service import Service

REVISION = f"{int(migrate.HEAD) + 1:04d}"
_MIGRATION = f'''
"""What the next version adds."""

import sqlalchemy as sa
from alembic import op

revision = "{REVISION}"
down_revision = "{migrate.HEAD}"


def upgrade():
    op.create_table("mood", sa.Column("message", sa.BigInteger(), primary_key=True), sa.Column("said", sa.Text()))
    for table in ("conversation", "message", "inbound", "queue", "ticket", "ticket_event", "audit", "usage"):
        op.add_column(table, sa.Column("mood", sa.Text(), nullable=False, server_default="calm"))
    op.create_index("ix_message_mood", "message", ["mood"])
'''


def live(config: Config, step: str, nth: int, ahead: float, environment: Mapping[str, str]) -> None:
    """As `tests.crashing.live` is for this version."""
    os.environ.clear()
    os.environ.update(environment)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(migrating._FOLDER, folder, dirs_exist_ok=True)
        (Path(folder) / "versions" / f"{REVISION}_what_it_adds.py").write_text(_MIGRATION)
        migrating._FOLDER = Path(folder)
        migrate.HEAD = preparing.HEAD = REVISION  # type: ignore[attr-defined]
        asyncio.run(crashing.serve(config, step, nth, ahead))


class NextService(Service):
    """It, as a process."""

    live = staticmethod(live)

"""What Alembic runs: the migrations, one transaction for all."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from store.schema import metadata

engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
with engine.begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()

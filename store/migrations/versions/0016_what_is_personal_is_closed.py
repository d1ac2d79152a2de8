"""Documents about residents, telephones of seats and secrets are encrypted from here on. Nothing changes in the tables: what
stands there is closed after the migrations, by whoever has the key (`accounts.closing.bring_up`)."""

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """The number alone counts."""

"""What is spoken and what is sent as a text is no longer a copy of the answer: what only repeats it, or what it once was, or
its beginning, is left out, so that it follows the answer."""

import json
from collections.abc import Collection

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
SHORT = 134  # characters of an answer that were copied for a text


def without_copies(body: bytes, answers: Collection[str]) -> bytes:
    """The entry without the forms that are an answer of its own, the present one or an earlier one."""
    whole = json.loads(body)
    own = {*answers, whole.get("answer")}
    copied = {"spoken": own, "sms": {*own, *(each[:SHORT] for each in own if each)}}
    if not any(whole.get(form) in answers for form, answers in copied.items()):
        return body
    kept = {name: value for name, value in whole.items() if name not in copied or value not in copied[name]}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def upgrade() -> None:
    version = sa.table("entry_version", *map(sa.column, ("id", "revision", "body")))
    entry = sa.table("entry", *map(sa.column, ("id", "body")))
    connection = op.get_bind()
    answers: dict[str, list[str]] = {}
    versions = sa.select(version.c.id, version.c.revision, version.c.body).order_by(version.c.id, version.c.revision)
    for row in connection.execute(versions).all():
        said = answers.setdefault(row.id, [])
        said.append(json.loads(row.body).get("answer", ""))
        if (body := without_copies(row.body, said)) != row.body:
            here = (version.c.id == row.id) & (version.c.revision == row.revision)
            connection.execute(sa.update(version).where(here).values(body=body))
    for last in connection.execute(sa.select(entry.c.id, entry.c.body)).all():
        if (body := without_copies(last.body, answers.get(last.id, ()))) != last.body:
            connection.execute(sa.update(entry).where(entry.c.id == last.id).values(body=body))


def downgrade() -> None:
    raise NotImplementedError("entries need both forms there; restore the copy from before the upgrade")

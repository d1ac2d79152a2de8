"""Writing tables anew, so that what was taken out of them is in no file any more either. SQLite overwrites in its place;
PostgreSQL frees a row and leaves its bytes (`store.postgres`)."""

from collections.abc import Sequence

from store import months
from store.engine import Engine, Rewritten, connected, engine


def rewritable(url: str) -> Sequence[str]:
    """What keeps in its file what was taken out of it: tables, of divided ones each part, and indexes."""
    names = engine(url).rewriting
    if not names:
        return []
    with connected(url) as cursor:
        return [part for name in names for part in months.parts(cursor, name) or [name]]


def _statements(ours: Engine, name: str) -> Sequence[str]:
    """A name that is not among the engine's is a part's."""
    return ours.rewriting.get(name) or (f"VACUUM (FULL) {name}",)


def rewrite(url: str, name: str) -> Rewritten:
    """Writes one of these anew. Whoever wants it waits, for some seconds at most: else it stays as it was. Raises
    `DatabaseError` where there is no database."""
    ours = engine(url)
    with connected(url) as cursor:
        try:
            for statement in (*ours.bounding, *_statements(ours, name)):
                cursor.execute(statement, ())
        except tuple(ours.hindrances) as error:
            return ours.hindrances[type(error)]
    return Rewritten.DONE


def rewrite_all(url: str) -> None:
    """All of it, and what others left in pages that nobody uses. Whoever wants it waits until it is done."""
    ours, names = engine(url), rewritable(url)
    with connected(url) as cursor:
        for statement in (*[each for name in names for each in _statements(ours, name)], *ours.whole):
            cursor.execute(statement, ())

"""Writing tables anew, so that what was taken out of them is in no file any more either. SQLite overwrites in its place;
PostgreSQL frees a row and leaves its bytes (`store.postgres`)."""

from collections.abc import Sequence

from store.engine import Rewritten, connected, engine


def rewritable(url: str) -> Sequence[str]:
    """What keeps in its file what was taken out of it."""
    return list(engine(url).rewriting)


def rewrite(url: str, name: str) -> Rewritten:
    """Writes one of these anew. Whoever wants it waits, for some seconds at most: else it stays as it was. Raises
    `DatabaseError` where there is no database."""
    ours = engine(url)
    with connected(url) as cursor:
        try:
            for statement in (*ours.bounding, *ours.rewriting[name]):
                cursor.execute(statement, ())
        except tuple(ours.hindrances) as error:
            return ours.hindrances[type(error)]
    return Rewritten.DONE


def rewrite_all(url: str) -> None:
    """All of it, and what others left in pages that nobody uses. Whoever wants it waits until it is done."""
    ours = engine(url)
    with connected(url) as cursor:
        for statement in (*[each for one in ours.rewriting.values() for each in one], *ours.whole):
            cursor.execute(statement, ())

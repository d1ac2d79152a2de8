"""What a sheet of test questions says. What reads one is `knowledge.testing`, with libraries that no service has to hold."""

from msgspec import Struct

from knowledge.words import Words


class TestQuestion(Struct, frozen=True):
    """A row: `wants` names an entry, a standard question or an intent, by its id or its wording; empty where nothing of
    ours should answer."""

    __test__ = False  # no test of ours, whatever its name begins with

    row: int
    text: str
    wants: str


class TestSheet(Struct, frozen=True):
    """`problem` is why nothing can be made of a file."""

    __test__ = False

    rows: list[TestQuestion]
    problem: Words | None = None

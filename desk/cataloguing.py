"""The catalogue in the hands of staff: what there is, changed in place, each change checked against all the rest."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from bot.alarming import LIFE
from bot.channel import Channel
from bot.files import FileRefusedError
from bot.texts import Texts
from desk import children, pictures
from desk.errors import TicketError
from knowledge.catalogue import KIND_OF, Catalogue, Record
from knowledge.centre import Centre, TextForms
from knowledge.consistency import inconsistencies
from knowledge.headings import Heading
from knowledge.library import Library, as_rows
from knowledge.renaming import renamed
from knowledge.sessions import with_past
from knowledge.words import Words, in_words, said
from store import conversations
from store import knowledge as rows
from store.database import Database
from store.transaction import Transaction

Keyed = dict[tuple[str, str], Record]  # by kind and id
Change = Callable[[Keyed], None]
_PROBLEM = re.compile(r"(\w+ \S+): (?:[\w.]+: )?(.*)")
DRAWN_WITHIN = 20  # seconds
KINDS = frozenset(KIND_OF.values()) - {"topic"}  # topics are made with the knowledge that needs them


class Cataloguing:
    """All methods raise `TicketError` with words for the editor. `now` is in ms; which day that is, `zone` says."""

    def __init__(
        self, database: Database, library: Library, texts: Texts, channels: Mapping[str, Channel], zone: ZoneInfo
    ) -> None:
        self._database = database
        self._library = library
        self._texts = texts
        self._channels = channels
        self._zone = zone

    @property
    def centre(self) -> Centre:
        """What is said of the centre now."""
        return self._texts.centre

    def given(self, language: str) -> dict[str, str]:
        """The texts that come with us, by key."""
        return {key: forms.text for key, forms in self._texts.given[language].items()}

    async def all(self, kind: str) -> list[Record]:
        """Every record of a kind."""
        stored = await self._database.read(rows.records)
        return [msgspec.json.decode(row.body, type=Record) for row in stored if row.kind == _known(kind)]

    async def put(self, kind: str, id: str, raw: bytes, by: str, now: int) -> int:
        """A record as it is now to be, new or changed; the revision that came of it."""
        record, today = _decoded(kind, id, raw), datetime.fromtimestamp(now / 1000, self._zone).date()

        def work(transaction: Transaction) -> int:
            if not isinstance(record, Centre):
                return _put(transaction, with_past(record, Catalogue.of(_stored(transaction).values()), today), by, now)
            known = _centre_of(transaction)
            before = self._unsayable(known) if known else []  # which keeps nobody from mending the rest
            if wrong := [each for each in self._unsayable(record) if each not in before]:
                raise TicketError("invalid", "；".join(wrong))
            _keep_what_saves_lives(known, record)
            return _put(transaction, replace(record, logo=(known or self.centre).logo), by, now)

        return await self._changed(work)

    async def show(self, picture: bytes | None, by: str, now: int) -> int:
        """The centre's logo from now on, drawn anew and small; or that it has none. The revision that came of it."""
        logo = b"" if picture is None else await _drawn(picture)

        def work(transaction: Transaction) -> int:
            return _put(transaction, replace(_centre_of(transaction) or self.centre, logo=logo), by, now)

        return await self._changed(work)

    def _unsayable(self, centre: Centre) -> list[str]:
        """Why a centre cannot be called so, or say what it would."""
        return [*map(str, self._texts.misfits(centre.texts, centre, self._channels)), *centre.problems()]

    async def drop(self, kind: str, id: str, by: str, now: int) -> int:
        """Takes a record out; not one that another one needs."""
        _known(kind)

        def change(known: Keyed) -> None:
            if known.pop((kind, id), None) is None:
                raise TicketError("not_found", f"没有 {kind} {id}")

        def work(transaction: Transaction) -> int:
            _refuse_worse(transaction, change)
            conversations.audited(transaction, by, f"catalogue.{kind}.dropped", id, "", now)
            return rows.drop(transaction, [(kind, id)], by, now)

        return await self._changed(work)

    async def _changed(self, work: rows.Change) -> int:
        revision = await self._database.write(work)
        await self._library.refresh()
        return revision


def _put(transaction: Transaction, record: Record, by: str, now: int) -> int:
    kind = KIND_OF[type(record)]
    written = [record]

    def change(known: Keyed) -> None:
        before = known.get((kind, record.id))
        if isinstance(record, Heading) and isinstance(before, Heading):
            written.extend(renamed(known.values(), before, record.name))
        known.update({(KIND_OF[type(each)], each.id): each for each in written})

    _refuse_worse(transaction, change)
    conversations.audited(transaction, by, f"catalogue.{kind}", record.id, "", now)
    return rows.save(transaction, [], as_rows([], written, "")[1], by, now)


async def _drawn(picture: bytes) -> bytes:
    """A small JPEG of a picture."""
    try:
        return await pictures.drawn(picture, pictures.LOGO, DRAWN_WITHIN)
    except children.CrowdedError as error:
        raise TicketError("busy", "正在读别的文件，请稍后再试", "Other files are being read; try again soon") from error
    except (children.ChildError, TimeoutError) as error:
        raise TicketError("invalid", "读不了这张图：要 PNG、JPEG 或 WebP", "No picture: PNG, JPEG or WebP") from error
    except FileRefusedError as error:
        raise TicketError("invalid", "这张图的像素太多", "The picture has too many pixels") from error


def _centre_of(transaction: Transaction) -> Centre | None:
    """Its record, where there is one."""
    known = [msgspec.json.decode(row.body, type=Centre) for row in rows.records(transaction) if row.kind == "centre"]
    return known[0] if known else None


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise TicketError("not_found", f"没有目录 {kind}")
    return kind


def _decoded(kind: str, id: str, raw: bytes) -> Record:
    try:
        record: Record = msgspec.json.decode(raw, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        wrong = said(error)
        raise TicketError("invalid", wrong.zh, wrong.en) from error
    if (KIND_OF[type(record)], record.id) != (_known(kind), id):
        raise TicketError("invalid", "编号或类别与地址里的不一致")
    return record


def _stored(transaction: Transaction) -> Keyed:
    return {(row.kind, row.id): msgspec.json.decode(row.body, type=Record) for row in rows.records(transaction)}


def _refuse_worse(transaction: Transaction, change: Change) -> None:
    """Nothing may be wrong after it that was right before; what was wrong already keeps nobody from mending the rest."""
    known = _stored(transaction)
    before = set(_problems(known.values()))
    change(known)
    if worse := [each for each in _problems(known.values()) if each not in before]:
        told = [_told(each) for each in worse[:5]]
        raise TicketError("invalid", "；".join(each.zh for each in told), "; ".join(each.en for each in told))


def _told(problem: str) -> Words:
    """A problem of the catalogue, with the record that it is in."""
    match = _PROBLEM.fullmatch(problem)
    wrong = in_words(match[2] if match else problem)
    return Words(f"{match[1]}：{wrong.zh}", f"{match[1]}: {wrong.en}") if match else wrong


def _keep_what_saves_lives(known: Centre | None, new: Centre) -> None:
    """Nobody alone changes what people in danger hear: that is imported, by whoever runs the service."""
    before = _said_in_danger(known) if known else set()
    if changed := sorted({key for _, key, _ in before ^ _said_in_danger(new)}):
        raise TicketError(
            "invalid", f"{'、'.join(changed)}：居民遇到危险时要听，不能在这里改，请写在工作簿里由运维导入"
        )


def _said_in_danger(centre: Centre) -> set[tuple[str, str, TextForms]]:
    """By language and key."""
    return {
        (language, key, text if isinstance(text, TextForms) else TextForms(text))
        for language, texts in centre.texts.items()
        for key, text in texts.items()
        if key.partition(".")[0] in LIFE
    }


def _problems(records: Iterable[Record]) -> list[str]:
    return inconsistencies(Catalogue.of(records))

"""`daoxue check`: everything that can be wrong before a port opens, each problem with its place."""

import ast
import contextlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import msgspec

from accounts import vault as vaults
from accounts.vault import VaultError
from bot.channel import Channel
from bot.messages import Reply
from bot.texts import PLACEHOLDER, Texts, TextsError, read_own
from daoxue import model
from daoxue.config import Config, ConfigError
from daoxue.ours import shared
from daoxue.outside import misfits, unreachable
from daoxue.preparing import key_problem
from daoxue.resolved import centre_of, encoder_of, push_keys, rules_of, texts_of
from handlers.needs import NEEDS, needed
from integrations.channels import CHANNELS
from knowledge.catalogue import KIND_OF, Catalogue, Record
from knowledge.centre import Centre
from knowledge.consistency import inconsistencies
from knowledge.entries import Entry
from knowledge.files import Content, KnowledgeError, read_sample
from knowledge.gaps import about, gap
from knowledge.hours import week_in_words, weekdays
from knowledge.sessions import Calendar, is_outside
from knowledge.standard import standard, strangers
from knowledge.topics import Topics
from knowledge.words import Words
from nlu.questions import DataError
from nlu.questions import read as read_data
from store import knowledge as rows
from store.database import Database
from store.migrate import is_current
from store.outages import DatabaseError, Outage, OutageError
from store.transaction import Transaction

Channels = Mapping[str, Channel]
ROOT = Path(__file__).parent.parent
SPEAKERS = ("bot", "handlers", "integrations", "desk")  # folders of those who say texts
SAYING = frozenset({"say", "line"})  # their ways to
LEAVING = Words("答案就要下线，等另一个人同意", "the answer is about to be withdrawn: a second person is asked")
STALE = "是为以前的回答写的，请再看一遍 (written for an earlier answer: look at it again)"


def problems(config: Config, channels: Channels = CHANNELS) -> list[str]:
    """Every problem of knowledge, training data, texts and channels under these settings."""
    found = [*shared(), *_training(), *_texts(Texts(), channels)]
    try:
        content, keys = content_of(config), _key(config)
    except KnowledgeError as error:
        return found + error.problems
    except DatabaseError as error:
        return [*found, str(error)]
    found += [*keys, *_secrets(config, channels), *unreachable(config, channels)]
    found += _own_texts(config, Catalogue.of(content.records).centre, channels)
    for read in (lambda: rules_of(config), push_keys, lambda: encoder_of(config.nlu.encoder, config.nlu.encoder_path)):
        try:
            read()
        except ConfigError as error:
            found.append(str(error))
    found += inconsistencies(Catalogue.of(content.records))
    with contextlib.suppress(KnowledgeError):  # the data's problems are among those found
        found += strangers(content.entries, Catalogue.of(content.records).topics)
    for entry in content.entries:
        said = [
            *(each.en for each in entry.problems()),
            *_unsayable(entry, channels),
            *(f"{form}: {STALE}" for form in entry.stale),
        ]
        found += [f"entry {entry.id}: {problem}" for problem in said]
    return found


def notes(config: Config) -> list[str]:
    """What is worth knowing: settings that do not go together, a model that has to be made anew, and which answers that
    handlers give from knowledge are lacking, over, or soon to be."""
    found = misfits(config) + model.damage(Path(config.nlu.folder))
    if not config.files.clamd:
        found.append(
            "files.clamd: 没有填，居民发来的文件不查病毒，坐席打开前请当心"
            " · is empty: nothing looks through residents' files for viruses"
        )
    try:
        content = content_of(config)
    except (KnowledgeError, DatabaseError):
        return found  # it is a problem, and told as one
    today, catalogue = datetime.now(config.zone).date(), Catalogue.of(content.records)
    return [*found, *outside(catalogue, today), *lacking(content.entries, catalogue, today, leaving_of(config))]


def outside(catalogue: Catalogue, today: date) -> list[str]:
    """The classes to come that lie where their places are closed in an ordinary week, evenings aside: one of the two may be
    written down wrongly."""
    calendar, found = Calendar(catalogue), list[str]()
    for group in catalogue.classes.values():
        place = catalogue.organisations.get(group.organisation)
        if place is not None and place.hours and calendar.last(group.id) >= today and is_outside(group, place):
            days, hours = weekdays(group.days, "zh"), week_in_words(place.hours, "zh")
            found.append(
                f"{group.name}（{group.id}）：{days} {group.starts}—{group.ends} 不在{place.name}的开放时间内（{hours}），请核对"
                " · lies outside the opening hours of its place: check which is right"
            )
    return found


def lacking(entries: Iterable[Entry], catalogue: Catalogue, today: date, leaving: Collection[str] = ()) -> list[str]:
    """`gaps`, each in one line."""
    return [f"{each.zh} · {each.en}" for each in gaps(entries, catalogue, today, leaving)]


def gaps(entries: Iterable[Entry], catalogue: Catalogue, today: date, leaving: Collection[str] = ()) -> list[Words]:
    """The standard questions that handlers need and the centre does not answer today, or soon not any more: because the
    answer ends, or is about to be withdrawn, as entries of the ids `leaving` are."""
    answers: dict[str, list[Entry]] = {}
    for entry in entries:
        asked = entry.standard or entry.id
        if asked in NEEDS:
            answers.setdefault(asked, []).append(entry)
    questions = standard().questions
    found = []
    for id in sorted(needed(catalogue, today) | answers.keys()):
        known = answers.get(id, [])
        said = gap(known, today)
        if said is None and gap([each for each in known if each.id not in leaving], today) is not None:
            said = LEAVING
        if said is not None:
            found.append(about(id, Words(questions[id].zh, questions[id].en), said))
    return found


def leaving(transaction: Transaction) -> frozenset[str]:
    """The entries that somebody wants to withdraw, which a second person has to agree to."""
    return frozenset(row.id for row, last in rows.with_last(transaction) if last.status == "withdrawing")


def leaving_of(config: Config) -> frozenset[str]:
    """The same of the centre's database, where there is one."""
    if not _is_there(config):
        return frozenset()
    with contextlib.closing(Database(config.database.url)) as database:
        return database.look(leaving)


def _is_there(config: Config) -> bool:
    """Whether there is a database, and up to date."""
    path = Path(config.database.embedded)
    return (not config.database.embedded or path.exists()) and is_current(config.database.url)


def _key(config: Config) -> list[str]:
    """Why the key does not open what is in the database; of a new one, why it could close nothing."""
    path = Path(config.accounts.key_file)
    if _is_there(config):
        with contextlib.closing(Database(config.database.url)) as database:
            problem = key_problem(database, path)
            return [problem] if problem else []
    try:
        if keys := vaults.given(path):
            vaults.of(keys)
    except VaultError as error:
        return [str(error)]
    return []


def _own_texts(config: Config, centre: Centre | None, channels: Channels) -> list[str]:
    """What is wrong with what the centre says in words of its own, and with what it is called."""
    try:
        texts, files = texts_of(config), read_own(Path(config.centre.texts)) if config.centre.texts else {}
        speaks = centre or centre_of(config)
    except (ConfigError, TextsError) as error:
        return [str(error)]
    found: list[str] = []
    if centre is None and not config.centre.name:
        found.append("centre.name is empty: residents are told 学习中心; set it here, at the desk or by an import")
    found += map(str, texts.misfits(files, speaks, channels))
    if centre is not None:
        said = [*map(str, texts.misfits(centre.texts, centre, channels)), *centre.problems()]
        found += [f"centre: {each}" for each in said]
    return found


def _secrets(config: Config, channels: Channels) -> list[str]:
    """What the environment and the settings lack for what is switched on."""
    lacking = [each for channel in channels.values() for each in channel.lacking(config.channels, os.environ)]
    if config.accounts.platform.base and not os.environ.get("PLATFORM_TOKEN"):
        lacking.append("accounts.platform: PLATFORM_TOKEN")
    if config.desk.oidc.issuer and not os.environ.get("OIDC_CLIENT_SECRET"):
        lacking.append("desk.oidc: OIDC_CLIENT_SECRET")
    unset = [each for channel in channels.values() for each in channel.unset(config.channels)]
    return [
        *(f"{each} is not set in the environment" for each in dict.fromkeys(lacking)),
        *(f"{each}: 没有填 · must be set where the channel is enabled" for each in dict.fromkeys(unset)),
    ]


def fits(database: Database, content: Content, channels: Channels = CHANNELS) -> list[str]:
    """What would be wrong with our knowledge after these files were taken in."""
    stored = database.look(rows.records)
    known = {(row.kind, row.id): msgspec.json.decode(row.body, type=Record) for row in stored}
    new = {(KIND_OF[type(record)], record.id): record for record in content.records}
    catalogue = Catalogue.of({**known, **new}.values())
    return [*inconsistencies(catalogue), *misplaced(content.entries, catalogue.topics, channels)]


def misplaced(entries: Collection[Entry], topics: Topics, channels: Channels = CHANNELS) -> list[str]:
    """What is wrong with entries where there are these topics: they are of none of them, or cannot be said on a channel."""
    unsayable = [f"entry {entry.id}: {problem}" for entry in entries for problem in _unsayable(entry, channels)]
    return strangers(entries, topics) + unsayable


def content_of(config: Config) -> Content:
    """What the database holds; what a new one begins with where there is none yet."""
    path = Path(config.database.embedded)
    if config.database.embedded and not path.exists():
        if not os.access(next(each for each in path.absolute().parents if each.exists()), os.W_OK):
            raise OutageError(Outage.READ_ONLY)
        return _at_first(config)
    if not is_current(config.database.url):
        return _at_first(config)
    with contextlib.closing(Database(config.database.url)) as database:
        entries = [
            msgspec.json.decode(row.body, type=Entry)
            for row in database.look(lambda t: rows.entries_since(t, 0))
            if row.status == "published"
        ]
        return Content(entries, [msgspec.json.decode(row.body, type=Record) for row in database.look(rows.records)])


def _at_first(config: Config) -> Content:
    """What a new database begins with."""
    return read_sample(datetime.now(config.zone).date()) if config.sample else Content([], [])


def _training() -> list[str]:
    try:
        return model.problems(read_data())
    except DataError as error:
        return error.problems


def _texts(texts: Texts, channels: Channels) -> list[str]:
    """Each language has each text, with the same values in it, and each text can be said on each channel."""
    chinese = texts.languages["zh"]
    found = [
        f"{place}: the text {key} is in no file of bot/texts"
        for key, place in _said(texts.languages)
        if not texts.has(key)
    ]
    for language, known in texts.languages.items():
        found += [f"texts/{language}.yml: {key} is missing" for key in sorted(set(chinese) - set(known))]
        found += [f"texts/{language}.yml: {key} is in no other language" for key in sorted(set(known) - set(chinese))]
        for key in sorted(set(known) & set(chinese)):
            if set(PLACEHOLDER.findall(known[key].text)) != set(PLACEHOLDER.findall(chinese[key].text)):
                found.append(f"texts/{language}.yml: {key} has other values than the Chinese text")
            reply = Reply(text=known[key].text, spoken=known[key].spoken, short=known[key].short)
            found += [f"texts/{language}.yml: {key}: {problem}" for problem in _misfits(reply, channels)]
    return found


def _said(languages: Collection[str]) -> Iterator[tuple[str, str]]:
    """The keys of texts that the code names, with where."""
    for path in sorted(path for folder in SPEAKERS for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SAYING:
                words = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
                keys = [each for each in words if isinstance(each, str) and each not in languages]
                if keys:
                    yield keys[0], f"{path.relative_to(ROOT)}:{node.lineno}"


def _misfits(reply: Reply, channels: Channels) -> list[str]:
    """What of a reply does not fit on a channel."""
    return [problem for channel in channels.values() for problem in channel.problems([reply])]


def _unsayable(entry: Entry, channels: Channels) -> list[str]:
    said = entry.said("zh")
    replies = [
        Reply(text=said.answer, spoken=said.spoken, short=said.sms),
        *(Reply(text=step) for step in entry.steps),
    ]
    return [problem for reply in replies for problem in _misfits(reply, channels)]

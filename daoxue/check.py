"""`daoxue check`: everything that can be wrong before a port opens, each problem with its place."""

import contextlib
import os
import re
from datetime import datetime
from pathlib import Path

import msgspec

from accounts import learners
from bot.messages import Reply
from bot.texts import Texts
from daoxue import model
from daoxue.app import encoder_of, rules_of
from daoxue.config import Config, ConfigError
from integrations import sms, voice
from integrations.wechat import rendering as wechat
from knowledge.catalogue import KIND_OF, Catalogue, Record
from knowledge.entries import Entry
from knowledge.files import SAMPLE, Content, KnowledgeError, dated, load_yaml, read_sample
from knowledge.standard import strangers
from nlu.questions import DataError
from nlu.questions import read as read_data
from store import knowledge as rows
from store.database import Database
from store.migrate import is_current

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def problems(config: Config) -> list[str]:
    """Every problem of knowledge, training data, texts and channels under these settings."""
    found = [*_training(), *_texts(Texts())]
    try:
        content = _content(config)
    except KnowledgeError as error:
        return found + error.problems
    if config.desk.oidc.issuer and not os.environ.get("OIDC_CLIENT_SECRET"):
        found.append("desk.oidc: OIDC_CLIENT_SECRET is not set in the environment")
    found += _secrets(config)
    for read in (lambda: rules_of(config), lambda: encoder_of(config.nlu.encoder, config.nlu.encoder_path)):
        try:
            read()
        except ConfigError as error:
            found.append(str(error))
    found += Catalogue.of(content.records).problems()
    if Catalogue.of(content.records).college is None:
        found.append("catalogue: there is no organisation of level college")
    with contextlib.suppress(KnowledgeError):  # the data's problems are among those found
        found += strangers(content.entries)
    for entry in content.entries:
        found += [f"entry {entry.id}: {problem}" for problem in [*entry.problems(), *_unsayable(entry)]]
    return found + _learners(config)


def _secrets(config: Config) -> list[str]:
    """What the environment lacks for what is switched on."""
    channels = config.channels
    wanted = {
        "channels.twilio": ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if channels.twilio.enabled else (),
        "channels.gateway": ("GATEWAY_KEY", "GATEWAY_SECRET") if channels.gateway.enabled else (),
        "channels.wechat": ("WECHAT_APP_ID", "WECHAT_APP_SECRET", "WECHAT_TOKEN") if channels.wechat.enabled else (),
        "accounts.platform": ("PLATFORM_TOKEN",) if config.accounts.platform.base else (),
    }
    return [
        f"{place}: {name} is not set in the environment"
        for place, names in wanted.items()
        for name in names
        if not os.environ.get(name)
    ]


def fits(database: Database, content: Content) -> list[str]:
    """What would be wrong with our knowledge after these files were taken in."""
    stored = database.look(rows.records)
    known = {(row.kind, row.id): msgspec.json.decode(row.body, type=Record) for row in stored}
    new = {(KIND_OF[type(record)], record.id): record for record in content.records}
    found = Catalogue.of({**known, **new}.values()).problems() + strangers(content.entries)
    return found + [f"entry {entry.id}: {problem}" for entry in content.entries for problem in _unsayable(entry)]


def _content(config: Config) -> Content:
    """What the database holds; the sample centre where there is none yet."""
    path = Path(config.database.url.removeprefix("sqlite:///"))
    if (config.database.url.startswith("sqlite:///") and not path.exists()) or not is_current(config.database.url):
        return read_sample(datetime.now(config.zone).date())
    database = Database(config.database.url)
    try:
        entries = [
            msgspec.json.decode(row.body, type=Entry)
            for row in database.look(lambda t: rows.entries_since(t, 0))
            if row.status == "published"
        ]
        return Content(entries, [msgspec.json.decode(row.body, type=Record) for row in database.look(rows.records)])
    finally:
        database.close()


def _training() -> list[str]:
    try:
        return model.problems(read_data())
    except DataError as error:
        return error.problems


def _texts(texts: Texts) -> list[str]:
    """Each language has each text, with the same values in it, and each text can be said on each channel."""
    found = []
    chinese = texts.languages["zh"]
    for language, known in texts.languages.items():
        found += [f"texts/{language}.yml: {key} is missing" for key in sorted(set(chinese) - set(known))]
        found += [f"texts/{language}.yml: {key} is in no other language" for key in sorted(set(known) - set(chinese))]
        for key in sorted(set(known) & set(chinese)):
            if set(_PLACEHOLDER.findall(known[key].text)) != set(_PLACEHOLDER.findall(chinese[key].text)):
                found.append(f"texts/{language}.yml: {key} has other values than the Chinese text")
            reply = Reply(text=known[key].text, spoken=known[key].spoken, short=known[key].short)
            found += [
                f"texts/{language}.yml: {key}: {problem}"
                for problem in wechat.problems([reply]) + voice.problems([reply])
            ]
    return found


def _unsayable(entry: Entry) -> list[str]:
    reply = Reply(text=entry.answer, spoken=entry.spoken, short=entry.sms)
    steps = [Reply(text=step) for step in entry.steps]
    return [
        problem for each in [reply, *steps] for problem in voice.problems([each]) + wechat.problems([each])
    ] + sms.problems([reply])


def _learners(config: Config) -> list[str]:
    today = datetime.now(config.zone).date()
    return learners.read(dated(load_yaml(SAMPLE / "learners.yml"), today))[1]

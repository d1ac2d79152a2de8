"""`config.yml`, read once, strictly, into immutable settings; the environment may override any of them."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml
from msgspec import Meta, Struct, defstruct, field
from msgspec.inspect import StrType, type_info
from msgspec.structs import replace

from accounts.limits import networks
from bot.channel import Channel, Stanzas
from desk.hours import DeskSettings
from integrations.channels import CHANNELS
from integrations.clamd import PATTERN as CLAMD
from integrations.platform import PlatformSettings
from integrations.rasa import RasaSettings
from integrations.redis.addresses import PATTERN as REDIS
from integrations.redis.addresses import AddressError, parse
from knowledge.centre import Centre, Colour, Said
from knowledge.files import KnowledgeError, load_yaml
from knowledge.words import wanted
from nlu.judgement import Budget

PREFIX = "DAOXUE_"
SETTINGS = Path("config.yml")  # where they are, unless somebody says otherwise
_CALLED = (
    "name",
    "bot",
    "district",
    "hotline",
    "address",
    "platform",
    "colour",
    "head_colour",
)  # of the centre, that the settings may say


class ConfigError(Exception):
    """The settings cannot be used; the message names each setting by its path."""


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    host: Annotated[str, Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    public_url: Annotated[str, Meta(pattern=r"^(https?://[^\s]+)?$")] = ""
    trusted_proxies: tuple[str, ...] = ()
    inside: tuple[str, ...] = ("127.0.0.0/8", "::1")
    unlimited: tuple[str, ...] = ()


class DatabaseSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """On PostgreSQL what is older than `archive_after` months lies in tables of its own. Pages of
    the desk are read from `replica_url`, where there is one and it is not behind."""

    url: Annotated[str, Meta(pattern=r"^(sqlite:///.+|postgresql://.+)$")] = "sqlite:///var/daoxue.db"
    archive_after: Annotated[int, Meta(ge=3, le=600)] = 13
    replica_url: Annotated[str, Meta(pattern=r"^(postgresql://.+)?$")] = ""

    @property
    def embedded(self) -> str:
        """The path of SQLite's file; empty where a server holds it."""
        return self.url.removeprefix("sqlite:///") if self.url.startswith("sqlite:///") else ""


class RedisSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where several processes tell each other what is new; nothing: the database does that."""

    url: Annotated[str, Meta(pattern=REDIS)] = ""


class CentreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the centre is called until its record says it (`knowledge.centre.Centre`), the file of its logo, and the folder of
    its own texts."""

    timezone: str = "Asia/Shanghai"
    name: Said = ""
    bot: Said = ""
    district: Said = ""
    hotline: Said = ""
    address: Said = ""
    platform: Said = ""
    colour: Colour = ""
    head_colour: Colour = ""
    logo: str = ""
    texts: str = ""

    @property
    def record(self) -> Centre:
        said = {name: value for name in _CALLED if (value := getattr(self, name))}
        return replace(Centre(), **said)


class Nlu(Struct, frozen=True, forbid_unknown_fields=True):
    folder: Annotated[str, Meta(min_length=1)] = "var"
    encoder: Literal["use", "onnx", "none"] = "use"
    encoder_path: str = ""
    budget: Budget = Budget()
    engine: Literal["embedded", "rasa"] = "embedded"
    rasa: RasaSettings = RasaSettings()


class AccountsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    key_file: Annotated[str, Meta(min_length=1)] = "var/data.key"
    rules: str = ""
    platform: PlatformSettings = PlatformSettings()


class FilesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What residents may send, and what looks through it for viruses: clamd's address, or nothing."""

    megabytes: Annotated[int, Meta(ge=1, le=100)] = 10
    clamd: Annotated[str, Meta(pattern=CLAMD)] = ""

    @property
    def largest(self) -> int:
        """Bytes of one file."""
        return self.megabytes * 1_000_000


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    level: Literal["debug", "info", "warning", "error"] = "info"


class TracesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the way of each message is told to, over OTLP; nowhere where it is empty."""

    endpoint: Annotated[str, Meta(pattern=r"^(https?://\S+)?$")] = ""


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings; `config.yml` explains each."""

    server: Server = Server()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    centre: CentreSettings = CentreSettings()
    sample: bool = True
    nlu: Nlu = Nlu()
    desk: DeskSettings = field(default_factory=DeskSettings)
    accounts: AccountsSettings = AccountsSettings()
    channels: Stanzas = field(default_factory=Stanzas)
    files: FilesSettings = FilesSettings()
    log: Log = Log()
    traces: TracesSettings = TracesSettings()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.centre.timezone)


def read(path: Path, environment: Mapping[str, str] = os.environ, channels: Mapping[str, Channel] = CHANNELS) -> Config:
    """The settings in a file, overridden by the environment; the defaults, where nobody named a file and there is none.
    Raises `ConfigError`."""
    lacking = not path.is_file()
    if lacking and path != SETTINGS:
        raise ConfigError(f"{path}: 没有这个文件；daoxue init 写一个。There is no such file; `daoxue init` writes one")
    try:
        document = None if lacking else load_yaml(path)
    except KnowledgeError as error:
        raise ConfigError(str(error)) from error
    if document is None:
        document = {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path.name}: not a mapping of settings")
    stanzas = _stanzas(channels)
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX):
            _override(document, name.removeprefix(PREFIX).lower().split("__"), value, stanzas)
    try:
        given = msgspec.convert({"channels": document.pop("channels", {})}, stanzas)
        own = msgspec.structs.asdict(msgspec.structs.asdict(given)["channels"])
        config = msgspec.structs.replace(msgspec.convert(document, Config), channels=Stanzas(*own.values()))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path.name}: {_named(str(error))}") from error
    try:
        ZoneInfo(config.centre.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"{path.name}: centre.timezone: there is no time zone {config.centre.timezone}") from error
    if unfit := config.centre.record.problems():
        raise ConfigError(f"{path.name}: centre.{unfit[0]}")
    for name in ("trusted_proxies", "inside", "unlimited"):
        _check_networks(path, f"server.{name}", getattr(config.server, name))
    try:
        parse(config.redis.url or "redis://localhost")
    except AddressError as error:
        raise ConfigError(f"{path.name}: redis.url: {error}") from error
    if config.database.replica_url and config.database.embedded:
        raise ConfigError(f"{path.name}: database.replica_url: 只有 PostgreSQL 有副本 · of PostgreSQL alone")
    for hours in config.desk.hours:
        if hours.closes <= hours.opens:
            raise ConfigError(f"{path.name}: desk.hours: closes {hours.closes} is not after opens {hours.opens}")
    return config


def _check_networks(path: Path, name: str, given: Sequence[str]) -> None:
    for number, each in enumerate(given):
        try:
            networks([each])
        except ValueError as error:
            raise ConfigError(f"{path.name}: {name}[{number}]: {error}") from error


def _stanzas(channels: Mapping[str, Channel]) -> type[Struct]:
    """What may stand under `channels:`, as each channel says, in a struct of that one field."""
    known = {stanza.name: stanza.settings for channel in channels.values() for stanza in channel.stanzas}
    fields = [(name, settings, field(default_factory=settings)) for name, settings in known.items()]
    group = defstruct("Group", fields, frozen=True, forbid_unknown_fields=True)
    return defstruct("Whole", [("channels", group)])


def _override(document: dict[str, object], path: list[str], value: str, stanzas: type[Struct]) -> None:
    at = document
    for key in path[:-1]:
        below = at.setdefault(key, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{PREFIX}{'__'.join(path).upper()}: {key} is not a group of settings")
        at = below
    is_text = _is_text(stanzas if path[0] == "channels" else Config, path)
    at[path[-1]] = value if is_text else yaml.load(value, Loader=yaml.CSafeLoader)


def _is_text(settings: object, path: Sequence[str]) -> bool:
    """Whether a setting is any text, which is taken as it stands: a number to call is no number to YAML."""
    for key in path:
        if not (isinstance(settings, type) and issubclass(settings, Struct)):
            return False
        settings = next((each.type for each in msgspec.structs.fields(settings) if each.name == key), None)
    return settings is not None and isinstance(type_info(settings), StrType)


def _named(error: str) -> str:
    """msgspec's message, with the path of the setting in front: desk.hours[0].opens: …"""
    message, _, path = error.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if "unknown field" in message:
        key = message.split("`")[1]
        return f"{path + '.' if path else ''}{key}: unknown setting"
    if (said := wanted(message)) is not None:
        message = f"{said.zh} · {said.en}"
    elif message.endswith("got `null`"):
        message = '空着；没有就写 ""，# 开头的要加引号 · is empty; "" is nothing, and what begins with # wants quotes'
    return f"{path}: {message}" if path else message


def public_url(config: Config) -> str:
    """How residents and platforms reach us, without a slash at the end."""
    return config.server.public_url.rstrip("/") or f"http://{config.server.host}:{config.server.port}"

"""What of the settings and the environment is more than a value: files that they name, keys. Read before anything is composed."""

import importlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from accounts import rules
from accounts.rules import Rules
from bot.channel import Channel
from bot.texts import Texts, TextsError, read_own
from daoxue.config import Config, ConfigError
from desk.pushing import SECRETS, PushIdentity, VapidError
from integrations.channels import CHANNELS
from knowledge.centre import Centre
from knowledge.files import KnowledgeError, load_yaml
from nlu import encoder


def rules_of(config: Config) -> Rules | None:
    """How the credit bank reckons where a file of the settings says it; else the catalogue does. Raises `ConfigError`."""
    if not config.accounts.rules:
        return None
    try:
        return rules.read(load_yaml(Path(config.accounts.rules)))
    except (rules.RuleError, OSError, KnowledgeError) as error:
        raise ConfigError(f"accounts.rules: {error}") from error


def texts_of(config: Config, channels: Mapping[str, Channel] = CHANNELS) -> Texts:
    """What residents read and hear, with the centre's own texts. Raises `ConfigError`."""
    try:
        own = read_own(Path(config.centre.texts)) if config.centre.texts else None
    except TextsError as error:
        raise ConfigError(f"centre.texts: {error}") from error
    texts = Texts(own=own, greets=greets_of(channels))
    texts.follow(config.centre.record)
    return texts


def centre_of(config: Config) -> Centre:
    """What the settings say of the centre, with its logo, which is drawn here: asked where there is no record of the centre,
    and in a thread where others wait. Raises `ConfigError`."""
    if not config.centre.logo:
        return config.centre.record
    # What draws pictures is looked at where there is one to draw.
    logo = importlib.import_module("daoxue.logo")
    try:
        return replace(config.centre.record, logo=logo.logo_at(Path(config.centre.logo)))
    except logo.LogoError as error:
        raise ConfigError(f"centre.logo: {error}") from error


def greets_of(channels: Mapping[str, Channel]) -> dict[str, str]:
    """The text that each channel greets with, by its name."""
    return {name: each.greets for name, each in channels.items()}


def push_keys() -> PushIdentity | None:
    """Who we are to push services; None where web push is not set up. Raises `ConfigError`."""
    if not any(os.environ.get(name) for name in SECRETS):
        return None
    read: Callable[[Mapping[str, str]], PushIdentity] = importlib.import_module("desk.vapid").vapid_of
    try:
        return read(os.environ)
    except VapidError as error:
        raise ConfigError(str(error)) from error


def encoder_of(kind: str, folder: str) -> encoder.Encoder | None:
    """What reads meaning. Raises `ConfigError`."""
    try:
        return encoder.load(kind, folder)
    except encoder.EncoderError as error:
        raise ConfigError(f"nlu.encoder: {error}") from error

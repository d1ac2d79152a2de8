"""`daoxue doctor` on what is outside: certificates, Redis, and platforms that are played, asked for what changes nothing."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from bot.channel import Stanzas
from bot.examining import Finding, Severity
from daoxue.app import App
from daoxue.config import Config, RedisSettings, Server
from daoxue.doctor import outside
from integrations.channels import CHANNELS
from integrations.mail.settings import ImapSettings, MailSettings, SmtpSettings
from integrations.telegram.settings import PATH, TelegramSettings
from integrations.twilio.settings import TwilioSettings
from integrations.wechat.settings import WechatSettings
from players import telegram as telegram_player
from players import telegram_api
from players.post_office import PostOffice
from players.twilio import api as twilio_api
from players.twilio.carrier import Carrier
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from store.database import Database
from tests.conftest import free_port
from tests.dovecot import PASSWORD, USER, dovecot
from tests.messenger import SECRET
from tests.official import behind, environment
from tests.redis_server import redis_server
from tests.test_doctor import FAULT, OK, WARNING, only


class Secured:
    """A port with a certificate."""

    def __init__(self, folder: Path, days: int) -> None:
        key, name = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
        )
        begins = datetime.now(UTC) - timedelta(days=30)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(datetime.now(UTC) + timedelta(days=days, hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.file = folder / f"{days}.pem"
        self.file.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def examined(self) -> Finding:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def answer() -> None:
                line, _ = listening.accept()
                try:
                    context.wrap_socket(line, server_side=True).close()
                except (ssl.SSLError, OSError):
                    line.close()

            thread = threading.Thread(target=answer)
            thread.start()
            url = f"https://localhost:{listening.getsockname()[1]}"
            found = only(outside.certificate(Config(server=Server(public_url=url))))
            thread.join()
        return found


@pytest.mark.parametrize(("days", "severity"), [(3, FAULT), (14, WARNING), (60, OK), (-2, FAULT)])
def test_days_of_a_certificate(days: int, severity: Severity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secured = Secured(tmp_path, days)
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.file))
    found = secured.examined()
    assert found.severity is severity
    assert days < 0 or str(days) in found.seen.en


def test_a_certificate_that_browsers_refuse(tmp_path: Path) -> None:
    assert "浏览器不认" in Secured(tmp_path, 60).examined().seen.zh
    nobody = Config(server=Server(public_url=f"https://127.0.0.1:{free_port()}"))
    assert only(outside.certificate(nobody)).severity is WARNING
    assert list(outside.certificate(Config())) == []


async def test_redis_is_asked_and_never_a_fault(tmp_path: Path) -> None:
    assert [each async for each in outside.redis(Config())] == []
    with redis_server(tmp_path) as running:
        on = Config(redis=RedisSettings(running.url))
        assert only([each async for each in outside.redis(on)]).severity is OK
    on = Config(redis=RedisSettings(running.url.replace("//", "//:s3cret@")))
    gone = only([each async for each in outside.redis(on)])
    assert (gone.severity, f"127.0.0.1:{running.port}" in gone.line, "s3cret" in gone.line) == (WARNING, True, False)


async def platform(config: Config, database: Database | None, *channels: object) -> list[Finding]:
    on = replace(config, channels=Stanzas(*channels))  # type: ignore[arg-type]
    return [each async for each in outside.platforms(on, database, CHANNELS)]


async def test_wechat(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    played, port = WechatPlatform(), free_port()
    for name, value in environment(played).items():
        monkeypatch.setenv(name, value)
    on = WechatSettings(enabled=True, api_base=f"http://127.0.0.1:{port}")
    async with behind(wechat_api.server(played), port):
        well = only(await platform(app.config, app.database, on))
        assert (well.severity, "500000 of 500000" in well.seen.en) == (OK, True)
        played.calls["message/custom/send"] = played.daily - 9
        assert only(await platform(app.config, app.database, on)).severity is WARNING
        assert only(await platform(app.config, None, on)).severity is WARNING
        played.faults["getcallbackip"] = ["40164"]
        listed = only(await platform(app.config, app.database, on))
        assert (listed.severity, "IP白名单" in listed.do.zh) == (FAULT, True)
        played.faults["getcallbackip"] = ["502"]
        assert "api_base" in only(await platform(app.config, app.database, on)).do.zh
    monkeypatch.delenv("WECHAT_APP_SECRET")
    lacking = only(await platform(app.config, app.database, on))
    assert (lacking.severity, "WECHAT_APP_SECRET" in lacking.seen.zh) == (FAULT, True)


async def test_twilio(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    played, port = Carrier(), free_port()
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", played.account)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", played.token)
    on = TwilioSettings(enabled=True, api_base=f"http://127.0.0.1:{port}")
    assert "api_base" in only(await platform(config, None, on)).do.zh
    async with behind(twilio_api.server(played), port):
        for balance, severity in (("48.92", OK), ("3.10", WARNING), ("-0.20", FAULT), ("", OK)):
            played.balance = balance
            assert only(await platform(config, None, on)).severity is severity
        played.status = "suspended"
        assert only(await platform(config, None, on)).severity is FAULT
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another")
        refused = only(await platform(config, None, on))
        assert (refused.severity, "TWILIO_AUTH_TOKEN" in refused.do.zh) == (FAULT, True)
    assert played.texts == [], "only what changes nothing is asked"


async def test_telegram(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    played, port = telegram_player.TelegramPlatform(), free_port()
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", played.token)
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", SECRET)
    url = "https://learn.example.cn"
    on = TelegramSettings(enabled=True, api_base=f"http://127.0.0.1:{port}")
    outer = replace(config, server=Server(public_url=url))
    async with behind(telegram_api.server(played), port):
        assert only(await platform(outer, None, on)).severity is WARNING, "its updates go nowhere yet"
        played.webhook = {"url": url + PATH, "secret_token": SECRET}
        assert only(await platform(outer, None, on)).severity is OK
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "999999:another-one")
        assert "TELEGRAM_BOT_TOKEN" in only(await platform(outer, None, on)).do.zh


async def test_mail(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    office = PostOffice(user=USER, password=PASSWORD)
    with dovecot() as box:
        smtp = SmtpSettings("127.0.0.1", await office.open(), "none", USER)
        on = MailSettings(
            enabled=True, address="study@centre.test", imap=ImapSettings("127.0.0.1", box.port, "none", USER), smtp=smtp
        )
        box.bring(b"Subject: hello\r\n\r\nhello\r\n")
        assert {each.severity for each in await platform(config, None, on)} == {OK}
        assert box.flags() == [""], "nothing was read"
        monkeypatch.setenv("MAIL_PASSWORD", "ended")
        found = await platform(config, None, on)
        assert [(each.severity, "MAIL_PASSWORD" in each.do.zh) for each in found] == [(FAULT, True)] * 2
        await office.close()
        nobody = replace(on, smtp=replace(smtp, port=free_port()), imap=replace(on.imap, port=free_port()))
        found = await platform(config, None, nobody)
        assert ["channels.mail" in each.do.zh for each in found] == [True, True]

"""A Dovecot of the system's package, on loopback, as a centre's provider has it: one mailbox, IMAP with IDLE."""

import contextlib
import imaplib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import free_port, lacking

USER, PASSWORD = "study", "secret-1"
_SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/cert.pem
disable_plaintext_auth = no
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
mail_uid = {owner}
mail_gid = {group}
first_valid_uid = 1
mail_max_userip_connections = 50
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {secure}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    """`port` is where it listens while it runs."""

    folder: Path
    port: int
    secure: int
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")], cwd="/", start_new_session=True
        )
        until = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                imaplib.IMAP4("127.0.0.1", self.port).shutdown()
                return
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)  # a polite end takes it ten seconds while somebody is connected
            self.process.wait(10)
            self.process = None

    def client(self) -> imaplib.IMAP4:
        """Somebody else with the mailbox open."""
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(USER, PASSWORD)
        client.select("INBOX")
        return client

    def bring(self, raw: bytes) -> None:
        """As mail arrives."""
        client = self.client()
        client.append("INBOX", "", "", raw)
        client.logout()

    def flags(self) -> list[str]:
        """Of all that lies in the mailbox."""
        client = self.client()
        found = client.fetch("1:*", "(FLAGS)")[1] if client.select("INBOX")[1] != [b"0"] else []
        client.logout()
        return [each.decode().partition("(FLAGS ")[2].strip("()") for each in found if isinstance(each, bytes)]


def _certificate() -> bytes:
    """With its key, of this machine's address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM) + private


@contextlib.contextmanager
def dovecot() -> Iterator[Dovecot]:
    if shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        lacking("Dovecot")
    root = os.geteuid() == 0
    me = pwd.getpwuid(os.geteuid()).pw_name
    port, secure = free_port(), free_port()
    folder = Path(tempfile.gettempdir()) / f"daoxue-dovecot-{os.getpid()}-{port}"  # its sockets' paths must be short
    (folder / "mail").mkdir(parents=True, mode=0o755)
    owner = "mail" if root else me
    shutil.chown(folder, owner, owner)
    shutil.chown(folder / "mail", owner, owner)
    users = {"internal": "dovecot", "login": "dovenull"} if root else {"internal": me, "login": me}
    (folder / "cert.pem").write_bytes(_certificate())
    text = _SETTINGS.format(
        folder=folder, port=port, secure=secure, owner=owner, group=owner, password=PASSWORD, **users
    )
    (folder / "dovecot.conf").write_text(text)
    server = Dovecot(folder, port, secure)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

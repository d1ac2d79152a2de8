"""A Postfix of the system's package, on loopback, as a centre's own: it takes mail in (SMTP), hands on what is for the centre (LMTP),
and what is for others to a far post office."""

import contextlib
import os
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import free_port, lacking

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = /tmp
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.centre.test
mydestination =
virtual_mailbox_domains = centre.test, other.test
virtual_transport = lmtp:inet:{lmtp}
transport_maps = inline:{{ {{ other.test = lmtp:inet:{other} }} }}
header_checks = {checks}
mynetworks = 127.0.0.0/8
default_transport = smtp:[127.0.0.1]:{far}
smtpd_recipient_restrictions = permit_mynetworks, reject
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
alias_maps =
alias_database =
local_recipient_maps =
"""
_MASTER = """
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    folder: Path
    port: int

    def hand_in(self, raw: bytes, sender: str, *to: str) -> None:
        """As a resident's program does."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as client:
            client.sendmail(sender, to, raw)

    def delivered(self) -> int:
        """How many mails have been handed on."""
        return self.log().count("status=sent")

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def run(self, command: str) -> None:
        subprocess.run(["postfix", "-c", str(self.folder / "etc"), command], check=True, capture_output=True)


@contextlib.contextmanager
def postfix(lmtp: str, far: int, other: str = "", checks: str = "") -> Iterator[Postfix]:
    """Hands on to `lmtp`, and to `other` what is for other.test; whatever is for others goes to the port `far`. `checks` are what it
    does to headers (header_checks(5))."""
    if shutil.which("postfix", path=f"{os.environ['PATH']}:/usr/sbin") is None or os.geteuid() != 0:
        lacking("Postfix (which only root can start)")
    port = free_port()
    folder = Path(tempfile.gettempdir()) / f"daoxue-postfix-{os.getpid()}-{port}"
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    (folder / "etc" / "main.cf").write_text(
        _MAIN.format(folder=folder, lmtp=lmtp, far=far, other=other or lmtp, checks=f"regexp:{folder}/etc/checks")
    )
    (folder / "etc" / "checks").write_text(checks)
    (folder / "etc" / "master.cf").write_text(_MASTER.format(port=port))
    server = Postfix(folder, port)
    try:
        server.run("start")
        until = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                smtplib.SMTP("127.0.0.1", port, timeout=5).close()
                break
            assert time.monotonic() < until, server.log()
            time.sleep(0.05)
        yield server
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            server.run("stop")
        shutil.rmtree(folder, ignore_errors=True)

"""What stands on this machine: keys, files and who may read them, room, backups."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from accounts import vault as vaults
from accounts.vault import VaultError
from bot.examining import Finding, Phrase, fault, ok, warning
from daoxue.archive import NAMED
from daoxue.config import Config
from daoxue.doctor.spans import span

KEY = Phrase("密钥", "key")
FILES = Phrase("文件", "files")
DISK = Phrase("磁盘", "disk")
BACKUP = Phrase("备份", "backup")
SECRETS = Path("/etc/daoxue.env")  # of the service, as docs/running.md has it
UNITS = Path("/etc/systemd/system")  # where docs/running.md and docs/backup.md put ours
LEAST, LITTLE = 1e9, 5e9  # bytes: from less than the first on an alarm rings (deploy/alerts.yml)
NIGHTLY, WEEK = 26 * 3600, 7 * 24 * 3600  # seconds
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def key(config: Config) -> Finding:
    """Whether there is one that can be read. Whether it is the right one, the database knows."""
    path = Path(config.accounts.key_file)
    where = "DATA_KEY" if os.environ.get("DATA_KEY") else str(path)
    try:
        keys = vaults.given(path)
        if keys is None:
            do = Phrase(
                "放回来，或恢复备份；全新的中心第一次启动时自己做",
                "put it back or restore a backup; a new centre makes it at its first start",
            )
            return fault(KEY, Phrase(f"{where} 不在", f"{where} is not there"), do)
        vaults.of(keys)
    except VaultError as error:
        return fault(KEY, Phrase(str(error), str(error)), Phrase("见 docs/keys.md", "see docs/keys.md"))
    return ok(KEY, f"{where} 读得出", f"{where} can be read")


def files(config: Config) -> Iterator[Finding]:
    """Who may read what only we may, and whose it is."""
    embedded = config.database.embedded
    ours = [
        Path(config.accounts.key_file),
        *(Path(f"{embedded}{suffix}") for suffix in ("", "-wal", "-shm") if embedded),
    ]
    there = [each for each in (*ours, SECRETS) if each.exists()]
    for path in there:
        found = path.stat()
        if found.st_mode & OTHERS:
            seen = Phrase(f"{path} 别人也能读", f"{path} can be read by others")
            yield fault(FILES, seen, Phrase(f"chmod 600 {path}", f"chmod 600 {path}"))
        if path != SECRETS and is_anothers(path):
            seen = Phrase(f"{path} 是别的用户的", f"{path} belongs to another user")
            yield fault(FILES, seen, AS_OWNER)
    if there and not any(each.stat().st_mode & OTHERS or (each != SECRETS and is_anothers(each)) for each in there):
        yield ok(FILES, "只有本人能读", "readable by us alone")


AS_OWNER = Phrase(
    "用服务的用户来问（deploy/daoxue），或把它还给服务", "ask as the service's user (deploy/daoxue), or give it back"
)


def is_anothers(path: Path) -> bool:
    """To open a database as somebody else would leave files that its owner cannot write."""
    return path.exists() and path.stat().st_uid != os.geteuid()


def disk(config: Config) -> Finding:
    """Room where the database stands; where a server holds it, where we write at all."""
    place = Path(config.database.embedded or config.nlu.folder).absolute()
    here = next(each for each in (place, *place.parents) if each.is_dir())
    free = shutil.disk_usage(here).free
    seen = Phrase(f"{here} 还有 {free / 1e9:.1f} GB", f"{free / 1e9:.1f} GB are free at {here}")
    do = Phrase("腾出空间（旧备份、日志），或换大一点的盘", "make room (old backups, logs), or take a larger disk")
    if free < LEAST:
        return fault(DISK, seen, do)
    return warning(DISK, seen, do) if free < LITTLE else ok(DISK, *seen)


def backups(folder: Path) -> Finding:
    """How old the newest one in a folder is, by its name."""
    do = Phrase(
        "每晚一次，见 docs/backup.md；放在别处的用 --backups 说",
        "one a night: docs/backup.md; --backups says another folder",
    )
    if not os.access(folder, os.R_OK | os.X_OK):
        return warning(BACKUP, Phrase(f"{folder} 里看不到备份", f"no backups are seen in {folder}"), do)
    names = sorted(folder.glob("daoxue-*.backup"))
    times = [each for each in map(_taken, names) if each is not None]
    if not times:
        return warning(BACKUP, Phrase(f"{folder} 里一份也没有", f"there is none in {folder}"), do)
    age = max(0.0, time.time() - max(times))
    zh, en = span(age)
    seen = Phrase(f"最近一份是 {zh}前的（{folder}）", f"the newest is {en} old ({folder})")
    look = with_unit(
        "daoxue-backup",
        Phrase(
            "systemctl status daoxue-backup 看为什么没有做",
            "systemctl status daoxue-backup says why there is no newer one",
        ),
        Phrase(
            "看每晚做它的为什么没有做，见 docs/backup.md", "see why what makes it each night did not: docs/backup.md"
        ),
    )
    if age > WEEK:
        return fault(BACKUP, seen, look)
    return warning(BACKUP, seen, look) if age > NIGHTLY else ok(BACKUP, *seen)


def with_unit(name: str, do: Phrase, otherwise: Phrase) -> Phrase:
    """What is to be done where systemd runs ours, and where something else does: a terminal, a container."""
    return do if (UNITS / f"{name}.service").exists() else otherwise


def _taken(path: Path) -> float | None:
    """When (seconds), by the name that `daoxue backup` gives it; None for what it has not named."""
    try:
        return datetime.strptime(path.name, NAMED).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None

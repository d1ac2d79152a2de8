"""`daoxue backup`, `restore`, `move`: a whole database kept, brought back, and taken elsewhere."""

import argparse
import contextlib
import getpass
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from accounts import vault as vaults
from accounts.vault import VaultError
from daoxue import archive
from daoxue.archive import LEAST, NAMED, SHORTEST, ArchiveError, Head, Opener
from daoxue.commands.common import Commands, add, now, tell
from daoxue.config import SETTINGS, Config, ConfigError, read
from daoxue.preparing import prepare
from store import alone, whole
from store.leftovers import sweep
from store.migrate import check_known
from store.outages import DatabaseError
from store.rewriting import rewrite_all
from store.whole import Counts, TableRows

PASSPHRASE = "BACKUP_PASSPHRASE"  # noqa: S105 - the name of it, in the environment
SUFFIX = ".backup"
LARGEST = 1 << 20  # bytes of a key file
GENTLY = 10  # niceness: residents' answers go first


def declare(commands: "Commands[argparse.ArgumentParser]") -> None:
    kept = add(commands, "backup", _backup, "everything in one encrypted file, while the service runs")
    kept.add_argument("--verify", action="store_true", help="read through a backup that is there")
    kept.add_argument("--keep", type=_several, metavar="N", help="in a FOLDER: only the newest N stay")
    back = add(commands, "restore", _restore, "bring a backup back, while the service is stopped")
    back.add_argument("--replace", action="store_true", help="in place of what the database holds now")
    kept.add_argument("file", type=Path, metavar="FILE|FOLDER", help="in a FOLDER it is named by the time")
    back.add_argument("file", type=Path, metavar="FILE")
    for command in (kept, back):
        command.add_argument(
            "--key-file", type=Path, metavar="FILE",
            help=f"what encrypts it, {LEAST} bytes at least; else a passphrase, asked for or from {PASSPHRASE}",
        )  # fmt: skip
    moved = add(commands, "move", _move, "take everything to another database, while the service is stopped")
    moved.add_argument("--to", required=True, metavar="URL", help="postgresql://… or sqlite:///…, empty")


def _several(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("1 或更多 · 1 at least")
    return int(text)


# -- out


def _backup(arguments: argparse.Namespace) -> int:
    path, in_folder = arguments.file, arguments.file.is_dir()
    if arguments.verify:
        return _verify(arguments)
    if arguments.keep and not in_folder:
        raise ArchiveError(f"--keep: {path} 不是文件夹 · not a folder")
    config = read(arguments.config)
    opener = _opener(arguments, is_new=True)
    os.nice(GENTLY)
    if in_folder:
        sweep(path, f"daoxue-*Z{SUFFIX}.part")
        path = path / datetime.now(UTC).strftime(NAMED)
    with whole.snapshot(config.database.url) as connection:
        head = Head(
            whole.revision(connection),
            _keys(config, whole.key_name(connection)),
            now(),
            _files(arguments.config, config),
        )
        seen = archive.write(path, opener, head, whole.parts(connection), _showing)
    gone = _rotate(arguments.file, arguments.keep) if arguments.keep else []
    rows = sum(each.rows for each in seen.values())
    line = f"备份写好了，并且读回来核对过：{path}（{len(seen)} 张表，{rows} 行，含密钥）"
    if gone:
        line += f"；删去 {len(gone)} 份旧的"
    tell(
        arguments, {"file": str(path), "tables": len(seen), "rows": rows, "removed": [str(each) for each in gone]}, line
    )
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    head, seen = archive.look(arguments.file, _opener(arguments, is_new=False), _showing)
    check_known(head.revision)
    rows, at = sum(each.rows for each in seen.values()), datetime.fromtimestamp(head.at / 1000, UTC)
    row: dict[str, object] = {
        "file": str(arguments.file), "at": head.at, "tables": {name: each.rows for name, each in sorted(seen.items())},
        "files": sorted(head.files),
    }  # fmt: skip
    tell(
        arguments,
        row,
        f"{arguments.file} 完好：{at:%Y-%m-%d %H:%M} UTC，{len(seen)} 张表，{rows} 行，{len(head.files)} 个文件，含密钥",
    )
    return 0


def _keys(config: Config, name: str | None) -> str:
    """The keys of a database that was closed by the one of this name: a change of keys may be under way beside us. Raises
    `VaultError`."""
    path = Path(config.accounts.key_file)
    keys = vaults.given(path)
    if keys is not None and name in (None, vaults.of(keys).name):
        return keys
    if name is not None and (found := vaults.beside(path, name)) is not None:
        return vaults.given(found, {}) or ""
    raise VaultError(
        f"{path}: 打开这个数据库的密钥不在，备份了也打不开 · the key of this database is lacking: a backup could not be read"
    )


def _files(settings: Path, config: Config) -> dict[str, bytes]:
    """The settings, and what of ours they name: the centre's own texts and rules. Secrets are in the environment alone."""
    named = [*sorted(Path(config.centre.texts).glob("*.yml"))] if config.centre.texts else []
    if config.accounts.rules:
        named.append(Path(config.accounts.rules))
    try:
        found = {str(path): path.read_bytes() for path in named}
        return found | ({str(SETTINGS): settings.read_bytes()} if settings.is_file() else {})
    except OSError as error:
        raise ArchiveError(f"{error.filename}: 读不了 · {error.strerror}") from error


def _rotate(folder: Path, keep: int) -> list[Path]:
    """Takes the oldest backups out of a folder, by the times in their names; nothing else that lies there."""
    old = sorted(folder.glob(f"daoxue-{'[0-9]' * 8}T{'[0-9]' * 6}Z{SUFFIX}"))[:-keep]
    for each in old:
        each.unlink()
    return old


def _opener(arguments: argparse.Namespace, *, is_new: bool) -> Opener:
    """What the file is encrypted with. Raises `ArchiveError` for what is too easy to guess."""
    if arguments.key_file is not None:
        try:
            with arguments.key_file.open("rb") as file:
                secret = file.read(LARGEST + 1)
        except OSError as error:
            raise ArchiveError(f"--key-file: {arguments.key_file}: 读不了 · {error.strerror}") from error
        if not LEAST <= len(secret) <= LARGEST:
            raise ArchiveError(f"--key-file: {LEAST} 到 {LARGEST} 字节 · {LEAST} to {LARGEST} bytes")
        return Opener(secret, False)
    said = os.environ.get(PASSPHRASE, "")
    if not said and sys.stdin.isatty():
        said = getpass.getpass("备份口令 passphrase: ")
        if is_new and getpass.getpass("再输一遍 again: ") != said:
            raise ArchiveError("两遍口令不一样 · the passphrases differ")
    if len(said.strip()) < SHORTEST:
        raise ArchiveError(
            f"口令至少 {SHORTEST} 个字符，放在环境变量 {PASSPHRASE}，或用 --key-file · a passphrase of {SHORTEST} characters at least"
        )
    return Opener(said.encode(), True)


# -- in


def _restore(arguments: argparse.Namespace) -> int:
    """Looks through the whole file first: nothing is touched for one that is not as it was written. What can fail comes
    before the one transaction that makes the database another; the key that opens it lies beside the present one by then."""
    opener, seen = _opener(arguments, is_new=False), Counts()
    head, _ = archive.look(arguments.file, opener, _showing)
    check_known(head.revision)
    _check_key(head)
    config = _settings(arguments.config, head)
    with alone.to_ourselves(config.database.url):
        with contextlib.ExitStack() as undone:
            differing = _place(arguments.config, head.files, undone)
            if not os.environ.get("DATA_KEY"):
                vaults.put_beside(Path(config.accounts.key_file), head.keys)
            with archive.opened(arguments.file, opener, seen) as (_, found):
                parts = _showing("恢复 restore", found)
                replaced = _fill(config.database.url, head.revision, parts, seen, replace=arguments.replace)
            undone.pop_all()
        prepare(config)
        if replaced:
            rewrite_all(config.database.url)  # what was replaced is in no page of the file any more
    for each in differing:
        tell(
            arguments,
            {"differs": str(each)},
            f"{each} 和备份里的不一样，没有动 · differs from the backup, left as it is",
        )
    rows = sum(each.rows for each in seen.values())
    tell(arguments, {"tables": len(seen), "rows": rows}, f"恢复好了，并且逐表核对过：{len(seen)} 张表，{rows} 行")
    return 0


def _check_key(head: Head) -> None:
    """Raises `VaultError` where the environment says a key that would not open what comes."""
    said, needed = os.environ.get("DATA_KEY", "").split(","), head.keys.split(",")
    if said != [""] and (said[-1] != needed[-1] or not set(needed) <= set(said)):
        raise VaultError(
            "DATA_KEY 不是这份备份的密钥：去掉它再恢复，密钥会写进密钥文件 · DATA_KEY is another key: unset it first"
        )


def _settings(path: Path, head: Head) -> Config:
    """Those that are here, else those in the backup."""
    if path.is_file() or str(SETTINGS) not in head.files:
        return read(path)
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / SETTINGS
        there.write_bytes(head.files[str(SETTINGS)])
        return read(there)


def _place(settings: Path, files: Mapping[str, bytes], undone: contextlib.ExitStack) -> list[Path]:
    """Puts back the files that are lacking; those that are there and say something else, which stay."""
    differing = []
    for name, content in files.items():
        path = settings if name == str(SETTINGS) else Path(name)
        if path.exists():
            differing += [path] if path.read_bytes() != content else []
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        undone.callback(path.unlink, missing_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content)
    return differing


def _fill(url: str, revision: str, found: Iterable[TableRows], seen: Counts, *, replace: bool) -> bool:
    """Whether something was there before, which is gone then."""
    with whole.writing(url) as connection:
        is_filled = whole.is_filled(connection)
        if is_filled and not replace:
            raise DatabaseError("那里的数据库已有数据，没有动 · the database there is not empty: nothing was changed")
        whole.fill(connection, revision, found, seen)
    return is_filled


# -- elsewhere


def _move(arguments: argparse.Namespace) -> int:
    config, seen = read(arguments.config), Counts()
    here, there = config.database.url, arguments.to
    if not there.startswith(("sqlite:///", "postgresql://")) or there == here:
        raise ConfigError("--to: 另一个数据库的地址，sqlite:///… 或 postgresql://… · the address of another database")
    with alone.to_ourselves(here), alone.to_ourselves(there), whole.snapshot(here) as connection:
        found = _showing("搬迁 move", whole.counted(whole.parts(connection), seen))
        _fill(there, whole.revision(connection), found, seen, replace=False)
    for name, (rows, digest) in sorted(seen.items()):
        tell(arguments, {"table": name, "rows": rows, "digest": f"{digest:032x}"}, f"{name:24} {rows:9} {digest:032x}")
    line = (
        "搬好了，每张表的行数和内容都核对过。把 database.url 换成新地址再启动；原来的数据库没有动，确认无误后自行删除"
    )
    tell(arguments, {"tables": len(seen)}, line)
    return 0


def _showing(what: str, found: Iterable[TableRows]) -> Iterator[TableRows]:
    """Passes on what comes by, and tells on standard error how much it was: on a terminal in one line that changes,
    elsewhere in a line now and then."""
    every, end = (0.3, "\r") if sys.stderr.isatty() else (5.0, "\n")
    told, rows, size = time.monotonic(), 0, 0
    for part in found:
        yield part
        rows, size = rows + len(part.rows), size + sum(map(len, part.rows))
        if time.monotonic() - told > every:
            told = time.monotonic()
            print(f"{what}：{part.table:24} {rows:10} 行 rows {size >> 20:6} MB", end=end, file=sys.stderr, flush=True)

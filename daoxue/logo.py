"""The centre's logo out of a file, drawn anew as it is at the desk."""

import subprocess
import sys
from pathlib import Path

from bot.files import FileRefusal
from desk.pictures import LOGO
from knowledge.words import Words

LARGEST = 12_000_000  # bytes, as at the desk
WITHIN = 60  # seconds


class LogoError(Exception):
    """It cannot be the logo; `words` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.words = Words(zh, en)


def logo_at(path: Path) -> bytes:
    """What is kept of it. Raises `LogoError`."""
    if not path.is_file():
        raise LogoError(f"没有文件 {path}", f"there is no file {path}")
    if path.stat().st_size > LARGEST:
        most = LARGEST // 1_000_000
        raise LogoError(f"图片太大：最多 {most} MB", f"the picture is too large: {most} MB at most")
    command = [sys.executable, "-m", "desk.children", "desk.thumbnail", str(LOGO)]
    given = path.read_bytes()
    try:
        # Our own interpreter and module.
        made = subprocess.run(command, input=given, capture_output=True, check=True, timeout=WITHIN).stdout  # noqa: S603
    except (subprocess.SubprocessError, OSError) as error:
        raise LogoError("读不了这张图：要 PNG、JPEG 或 WebP", "no picture: PNG, JPEG or WebP") from error
    if made == FileRefusal.PIXELS.value.encode():
        raise LogoError("这张图的像素太多", "the picture has too many pixels")
    return made

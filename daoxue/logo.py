"""The centre's logo out of a file, drawn anew as it is at the desk."""

from pathlib import Path

from bot.files import FileRefusedError
from desk import children, pictures
from knowledge.words import Words

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
    try:
        if path.stat().st_size > children.LARGEST:
            most = children.LARGEST // 1_000_000
            raise LogoError(f"图片太大：最多 {most} MB", f"the picture is too large: {most} MB at most")
        return pictures.drawn_here(path.read_bytes(), pictures.LOGO, WITHIN)
    except FileRefusedError as error:
        raise LogoError("这张图的像素太多", "the picture has too many pixels") from error
    except children.ChildError as error:
        raise LogoError("读不了这张图：要 PNG、JPEG 或 WebP", "no picture: PNG, JPEG or WebP") from error
    except TimeoutError as error:
        raise LogoError(f"{WITHIN} 秒还没画好", f"it was not drawn within {WITHIN} seconds") from error
    except OSError as error:
        raise LogoError(f"读不了 {path}：{error.strerror}", f"{path} cannot be read: {error.strerror}") from error

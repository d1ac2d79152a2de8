"""A small picture of a picture, in a process of its own: drawn anew, so that nothing of what was hidden in it is left. Reads
standard input, writes a JPEG, or that there are too many pixels. What is named is how long
its longer side is, in pixels."""

import io
import sys

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.files import FileRefusal

PIXELS = 64_000_000  # of what is drawn: phones take pictures of 50
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
TOO_MANY = FileRefusal.PIXELS.value.encode()  # what is written instead


def small(picture: bytes, longest: int) -> bytes:
    """Raises `OSError` and others of Pillow's for what is no picture."""
    with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
        if opened.width * opened.height > PIXELS:
            return TOO_MANY
        opened.draft("RGB", (longest * 2, longest * 2))  # a JPEG need not be drawn whole
        upright = ImageOps.exif_transpose(opened)
    upright.thumbnail((longest, longest))
    ground = Image.new("RGB", upright.size, "white")
    drawn = upright.convert("RGBA")
    ground.paste(drawn, mask=drawn)
    out = io.BytesIO()
    ground.save(out, "JPEG", quality=80)
    return out.getvalue()


def main() -> int:
    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        sys.stdout.buffer.write(small(sys.stdin.buffer.read(), int(sys.argv[1])))
    except Image.DecompressionBombError:
        sys.stdout.buffer.write(TOO_MANY)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

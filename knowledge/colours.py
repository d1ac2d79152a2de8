"""Colours (#rrggbb) that can be read, by WCAG 2.2."""

LEGIBLE = 4.5  # contrast of text to its ground, criterion 1.4.3
STEPS = 50  # from a colour to white


def contrast(one: str, other: str) -> float:
    """Of two colours: 1 where they are the same, 21 of black and white."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lightened(colour: str, ground: str) -> str:
    """As much of white in a colour as it takes to be read on a dark ground."""
    mixed = (_mixed(colour, step / STEPS) for step in range(STEPS + 1))
    return next((each for each in mixed if contrast(each, ground) >= LEGIBLE), "#ffffff")


def _mixed(colour: str, white: float) -> str:
    return "#" + "".join(f"{round(part + (255 - part) * white):02x}" for part in bytes.fromhex(colour[1:]))


def _luminance(colour: str) -> float:
    parts = (part / 255 for part in bytes.fromhex(colour[1:]))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

"""What seats see of a resident's words: numbers that reach a person are masked until somebody says why they are needed."""

import re

_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)")


def mask(text: str) -> str:
    """138****5678."""
    return _MOBILE.sub(r"\1****\3", text)

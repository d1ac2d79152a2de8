"""What seats see of a resident's words: numbers that reach a person are masked until somebody says why they are needed."""

import re

_MOBILE = re.compile(r"(?<!\d)((?:\+86)?1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)")
_ABROAD = re.compile(r"(\+\d{3})\d{3,8}(\d{4})(?!\d)")


def mask(text: str) -> str:
    """138****5678."""
    return _ABROAD.sub(r"\1****\2", _MOBILE.sub(r"\1****\3", text))


def mask_all(data: object) -> object:
    """The same for every text in a document."""
    if isinstance(data, str):
        return mask(data)
    if isinstance(data, dict):
        return {key: mask_all(value) for key, value in data.items()}
    return [mask_all(each) for each in data] if isinstance(data, list) else data

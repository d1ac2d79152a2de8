"""What seats see of a resident's words: numbers that reach a person are masked, however they are written, until somebody
says why they are needed."""

import re

from bot.messages import Numbered
from nlu import phones
from nlu.text import fold

_ABROAD = re.compile(r"(\+\d{3})\d{3,8}(\d{4})(?!\d)")


def mask(text: str, *, theirs: bool = False) -> str:
    """138****5678. A landline is a person's where it is `theirs`, said by a resident; else it may be an office of ours."""
    masked, last = [], 0
    folded = fold(text)
    for phone in phones.find(folded):
        kind = phone.number[0]
        if kind == "1" or (kind == "0" and theirs):
            country = "+86" if folded[phone.start] == "+" else ""
            hidden = f"{phone.number[:3]}****{phone.number[-4:]}" if kind == "1" else f"{phone.number[:4]}****"
            masked += [text[last : phone.start], country, hidden]
            last = phone.end
    return _ABROAD.sub(r"\1****\2", "".join([*masked, text[last:]]))


def mask_said(each: Numbered) -> str:
    """A message as seats see it without a reason; the same can be searched, and no more."""
    return mask(each.message.reply.text, theirs=each.author == "resident")


def mask_all(data: object) -> object:
    """The same for every text in a document of a resident's."""
    if isinstance(data, str):
        return mask(data, theirs=True)
    if isinstance(data, dict):
        return {key: mask_all(value) for key, value in data.items()}
    return [mask_all(each) for each in data] if isinstance(data, list) else data

"""What there is at this moment: the catalogue with as many places taken as are by now, in either language."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from accounts.accounts import Accounts
from accounts.enrolment import Places
from knowledge.catalogue import Catalogue
from knowledge.english import told_in_english

# Built once for all turns that see the same; a turn asks for it a score of times.
_CURRENT: dict[str, tuple[Catalogue, Mapping[str, Places], Catalogue]] = {}
_IN_ENGLISH: dict[str, tuple[Catalogue, Catalogue]] = {}


def as_it_is(base: Catalogue, accounts: Accounts, lang: str) -> Catalogue:
    current = _current(base, accounts)
    return _in_english(current) if lang == "en" else current


def _current(base: Catalogue, accounts: Accounts) -> Catalogue:
    seen = accounts.enrolments.seen
    known = _CURRENT.get("catalogue")
    if known is not None and known[0] is base and known[1] is seen:
        return known[2]
    classes = {
        id: msgspec.structs.replace(group, enrolled=places.taken, waiting=places.waiting)
        if (places := seen.get(id)) is not None
        else group
        for id, group in base.classes.items()
    }
    current = replace(base, classes=classes) if seen else base
    _CURRENT["catalogue"] = (base, seen, current)
    return current


def _in_english(current: Catalogue) -> Catalogue:
    known = _IN_ENGLISH.get("catalogue")
    if known is not None and known[0] is current:
        return known[1]
    told = told_in_english(current)
    _IN_ENGLISH["catalogue"] = (current, told)
    return told

"""How many customer-service messages a resident may still be sent: five within 48 hours of a message of theirs, and by an
official account three within a minute of a menu's entry, a subscription or a scan.

Source: developers.weixin.qq.com/doc/service/guide/product/message/kf (limits since June 2023). That an answer in the
response does not count is not written there; it is taken to be so. Choosing in a message's menu counts as a menu's entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MESSAGES, MESSAGE_OPENS = 5, 48 * 3_600_000  # how many, and for how long (ms)
MENU, MENU_OPENS = 3, 60_000


@dataclass(frozen=True, slots=True)
class Heard:
    """Something from the resident that opens a window; `is_message` tells a message from a menu's entry or a scan."""

    at: int
    is_message: bool


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many messages, until then (ms); none left, and the moment says nothing."""

    left: int
    until: int


def allowance(heard: Sequence[Heard], sent: Sequence[int], now: int) -> Allowance:
    """What may still be sent. `sent` are the times of customer-service messages, in order. Each counts against the window
    that closes first."""
    message = max((each.at for each in heard if each.is_message), default=None)
    menus = sorted(each.at for each in heard if not each.is_message)
    spent, short = 0, 0
    for at in sent:
        menu = max((each for each in menus if each <= at < each + MENU_OPENS), default=None)
        used = sum(1 for other in sent if menu is not None and menu <= other < at)
        if menu is not None and used < MENU:
            short += menu == max(menus)
        elif message is not None and at >= message:
            spent += 1
    left, until = 0, now
    if message is not None and now < message + MESSAGE_OPENS:
        left, until = max(0, MESSAGES - spent), message + MESSAGE_OPENS
    if menus and now < menus[-1] + MENU_OPENS and short < MENU:
        left += MENU - short
        until = max(until, menus[-1] + MENU_OPENS)
    return Allowance(left, until)

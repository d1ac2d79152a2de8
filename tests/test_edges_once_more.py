"""What was found at the edges by somebody new: places in lists beyond a database's numbers, codes under other names, long
digits that hold nobody up, ranges of special purpose."""

import asyncio
import ipaddress
import time

import pytest

from daoxue.app import App
from desk.receivers import is_public
from nlu.proofs import hide
from tests.desk_client import Desk
from tests.talk import Resident


@pytest.mark.parametrize("after", [f"{1 << 63}:x", f"{-(1 << 63) - 1}:x", "9" * 5_000 + ":x", "x:1"])
async def test_a_place_in_a_list_that_cannot_be_is_a_clear_no(app: App, after: str) -> None:
    seat = await Desk(app).person()
    for state in ("waiting", "closed"):
        assert (await seat.ask("GET", f"/tickets?state={state}&after={after}")).status_code == 422


@pytest.mark.parametrize(
    "said",
    ["动态密码648571", "收到648571了", "他们发来的是648571", "数字是648571", "密码648571", "验证嘛648571", "马是648571", "yanzhengma648571",
     "my pin 648571"],
)  # fmt: skip
def test_a_code_under_another_name_is_kept_nowhere(said: str) -> None:
    assert "648571" not in hide(said)


def test_a_card_with_words_between_its_parts_is_one_by_its_check() -> None:
    assert hide("六二〇八,然后〇一〇四,然后七二九六") != "六二〇八,然后〇一〇四,然后七二九六"


@pytest.mark.parametrize("said", ["密码输错5次了", "我2026年3月报的名", "收到3个通知", "一共200000分"])
def test_other_numbers_stay(said: str) -> None:
    assert hide(said) == said


async def test_a_long_row_of_digits_holds_up_nobody(app: App) -> None:
    """The longest time for which nothing else ran, beside what an ordinary message takes."""
    longest, last = 0.0, time.perf_counter()

    async def beat() -> None:
        nonlocal longest, last
        while True:
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
            await asyncio.sleep(0)

    await Resident(app).say("你好")
    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    longest = 0.0
    began = time.perf_counter()
    await Resident(app).say("9 9 " * 4_000)
    whole = time.perf_counter() - began
    beating.cancel()
    assert longest < whole / 2


@pytest.mark.parametrize("address", ["192.31.196.1", "192.52.193.1", "192.175.48.1", "2620:4f:8000::1"])
def test_every_range_of_special_purpose_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))

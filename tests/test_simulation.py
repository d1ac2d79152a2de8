"""The simulation: some dozens of histories, each the same whenever it is told; and it notices what it is for (docs/faults.md)."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

import pytest

from accounts.bank import Bank, Wanted
from accounts.ledger import Order
from bot.inbox import Inbox
from bot.messages import Inbound
from store import bank
from store.bank import NewEntry
from store.conversations import TurnRow
from store.transaction import Transaction
from tests.pages import every_command
from tests.service import ROOT
from tests.simulation.place import Place, place
from tests.simulation.story import tell

HISTORIES = 24  # some seconds, on a machine that has much else to do


def played(*words: str) -> str:
    """What the command says; fails with the transcript where a history is wrong."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *words],
        cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": "0"}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-5_000:]
    return run.stdout


def test_whatever_happens_nothing_is_lost_or_done_twice() -> None:
    """And a history is the same each time, also behind others: nothing is left of them."""
    all_of_them = played("--seed", "1", "--histories", str(HISTORIES), "--show").splitlines()
    assert all_of_them[-1].startswith(f"{HISTORIES} histories"), all_of_them[-1]
    alone = played("--seed", str(HISTORIES), "--histories", "1", "--show").splitlines()[:-1]
    assert alone
    assert all_of_them[-1 - len(alone) : -1] == alone


def test_the_command_of_the_page() -> None:
    [line] = [line for line in every_command("docs/faults.md") if "tests.simulation" in line]
    words = line.replace("--histories 1000", "--histories 1").partition("tests.simulation ")[2].split()
    assert played(*words).startswith("1 histories from seed 7")


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    with place() as made:
        yield made


def test_it_notices_what_is_acknowledged_before_it_is_written(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Inbox._commit
    writing = set[asyncio.Task[object]]()

    async def hasty(self: Inbox, row: TurnRow, inbound: Inbound, before: Mapping[int, bytes]) -> tuple[int, int] | None:
        if row.read.version == 0:
            return await commit(self, row, inbound, before)
        writing.add(asyncio.create_task(commit(self, row, inbound, before)))
        return row.read.id, row.read.seq + len(row.said)

    monkeypatch.setattr(Inbox, "_commit", hasty)
    assert any("accepted and lost" in each for seed in range(1, 11) for each in tell(here, seed).problems)


def test_it_notices_more_orders_than_there_are_things(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Bank.reserve

    async def generous(self: Bank, learner: int, wanted: Wanted, now: int, day: date, by: str = "") -> Order:
        return await reserve(self, learner, replace(wanted, stock=wanted.stock + 1), now, day, by)

    monkeypatch.setattr(Bank, "reserve", generous)
    assert any("that there are" in each for seed in range(1, 31) for each in tell(here, seed).problems)


def test_it_notices_points_that_are_set_aside_and_still_there(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    enter = bank.enter

    def kept(transaction: Transaction, entry: NewEntry) -> None:
        enter(transaction, replace(entry, points=0) if entry.type == "freeze" else entry)

    monkeypatch.setattr(bank, "enter", kept)
    assert any("come from nowhere" in each for seed in range(1, 31) for each in tell(here, seed).problems)

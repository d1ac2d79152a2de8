"""From outside, against a real process: texts made to keep it busy. Whoever asks beside them is answered."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import effort
from tests.attack.centre import Centre, Resident, laid, running

PIECES = (
    "吧", "嗯", "1 ", "9 9 ", "6208", "验证码", "电话", "第", "一", "的了呢", "不要", "请给我", "(", "http://", "a@", "、", "，，", "3月", "星期", "　",
    "\u200b", "１２", "零〇洞", "卡号是", "吗?", "转人工", "书法班和", "救命", "死",
)  # fmt: skip
ENDS = ("", "x", "。", "\u0000")
MOST = 0.9  # seconds of a core that the longest of them costs at most; it counts as sixteen messages
BESIDE = 1.5  # seconds in which a question beside them is answered


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory, sample_file: Path) -> Iterator[Centre]:
    """One in which those of the first test may say as much as they like."""
    with running(
        laid(tmp_path_factory.mktemp("patient"), sample_file), DAOXUE_SERVER__UNLIMITED='["127.30.0.0/16"]'
    ) as started:
        yield started


def spent(centre: Centre) -> float:
    """Seconds of a core that the process has used."""
    with open(f"/proc/{centre.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_keeps_it_busy(piece: str, patient: Centre) -> None:
    resident = Resident(patient, "127.30.1.1")
    resident.say("书法班")  # so that there is something to choose from
    for end in ENDS:
        text = piece * (15_500 // len(piece.encode())) + end
        costs = [_cost(resident, patient, text)]
        while min(costs) > MOST and len(costs) < 3:  # beside it, the process has other work
            costs.append(_cost(resident, patient, text))
        assert min(costs) <= MOST or min(costs) <= MOST * effort.pace(), (piece, end)


def _cost(resident: Resident, patient: Centre, text: str) -> float:
    before = spent(patient)
    assert resident.say(text), text[:20]
    return spent(patient) - before


def test_who_asks_beside_them_is_answered(patient: Centre) -> None:
    done = threading.Event()

    def attack(n: int) -> None:
        while not done.is_set():
            attacker = Resident(patient, f"127.31.{n}.1")
            for piece in ("吧", "嗯", "9 9 ", "卡号是6208 "):
                attacker.post(piece * (15_000 // len(piece.encode())) + "x")

    attackers = [threading.Thread(target=attack, args=(n,)) for n in range(1, 4)]
    for each in attackers:
        each.start()
    resident, took = Resident(patient, "127.32.1.1"), []
    for _ in range(8):
        begun = time.monotonic()
        assert resident.say("书法班什么时候上课")
        took.append(time.monotonic() - begun)
        time.sleep(0.5)
    done.set()
    for each in attackers:
        each.join()
    assert sorted(took)[len(took) // 2] < BESIDE, took

"""What staff write is kept, and sent, without the numbers that nobody keeps: in every text that the desk takes."""

import re
import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from bot.keeping import covered, is_number
from daoxue.app import App
from daoxue.config import Config
from desk.api import session
from nlu.masking import BANK as BANK_LABEL
from nlu.masking import IDENTITY as IDENTITY_LABEL
from nlu.proofs import LABELS
from tests.desk_client import Desk
from tests.service import ROOT
from tests.talk import Resident
from tests.test_privacy import holds

CARD, IDENTITY, BANK, CODE = "620801047296", "330802195803120427", "6591156779840000", "648571"
SAID = f"您的卡号{CARD}，\n身份证{IDENTITY}，\n银行卡{BANK}，验证码{CODE}"
KEPT = "您的卡号[学习卡号]，\n身份证[证件号]，\n银行卡[卡号]，验证码[验证码]"
NAMES = {  # texts of bodies that say which thing is meant, or are secret: nobody writes sentences there
    "Assign.to", "ChangedPerson.*", "Confer.colleague", "Earned.rule", "Earned.source",
    "Enrolment.*", "ForWhom.ticket", "Linked.subject", "Login.*", "Merge.into", "NewHook.*", "NewPerson.*", "Note.mentions", "Password.*",
    "Redeem.*", "Reversal.ticket", "Totp.*", "TokenWanted.*", "Transfer.to", "Trial.channel",
}  # fmt: skip


def bodies(of: type[BaseModel] = session.Strict) -> Iterator[type[BaseModel]]:
    for each in of.__subclasses__():
        yield each
        yield from bodies(each)


def texts(annotation: object, metadata: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """What is asked of each text of a type."""
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *more = typing.get_args(annotation)
        yield from texts(inner, (*metadata, *more))
    elif annotation is str:
        yield metadata
    else:
        for each in typing.get_args(annotation):
            if typing.get_origin(annotation) is not typing.Literal:
                yield from texts(each, metadata)


def test_every_text_that_is_taken_is_covered_or_a_name(app: App) -> None:
    bare = set()
    for body in bodies():
        for name, hint in typing.get_type_hints(body, include_extras=True).items():
            metadata = (*body.model_fields[name].metadata,) if name in body.model_fields else ()
            written = (session.Written, session.Handwritten, session.Unnumbered)
            limited = any(getattr(each, "pattern", None) for each in metadata)
            for asked in texts(hint, metadata):
                if not limited and not any(each in asked for each in written):
                    bare |= {f"{body.__name__}.{name}"}
    assert {each for each in bare if each not in NAMES and f"{each.partition('.')[0]}.*" not in NAMES} == set()


async def test_what_a_seat_says_is_covered_before_it_is_kept_or_sent(app: App, config: Config) -> None:
    resident, desk = Resident(app), Desk(app)
    ref = (await resident.receipt("转人工")).ticket
    seat, other = await desk.person(), await desk.person("supervisor")
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": SAID, "source": f"卡{CARD}"})
    await seat.post(f"/tickets/{ref}/note", {"text": SAID})
    await other.post(f"/tickets/{ref}/whisper", {"text": SAID})
    await seat.post("/canned", {"title": f"卡{CARD}", "text": SAID})
    draft = await seat.post(f"/tickets/{ref}/draft")
    writer = await desk.person("editor")
    await writer.post("/broadcasts", {"title": f"卡{CARD}", "text": SAID})
    await seat.post(f"/tickets/{ref}/close", {"result": "answered", "note": SAID})
    await other.post(f"/tickets/{ref}/review", {"scores": {"polite": 5}, "note": SAID})
    whole = await other.get(f"/tickets/{ref}")
    [reply] = [each for each in whole["messages"] if each["author"] == "seat"]
    assert reply["text"] == KEPT
    assert draft["id"]
    for hidden in (CARD, IDENTITY, BANK, CODE):
        assert hidden not in str(whole)
    for path, who in (("/canned", seat), ("/broadcasts", writer), ("/reviews", other)):
        shown = str(await who.get(path))
        assert "[学习卡号]" in shown
        assert CARD not in shown
    assert holds(config, CARD, IDENTITY, BANK, CODE) == []


async def test_a_seat_is_shown_beforehand_what_will_be_covered(app: App) -> None:
    seat = await Desk(app).person()
    assert (await seat.post("/covered", {"text": SAID}))["text"] == KEPT


@pytest.mark.parametrize("said", [
    "热线 0570-1234567，周一到周五 8:30-17:00，\n手机13812345678 找李老师", "工单 1126-84614 已办结", "您的订单 R20261128001 已到货，凭学习卡领取",
    "报名费120元，材料费30元，共150元", "请到北京路100号3楼302室，邮编324000", "👨‍👩‍👧 欢迎 ❤️\n\n  两个空格  保留", "您的积分648571分，卡号末四位7296",
    "https://example.org/class?id=20261128001", "最晚12月31日前回复，逾期名额给下一位", "腾讯会议 648 571 093，7点开始", "12345、96110、400-820-8820",
])  # fmt: skip
def test_what_a_seat_has_to_tell_is_sent_as_it_is(said: str) -> None:
    assert covered(said) == said


def test_what_is_said_of_it_is_so() -> None:
    """docs/privacy.md shows what becomes of each kind, README names them."""
    page = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]*? (?:cards|papers|codes) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert [(said, covered(said)) for said, _ in rows] == rows
    shown = {label for _, after in rows for label in re.findall(r"\[[^]]+\]", after)}
    assert shown == {IDENTITY_LABEL, BANK_LABEL, *LABELS.values()}
    [line] = [each for each in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if "**隐私**" in each]
    assert all(kind in line for kind in ("身份证号", "银行卡号", "学习卡号", "验证码", "坐席写的"))


# -- what clients call what they send


@pytest.mark.parametrize(
    "name", ["m1", "550e8400-e29b-41d4-a716-446655440000", "1732800000123", "bdfhacegijklmnop", "SM0123456789abcdef"]
)
def test_an_id_that_only_has_digits_is_as_it_is(name: str) -> None:
    assert not is_number(name)


async def test_names_of_things_are_names(app: App) -> None:
    """A topic, a skill, an outcome: nobody's words, which would outlast an erasure."""
    desk = Desk(app)
    ref = str((await Resident(app).receipt("转人工")).ticket)
    seat = await desk.person()
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/transfer", {"skill": "张三的事"}, expect=422)
    await seat.post(f"/tickets/{ref}/note", {"text": "看看", "mentions": ["张三"]}, expect=404)
    for close in (
        {"result": "张三说的"},
        {"result": "answered", "topic": "张三"},
        {"result": "answered", "topic": CARD},
    ):
        await seat.post(f"/tickets/{ref}/close", close, expect=422)

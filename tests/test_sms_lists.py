"""What of a list leaves as a text message."""

from bot.messages import Option, Reply
from integrations import sms

CLASSES = (
    "有 4 个班，3 个还有名额，先看最近的：\n"
    "1. 碑帖临摹晚班（城关分院）：12月9日（周三）开课，周三 18:30—20:00，免费，还有15个名额\n"
    "2. 亲子绘本班（古镇分院）：12月13日（周日）开课，周日 10:00—11:00，免费，还有15个名额\n"
    "回复序号看详情，说“更多”看其余 1 个。"
)
OPTIONS = tuple(
    Option(str(number), name) for number, name in enumerate(("碑帖临摹晚班", "亲子绘本班", "吟诵下乡班"), 1)
)


def test_a_list_leaves_with_its_first_thing_whole() -> None:
    [text] = sms.render([Reply(text=CLASSES, options=OPTIONS)])
    assert sms.segments(text) == sms.PARTS
    said = text.partition(sms.MORE)[0]
    assert said.splitlines()[1] == CLASSES.splitlines()[1], "a whole line, and no number without its thing behind it"
    assert len(said.splitlines()) == 2


def test_what_leads_up_to_a_list_does_not_leave_alone() -> None:
    long = "有 2 个班，都还有名额：\n1. " + "，".join(f"很长很长的班名和说明{number}" for number in range(20))
    [text] = sms.render([Reply(text=long)])
    said = text.partition(sms.MORE)[0]
    assert "很长很长的班名和说明0，很长很长的班名和说明1" in said
    assert not said.endswith("，")
    assert sms.segments(text) == sms.PARTS


def test_a_text_that_begins_with_no_whole_sentence_is_still_told_to_its_writer() -> None:
    assert "短信放不下第一句，请另写一条短信" in sms.problems([Reply(text="，".join(["很长的一句话"] * 40))])
    assert sms.problems([Reply(text="好的。" + "很长的一句话，" * 40)]) == []

"""What a talk says of whom, and who is spoken of."""

from datetime import date

import pytest

from bot import about
from bot.about import Facts, is_child
from bot.conversation import Conversation, dump, load
from nlu import entities
from nlu.gazetteer import Gazetteer
from nlu.text import fold

TODAY = date(2026, 11, 27)
NOBODY = Gazetteer([])


def heard(*said: str) -> tuple[dict[str, Facts], str]:
    people: dict[str, Facts] = {}
    person = ""
    for text in said:
        folded = fold(text)
        people, person = about.listen(people, person, folded, entities.find(folded, NOBODY, TODAY), TODAY)
    return people, person


def tells_only(text: str) -> bool:
    return about.tells_only(fold(text), entities.find(fold(text), NOBODY, TODAY))


@pytest.mark.parametrize(("said", "facts"), [
    ("残疾人上电工班要交学费吗", Facts(grounds=("残疾",))), ("我家吃低保", Facts(grounds=("低保",))), ("我当过兵", Facts(grounds=("退役",))),
    ("登记失业的，电工班学费免不免", Facts(work="失业", grounds=("登记失业",))), ("下岗职工学会计要钱吗", Facts(work="失业")),
    ("没下岗，有工作", Facts(work="在职")), ("白天要上班，晚上有课没得", Facts(work="在职")), ("退休了，能报吗", Facts(work="退休")),
    ("我是农民", Facts(work="农民")), ("我是农民工", Facts(work="务工")), ("外地来打工的", Facts(work="务工", home="here")),
    ("我今年三十", Facts(age=30)), ("我68年生的", Facts(age=58)), ("我五十九，男的", Facts(age=59, sex="m")),
    ("我住隔壁区", Facts(home="outside")), ("不是本区的", Facts(home="outside")), ("家里困难", Facts(grounds=("低收入",))),
    ("I am disabled", Facts(grounds=("残疾",))), ("I am 70 years old and retired", Facts(age=70, work="退休")),
])  # fmt: skip
def test_facts_of_whoever_speaks(said: str, facts: Facts) -> None:
    assert heard(said) == ({"": facts}, "")


@pytest.mark.parametrize("said", [
    "瑜伽班女的多吗", "女的多不多", "是男的多还是女的多", "班女生比例高不高", "老师是女的吗", "瑜伽班男的还是女的教", "男的有多少",
])  # fmt: skip
def test_who_comes_and_who_teaches_is_asked_and_said_of_nobody(said: str) -> None:
    assert all(facts == Facts() for facts in heard(said)[0].values())
    assert not tells_only(said)


@pytest.mark.parametrize("said", ["我男的，能报吗", "女的能报吗", "插花班男的能报吗"])
def test_of_what_sex_somebody_is_is_taken(said: str) -> None:
    assert heard(said)[0][""].sex in {"m", "f"}


@pytest.mark.parametrize("said", [
    "我不是残疾人", "没残疾证，电工班多少钱", "家政班要失业的才能报吗", "老人手机班有吗", "退休金怎么查", "农民工学校在哪里的工作时间", "两个孩子一个8岁一个12岁",
    "45岁以上才能报吗", "国庆节开门吗",
])  # fmt: skip
def test_what_is_denied_or_only_asked_about_is_no_fact(said: str) -> None:
    people, _ = heard(said)
    assert all(facts in {Facts(), Facts(work="务工")} for facts in people.values())


def test_each_has_their_own_facts() -> None:
    mother, me = Facts(age=70, sex="f"), Facts(age=40)
    assert heard("我妈七十了，想学用手机") == ({"妈": mother}, "妈")
    assert heard("我妈七十了", "她能报石桥镇的吗") == ({"妈": mother}, "妈")
    assert heard("我妈七十了", "那我呢，我40") == ({"妈": mother, "": me}, "")
    assert heard("我妈七十了", "那我呢，我40", "我妈能报吗")[1] == "妈"
    assert heard("我四十，我妈七十了，她能学手机吗") == ({"": me, "妈": mother}, "妈")
    assert heard("我孙女上二年级，我给她报个画画班成不") == ({"孙女": Facts(age=8, sex="f")}, "孙女")
    assert heard("我在家带孙子，没工作") == ({"": Facts(work="失业")}, "")


def test_what_is_said_later_counts() -> None:
    assert heard("我下岗了", "我现在有工作了")[0][""].work == "在职"
    assert heard("我是低保户", "我不是低保")[0][""].grounds == ()
    assert len(heard("我妈七十", "我爸八十", "我哥五十", "我姐四十", "我弟三十")[0]) == about.MEMORY


def test_a_guardian_acts_for_a_child() -> None:
    assert is_child("孙女", Facts(age=8))
    assert is_child("孙子", Facts())
    assert not is_child("儿子", Facts(age=20))
    assert not is_child("", Facts())


@pytest.mark.parametrize(("said", "only"), [
    ("我是残疾人", True), ("我妈今年七十了", True), ("那我呢，我40", True), ("我下岗了，有残疾证", True), ("我是退伍军人", True), ("我腿有残疾", True),
    ("my mother is 72", True), ("我是残疾人，电工班多少钱", False), ("残疾人有什么优惠", False), ("我65岁，想报名", False), ("你好", False), ("2", False),
])  # fmt: skip
def test_to_tell_is_not_to_ask(said: str, only: bool) -> None:
    assert tells_only(said) is only


def test_facts_end_with_the_talk() -> None:
    state = Conversation(people={"妈": Facts(age=70, grounds=("残疾",))}, person="妈")
    assert load(dump(state)).facts == Facts(age=70, grounds=("残疾",))
    state.forget()
    assert state.facts == Facts()
    assert "残疾" not in dump(state).decode()

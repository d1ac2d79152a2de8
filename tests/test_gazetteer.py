"""Names found as they are written, as they sound, and as they are misspelt; and nowhere else."""

from collections import defaultdict
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pypinyin.constants import PINYIN_DICT

from knowledge.catalogue import Catalogue
from knowledge.files import read_sample
from nlu import entities
from nlu.gazetteer import _FUNCTION, Gazetteer, Name
from nlu.text import fold, known_words, readings, syllables

TODAY = date(2026, 11, 20)
COURSES = [
    Name("course", course.id, name)
    for course in Catalogue.of(read_sample(TODAY).records).courses.values()
    for name in (course.name, *course.aliases)
]
NAMES = Gazetteer(
    [
        *(Name("course", text, text) for text in ("书法", "剪纸", "太极拳", "厨艺", "烘焙", "瑜伽", "戏曲", "二胡", "葫芦丝", "模特", "会计", "国画", "电工")),
        *(Name("course", text, text) for text in ("民族舞", "八段锦", "电商直播", "老年智能手机应用", "糖尿病", "护理员", "手机摄影", "高血压")),
        *(Name("org", text, text) for text in ("青禾街道", "临江街道社区学校", "北门街道", "学习中心", "学院", "你们那里")),
        *(Name("matter", text, text) for text in ("医保", "假货", "户籍", "公积金")), Name("item", "洗衣券", "洗衣券"), Name("theme", "艺术", "艺术"),
    ]
)  # fmt: skip


@pytest.mark.parametrize(("said", "named"), [
    ("书法班还有吗", "书法"), ("書法", "书法"), ("书发班还有吗", "书法"), ("我想学书发", "书法"), ("清禾接道有课吗", "青禾街道"),
    ("林江街道社区学校", "临江街道社区学校"),
    ("太极泉班", "太极拳"), ("太级拳", "太极拳"), ("太及拳", "太极拳"), ("老年智能手鸡应用", "老年智能手机应用"), ("烘培班", "烘焙"), ("有瑜珈吗", "瑜伽"),
    ("二乎班", "二胡"), ("学葫芦私", "葫芦丝"), ("膜特班", "模特"), ("会记班", "会计"), ("国话班", "国画"), ("太拳极", "太极拳"), ("电商播直", "电商直播"),
    ("有没有民族午", "民族舞"), ("八断锦", "八段锦"), ("学电商直搏", "电商直播"), ("学电商真播", "电商直播"), ("公积今", "公积金"),
])  # fmt: skip
def test_names_misspelt_and_misheard(said: str, named: str) -> None:
    assert [mention.id for mention in NAMES.find(fold(said))] == [named]


@pytest.mark.parametrize("said", [
    "简直太好了", "我要报名", "今天天气", "大年初一开门吗", "初二开不开", "换东西去哪里", "参加活动", "是真的吗", "几点上课", "可以报吗",
    "你们怎么还打电话", "中不中",
    "学习之星怎么评", "社区学校在哪", "你们那个班", "南门街道", "手机尾号",
    "他住护理院的", "量血压", "洗衣液", "外国话", "会记得吗", "学员证", "手机上瘾", "户记分吗", "有意思", "手一滑",
])  # fmt: skip
def test_no_name_where_there_is_none(said: str) -> None:
    assert NAMES.find(fold(said)) == []


ALL = Gazetteer(COURSES)
HOMOPHONES: dict[str, list[str]] = defaultdict(list)
for _code in PINYIN_DICT:
    if 0x4E00 <= _code <= 0x9FA5 and (_char := chr(_code)).encode("gb2312", "ignore"):
        HOMOPHONES[syllables(_char)[0]].append(_char)


@given(
    st.sampled_from(
        [name for name in COURSES if len(name.text) > 2 and name.text.isalpha() and not name.text.isascii()]
    ),
    st.data(),
)
def test_one_homophone_hides_no_course(name: Name, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name.text) - 1))
    other = data.draw(st.sampled_from(HOMOPHONES.get(readings(fold(name.text)[at])[0], [name.text[at]])))
    text = fold(f"我要报{name.text[:at]}{other}{name.text[at + 1 :]}")
    assume(other not in _FUNCTION)
    starts = [sum(map(len, known_words(text)[:n])) for n in range(len(known_words(text)))]
    assume(any(start == at + 3 and len(word) == 1 for start, word in zip(starts, known_words(text), strict=True)))
    found = ALL.find(text)
    assert any(mention.id == name.id or mention.exact for mention in found), text


COMMON = [
    "今天", "明天", "现在", "时候", "事情", "问题", "东西", "地方", "朋友", "老师", "学生", "先生", "孩子", "电话", "知道", "觉得", "喜欢", "希望",
    "可以", "应该", "需要", "开始", "结束", "参加", "活动", "报名", "上课", "下课", "学习", "工作", "生活", "家里", "学校", "医院", "商店", "吃饭",
    "睡觉", "走路", "坐车", "开车", "下雨", "天气", "身体", "健康", "高兴", "难过", "着急", "麻烦", "谢谢", "清楚", "简单", "容易", "方便", "便宜",
    "初一", "简直", "一直", "一起", "以后", "以前", "上面", "里面", "外面", "旁边",
]  # fmt: skip


@given(st.lists(st.sampled_from(COMMON), min_size=1, max_size=6))
def test_common_words_are_no_names(words: list[str]) -> None:
    assert [mention for mention in NAMES.find("".join(words)) if not mention.exact] == []
    assert [mention for mention in ALL.find("".join(words)) if not mention.exact] == []


@given(st.text(alphabet="书发班太及拳极青禾街道学院手机应用老年智能烘培一二初", max_size=40))
def test_mentions_do_not_overlap(text: str) -> None:
    found = NAMES.find(text)
    for before, after in pairwise(found):
        assert before.end <= after.start


@pytest.mark.parametrize(("said", "named"), [
    ("Is there a calligraphy class?", ["calligraphy"]), ("tai-chi or TAI CHI", ["taichi", "taichi"]), ("学yoga行吗", ["yoga"]),
    ("tropical opera", ["opera"]), ("cooperation", []), ("choirs", []),
])  # fmt: skip
def test_names_in_latin_letters_are_whole_words(said: str, named: list[str]) -> None:
    assert [mention.id for mention in ALL.find(fold(said))] == named


def test_what_is_a_day_is_no_name() -> None:
    gazetteer = Gazetteer([Name("course", "pastry", "厨一")])
    found = entities.find(fold("报大年初一班"), gazetteer, TODAY)
    assert [entity.kind for entity in found] == ["when"]


def test_a_place_that_is_written_as_it_should_be_is_no_other_that_sounds_the_same() -> None:
    places = Catalogue.of(read_sample(TODAY).records).organisations.values()
    names = [Name("org", place.id, name) for place in places for name in (place.name, *place.aliases)]
    for order in (names, names[::-1]):
        found = Gazetteer(order)
        assert all([each.id for each in found.find(f"{name.text}有电脑吗")][:1] == [name.id] for name in names)


def test_a_longer_name_that_begins_within_another_is_meant() -> None:
    found = Gazetteer([Name("course", "basic", "学电脑"), Name("course", "middle", "电脑中级")])
    assert [each.id for each in found.find("能学电脑中级吗")] == ["middle"]
    assert [each.id for each in found.find("能学电脑吗")] == ["basic"]

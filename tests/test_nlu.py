"""Text, times, names, numbers: what understanding is made of."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.learners import check_digit
from nlu import entities, times
from nlu.classifier import Classifier
from nlu.dialect import standard
from nlu.features import read
from nlu.gazetteer import Gazetteer, Name
from nlu.judgement import OUTSIDE, Verdict
from nlu.numerals import has_check_digit
from nlu.text import clean, digits, fold, syllables, without_fillers
from nlu.training import TrainingError, train

TODAY = date(2026, 11, 20)  # a Friday
anything = st.text(max_size=200)
NAMES = Gazetteer(
    [
        Name("course", "calligraphy", "书法"), Name("course", "paper-cut", "剪纸"), Name("course", "taichi", "太极拳"),
        Name("org", "qinghe", "青禾街道"), Name("org", "linjiang", "临江街道社区学校"), Name("course", "smartphone", "老年智能手机应用"),
    ]
)  # fmt: skip


@given(anything)
def test_folding_keeps_every_position(text: str) -> None:
    assert len(fold(text)) == len(text) == len(digits(fold(text))) == len(syllables(fold(text)))


@given(anything)
def test_folding_and_cleaning_twice_is_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert clean(clean(text)) == clean(text)


@given(anything)
def test_nothing_invisible_is_left(text: str) -> None:
    assert not set(clean(text)) & set("\u200b\u200e\u202e\u2066\ufeff\x00\x1b\n\t")


@pytest.mark.parametrize(
    ("said", "folded"),
    [("ＡＢＣ１２３", "abc123"), ("學分怎麼算", "学分怎么算"), ("①，②", "1,2"), ("積分兌換", "积分兑换")],
)
def test_folding(said: str, folded: str) -> None:
    assert fold(said) == folded


@pytest.mark.parametrize(
    ("said", "left"),
    [("嗯，请问一下学分怎么算", "学分怎么算"), ("您好，几点开门", "几点开门"), ("你好", "你好"), ("那个", "那个")],
)
def test_fillers(said: str, left: str) -> None:
    assert without_fillers(fold(said)) == left


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("咋报名", "怎么报名"),
        ("有冇瑜伽班", "有没有瑜伽班"),
        ("今天开门不", "今天开门吗"),
        ("雪分有好多", "学分有多少"),
    ],
)
def test_dialect(said: str, meant: str) -> None:
    assert standard(said) == meant


@pytest.mark.parametrize(("said", "first", "last", "part"), [
    ("下周三晚上", "2026-11-25", "2026-11-25", ("17:30", "22:00")), ("这周末", "2026-11-21", "2026-11-22", None),
    ("明天下午三点半", "2026-11-21", "2026-11-21", ("15:30", "16:30")), ("12月5号", "2026-12-05", "2026-12-05", None),
    ("十二月五日", "2026-12-05", "2026-12-05", None), ("元旦", "2027-01-01", "2027-01-01", None), ("春节", "2027-02-06", "2027-02-06", None),
    ("下个月", "2026-12-01", "2026-12-31", None), ("后天上午", "2026-11-22", "2026-11-22", ("06:00", "12:00")), ("下周", "2026-11-23", "2026-11-29", None),
    ("tomorrow evening", "2026-11-21", "2026-11-21", ("17:30", "22:00")), ("25号", "2026-11-25", "2026-11-25", None), ("3号", "2026-12-03", "2026-12-03", None),
])  # fmt: skip
def test_times(said: str, first: str, last: str, part: tuple[str, str] | None) -> None:
    found = times.find(fold(f"我{said}有空"), TODAY)
    assert found is not None
    assert (str(found.when.first), str(found.when.last), found.when.part) == (first, last, part)
    assert times.When.of(str(found.when)) == found.when


@pytest.mark.parametrize("said", ["二月三十号去", "坐5号线怎么走", "学分怎么算", "第一个", "99月"])
def test_no_time_where_there_is_none(said: str) -> None:
    assert times.find(fold(said), TODAY) is None


@given(anything)
def test_no_text_breaks_the_finding(text: str) -> None:
    for entity in entities.find(fold(text), NAMES, TODAY):
        assert 0 <= entity.start < entity.end <= len(text)


def test_either_evening_or_weekend() -> None:
    found = times.find(fold("晚上或者周末有课吗"), TODAY)
    assert found is not None
    assert found.when.fits(date(2026, 11, 23), "19:00")  # a Monday evening
    assert found.when.fits(date(2026, 11, 28), "09:00")  # a Saturday morning
    assert not found.when.fits(date(2026, 11, 23), "09:00")


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_check_digits(body: str) -> None:
    card = body + check_digit(body)
    assert has_check_digit(card)
    wrong = str((int(card[4]) + 1) % 10)
    assert not has_check_digit(card[:4] + wrong + card[5:])


@pytest.mark.parametrize(("said", "kind", "value"), [
    ("我的号是幺三八零零幺三八零零零", "phone", "13800138000"), ("138-0013-8000", "phone", "13800138000"), ("卡号 6208 0104 7296", "card", "620801047296"),
    ("卡号620801047297", "wrong_card", "620801047297"), ("卡620801047296 电话13800138000", "card", "620801047296"),
    ("0519-86901234", "phone", "051986901234"), ("620801047296 13800138000", "phone", "13800138000"), ("才三百块", "money", "300"), ("我读五年级", "grade", "5"),
    ("200积分能换什么", "points", "200"), ("我今年12岁", "age", "12"), ("我十岁", "age", "10"),
    ("有免费的吗", "fee", "free"), ("我下岗了", "audience", "失业人员"),
])  # fmt: skip
def test_numbers_and_people(said: str, kind: str, value: str) -> None:
    assert (kind, value) in [(entity.kind, entity.value) for entity in entities.find(fold(said), NAMES, TODAY)]


EXAMPLES = [
    *(("hours", text) for text in ("几点开门", "几点关门", "今天开门吗", "周末开门吗", "开放时间", "什么时候关门")),
    *(("credit", text) for text in ("查学分", "我的学分", "学分多少", "积分还剩多少", "查积分", "学分怎么算")),
    *(("enrol", text) for text in ("我要报名", "怎么报名", "报名参加", "帮我报名", "报个班", "想报班")),
]


def verdict_of(model: Classifier, text: str) -> Verdict:
    [verdict] = model.classify([read(text)])
    return verdict


def test_learning_and_keeping_a_model(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = train([*EXAMPLES, (OUTSIDE, "股票涨了吗"), (OUTSIDE, "天气怎么样")])
    assert verdict_of(model, "明天几点开门").ranked[0].label == "hours"
    assert verdict_of(model, "股票").confidence < verdict_of(model, "几点开门").confidence
    path = tmp_path_factory.mktemp("model") / "model.npz"
    model.save(path)
    assert verdict_of(Classifier.load(path), "查一下学分") == verdict_of(model, "查一下学分")
    again = train([*EXAMPLES, (OUTSIDE, "股票涨了吗"), (OUTSIDE, "天气怎么样")])
    assert verdict_of(again, "报名") == verdict_of(model, "报名")


@given(anything)
def test_any_text_has_a_verdict(text: str) -> None:
    verdict = verdict_of(MODEL, text)
    assert 0 <= verdict.inside <= 1
    assert 0 <= verdict.confidence <= 1
    assert all(0 <= ranked.probability <= 1 for ranked in verdict.ranked)


MODEL = train(EXAMPLES)


def test_one_intent_is_not_learnable() -> None:
    with pytest.raises(TrainingError):
        train([("only", "一"), ("only", "二")])

"""An English talk is English throughout, and the language of a talk is the resident's: what switches it, and what not."""

import itertools
import re
from dataclasses import dataclass
from datetime import date

import msgspec
import pytest
from msgspec.structs import replace

from bot.aspects import sentence_on
from bot.inbox import Receipt
from bot.messages import Inbound, Reply
from bot.texts import Texts
from daoxue.app import App
from daoxue.check import problems
from daoxue.config import Config
from handlers import HANDLERS
from integrations import sms
from integrations.channels import CHANNELS
from knowledge.catalogue import BankRules, CreditRule
from knowledge.english import lacking
from knowledge.entries import Entry
from knowledge.files import read_sample
from knowledge.topics import Topic
from knowledge.words import Words
from nlu.questions import read as read_data
from nlu.times import When
from store.knowledge import EntryRow, put_all
from tests.talk import ten_o_clock

TODAY = date(2026, 11, 25)
_BRACKETED = re.compile(r"\([^()]*\)")
_CHINESE = re.compile(r"[一-鿿，。；：！？、（）《》“”]*[一-鿿][一-鿿，。；：！？、（）《》“”]*")
_NUMBER = itertools.count(1)


def chinese_in(text: str) -> list[str]:
    """What of a text stands in Chinese outside brackets."""
    return _CHINESE.findall(_BRACKETED.sub("", text))


def all_of(reply: Reply) -> list[str]:
    cards = [line for card in reply.cards for line in (card.title, *card.lines)]
    said = [reply.text, reply.spoken, reply.short, reply.source, *cards, *(option.label for option in reply.options)]
    return [text for text in said if text]


@dataclass
class Visitor:
    app: App
    channel: str = "webchat"
    lang: str | None = None
    address: str = ""

    def __post_init__(self) -> None:
        self.address = self.address or f"visitor-{next(_NUMBER)}"

    async def send(self, text: str, intent: str | None = None, slots: dict[str, str] | None = None) -> Receipt:
        said = Inbound(
            channel=self.channel, address=self.address, id=f"l{next(_NUMBER)}", text=text, at=int(ten_o_clock() * 1000),
            lang=self.lang, intent=intent, slots=slots or {},
        )  # fmt: skip
        return await self.app.inbox.receive(said)

    async def replies(self, text: str, intent: str | None = None, slots: dict[str, str] | None = None) -> list[Reply]:
        return [each.message.reply for each in (await self.send(text, intent, slots)).answers]

    async def say(self, text: str) -> str:
        return "\n".join(part for reply in await self.replies(text) for part in all_of(reply))

    async def prove(self) -> None:
        await self.send("", "balance")
        await self.send("620801839197")
        [code, *_] = await self.app.identity.codes(int(ten_o_clock() * 1000))
        await self.send(code.code)


# What handlers are given beside nothing: so that each goes as far as it can.
_GIVEN: tuple[dict[str, str], ...] = (
    {"course": "taichi", "org": "linjiang", "phone": "13800138000", "detail": "the door was locked", "service": "teaching"},
    {"class": "taichi-1"}, {"class": "taichi-2"}, {"class": "electrician-1"}, {"course": "erhu"}, {"course": "computer-middle"},
    {"theme": "职业技能"}, {"course": "calligraphy"}, {"course": "nutrition"}, {"fee": "free", "theme": "乡村振兴"}, {"audience": "老年人"},
    {"org": "hongyan-7"}, {"org": "jinshui-6"}, {"when": str(When(date(2027, 1, 1), date(2027, 1, 1)))},
    {"when": str(When(date(2027, 2, 5), date(2027, 2, 9)))}, {"when": str(When(date(2027, 2, 1), date(2027, 2, 28))), "org": "linjiang"},
    {"points": "200"}, {"points": "10"},
    {"item": "towel"}, {"item": "rice"}, {"matter": "bank"}, {"matter": "tax"}, {"kind": "voice"}, {"result": "ok", "name": "李**"},
    {"result": "full"}, {"ticket": "1126-00001", "stars": "1"},
)  # fmt: skip
_ASPECTS = (
    "price",
    "place",
    "way",
    "phone",
    "time",
    "duration",
    "until",
    "bring",
    "teacher",
    "level",
    "online",
    "exam",
    "places",
    "eligible",
    "about",
    "entry",
)
_THINGS = (
    "class:taichi-1",
    "class:electrician-1",
    "course:erhu",
    "course:nutrition",
    "activity:week-open-day",
    "item:towel",
)
_OF_STAGES = ("perhaps", "ask", "again", "calm", "well")


def _slots(intent: str) -> list[dict[str, str]]:
    """What to call a handler with."""
    if intent in {"emergency", "despair"}:
        return [{}, *({"stage": stage} for stage in _OF_STAGES)]
    if intent == "not_answered":
        return [{"question": question.id} for question in list(read_data().questions.values())[:20]]
    if intent == "fact":
        return [{"aspect": aspect, "of": of} for aspect in _ASPECTS for of in _THINGS]
    if intent == "on_record":
        return [{}, *({"of": of} for of in _THINGS)]
    if intent == "compare":
        return [{"by": by, "of": "class:taichi-1 class:taichi-3"} for by in ("price", "time", "places", "all")]
    if intent == "course_help":
        return [{}, {"course": "taichi", "question": "which foot first"}]
    known = {"result", "name", "ticket", "stars", "kind"} | {slot.name for slot in HANDLERS[intent].slots}
    fitting = [{name: value for name, value in each.items() if name in known} for each in _GIVEN]
    return [{}, *(each for each in fitting if each)]


@pytest.mark.parametrize("intent", [name for name in HANDLERS if name != "entry"])
async def test_every_handler_talks_english(intent: str, app: App) -> None:
    for slots in _slots(intent):
        for reply in await Visitor(app, lang="en").replies("please", intent, slots):
            assert not [part for text in all_of(reply) for part in chinese_in(text)], (slots, reply)
            assert reply.lang == "en"
            assert reply.text != app.texts.line("en", "failed"), slots


@pytest.mark.parametrize(("chinese", "english"), [
    ("我30岁", "I am 30 years old"), ("我妈56岁", "My mother is 56 years old"), ("我住隔壁区", "I live in another district"),
    ("我是残疾人", "I am disabled"), ("我下岗了", "I am unemployed"),
])  # fmt: skip
async def test_who_asks_counts_in_english_as_in_chinese(chinese: str, english: str, app: App) -> None:
    """Conditions and rules are read in Chinese, whatever the language of the talk."""
    asked: list[tuple[str, dict[str, str]]] = [
        *(("enrol", {"class": id}) for id in ("calligraphy-1", "smartphone-3", "electrician-1")), ("class_fee", {"class": "electrician-1"}),
        ("find_class", {"course": "taichi"}),
    ]  # fmt: skip
    for intent, slots in asked:
        shapes = []
        for lang, words in (("zh", chinese), ("en", english)):
            visitor = Visitor(app, lang=lang)
            await visitor.send(words)
            told = await visitor.replies("", intent, slots)
            shapes.append([len(reply.options) for reply in told])
        assert shapes[0] == shapes[1], (intent, slots)
        assert not [part for reply in told for text in all_of(reply) for part in chinese_in(text)]


async def test_a_place_says_its_own_hours_and_facilities_in_english(app: App) -> None:
    visitor = Visitor(app, lang="en")
    closed = await visitor.replies("", "site_hours", {"when": str(When(date(2027, 10, 1), date(2027, 10, 2)))})
    assert "Friday 1 October closed" in closed[0].text
    assert "Saturday 2 October 09:00—17:00" in closed[0].text
    await visitor.replies("", "site_hours", {"org": "linjiang"})
    place = await visitor.replies("", "entry", {"entry": "parking"})
    assert "Riverside Street" in place[0].text


async def test_what_a_class_needs_is_read_out_of_the_rule_in_either_language(app: App) -> None:
    erhu = next(each.id for each in app.library.catalogue.classes.values() if each.course == "erhu")
    for lang, own in (("zh", "乒乓球、二胡自备器材"), ("en", "for table tennis and erhu bring your own")):
        told = await Visitor(app, lang=lang).replies("", "fact", {"aspect": "bring", "of": f"class:{erhu}"})
        assert own in told[0].text


def test_a_sentence_of_an_answer_is_found_in_either_language() -> None:
    assert (
        sentence_on("price", "填补卡单，当场领新卡。第一次补卡免费，以后每次5元。") == "第一次补卡免费，以后每次5元。"
    )
    steps = "两步：1）带学习卡到窗口（一楼大厅，工作日上午，中午不开），交照片两张，填一张表，等叫到您的号码；2）"
    steps += "当场领取新卡，旧卡作废，原来的学分都还在，不用再去办一次登记。"
    assert sentence_on("bring", steps) == "带学习卡到窗口（一楼大厅，工作日上午，中午不开）。"
    english = "Fill in the form; you get the new card at once. The first is free, each later one costs 5 yuan."
    assert sentence_on("price", english) == "The first is free, each later one costs 5 yuan."


async def test_what_is_personal_is_told_in_english(app: App) -> None:
    """By somebody who has proven who they are; the bank's own words stand in brackets."""
    visitor = Visitor(app, lang="en")
    await visitor.prove()
    classes = [{"class": "taichi-1"}, {"class": "taichi-1", "sure": "yes"}, {"class": "taichi-2", "sure": "yes"}]
    steps: list[tuple[str, dict[str, str]]] = [
        ("balance", {}), ("ledger", {}), ("my_record", {}), ("points_lapsing", {}), ("missing_credit", {}), ("order_status", {}),
        ("enrolment_status", {}), *(("enrol_me", each) for each in classes), ("enrolment_status", {}), ("enrol_me", classes[0]),
        ("accept_place", {}), ("withdraw_me", {}), ("withdraw_me", {"class": "taichi-1"}),
        ("withdraw_me", {"class": "taichi-1", "sure": "yes"}), ("notices_on", {}), ("notices_off", {}), ("record_dispute", {}),
    ]  # fmt: skip
    for intent, slots in steps:
        for reply in await visitor.replies("", intent, slots):
            assert not [part for text in all_of(reply) for part in chinese_in(text)], (intent, slots, reply)


async def test_every_entry_of_the_sample_is_said_in_english(app: App) -> None:
    visitor = Visitor(app, lang="en")
    for id, entry in app.library.entries.items():
        for step in range(len(entry.steps) or 1):
            for reply in await visitor.replies("", "entry", {"entry": id, "step": str(step)}):
                assert not [part for text in all_of(reply) for part in chinese_in(text)], (id, reply)


def test_every_number_of_an_answer_stands_in_the_english_one() -> None:
    content = read_sample(TODAY)
    for entry in content.entries:
        assert entry.en is not None, entry.id
        assert entry.source_en is not None, entry.id
        assert entry.problems() == [], entry.id
    for record in content.records:
        if isinstance(record, CreditRule | BankRules | Topic):
            continue
        assert record.en is not None, record.id
        for name in record.en.__struct_fields__:
            zh, en = getattr(record, name), getattr(record.en, name)
            assert en is not None or not re.search("[一-鿿]", zh or ""), (record.id, name)
            assert en is None or not lacking(zh or "", en), (record.id, name)
    stale = next(each for each in content.entries if each.id == "fee-general")
    assert replace(stale, answer=stale.answer.replace("600", "650")).problems() == [
        Words("英文回答：中文里有 650，英文里没有", "Answer in English: the Chinese says 650, the English does not")
    ]


def test_every_text_is_there_in_both_languages(config: Config) -> None:
    texts = Texts().languages
    assert texts["zh"].keys() == texts["en"].keys()
    assert not [line for line in problems(config) if line.startswith("texts/")]
    for key, text in texts["en"].items():
        for form in (text.text, text.spoken or "", text.short or ""):
            assert not chinese_in(form), key


async def test_what_a_centre_has_in_chinese_only_is_said_to_be_so_once(app: App) -> None:
    old = app.library.entries["parking"]
    for id in ("parking", "wifi"):
        await _publish(app, replace(app.library.entries[id], en=None))
    visitor = Visitor(app, lang="en")
    first = await visitor.replies("", "entry", {"entry": "parking"})
    assert "in Chinese only" in first[0].text
    assert first[1].text == old.answer
    second = await visitor.replies("", "entry", {"entry": "wifi"})
    assert "in Chinese only" not in second[0].text
    assert chinese_in(second[0].text)
    assert "in Chinese only" not in await visitor.say("What is the address of the college?")


async def _publish(app: App, entry: Entry) -> None:
    row = EntryRow(entry.id, 0, "published", msgspec.json.encode(entry))
    await app.database.write(lambda t: put_all(t, [row], "editor", 1))
    await app.library.refresh()


# -- switching

ENGLISH = "What is the address of the college?"


@pytest.mark.parametrize("channel", ["sms", "wechat", "voice", "webchat"])
async def test_a_whole_sentence_switches_the_talk_on_every_channel(channel: str, app: App) -> None:
    visitor = Visitor(app, channel)
    assert "书院路18号" in await visitor.say("学院地址在哪里")
    assert not chinese_in(await visitor.say(ENGLISH))
    assert "18 Academy Road (云溪区书院路18号)" in await visitor.say("where is it?")
    assert "云溪区社区教育学院在云溪区书院路18号" in await visitor.say("学院地址在哪里")


@pytest.mark.parametrize(
    "word",
    [
        "English please",
        "english",
        "Do you speak English?",
        "请说英语",
        "英文",
        "可以用英文吗",
        "Hello, can you speak English?",
    ],
)
async def test_a_request_says_the_last_answer_again_in_english(word: str, app: App) -> None:
    visitor = Visitor(app, "sms")
    await visitor.say("学院地址在哪里")
    told = await visitor.say(word)
    assert "in English from now on" in told
    assert "18 Academy Road" in told
    assert "现在说中文" in await visitor.say("中文")
    assert "书院路18号" in await visitor.say("地址")


async def test_a_request_does_nothing_a_second_time(app: App) -> None:
    """An open question is asked again in the other language; what was done stays done."""
    visitor = Visitor(app, "sms")
    await visitor.say("帮我登记候补太极班")
    told = await visitor.say("English please")
    assert "In which street or school?" in told
    receipt = await visitor.send("临江街道")
    assert receipt.ticket is None


@pytest.mark.parametrize("asked", ["enrol me", "nearest study point", "lost card", "yoga class", "opening hours?"])
async def test_a_few_words_of_english_about_what_we_do_are_english(asked: str, app: App) -> None:
    assert not chinese_in(await Visitor(app, "sms").say(asked))


async def test_what_an_item_is_finds_it_in_english(app: App) -> None:
    assert "200" in await Visitor(app, "sms").say("how many points for rice")


@pytest.mark.parametrize(
    "word", ["AED", "WiFi", "app", "ok", "OK thank you", "Excel Word PPT", "hello", "bye bye", "ni hao", "KTV"]
)
async def test_a_word_of_english_switches_no_chinese_talk(word: str, app: App) -> None:
    visitor = Visitor(app, "sms")
    await visitor.say("学院地址在哪里")
    told = await visitor.say(word)
    assert chinese_in(told)
    assert "开门" in await visitor.say("学院几点开门")


@pytest.mark.parametrize(
    "word",
    [
        "书法",
        "太极拳班",
        "临江街道社区学校",
        "你好",
        "谢谢",
        "Is there a 书法 class?",
        "What time is 太极拳?",
        "ok",
        "1",
    ],
)
async def test_a_name_in_chinese_switches_no_english_talk(word: str, app: App) -> None:
    visitor = Visitor(app, "sms")
    await visitor.say(ENGLISH)
    told = await visitor.say(word)
    assert not chinese_in(told), told


async def test_the_page_switches_when_it_is_moved_and_only_then(app: App) -> None:
    visitor = Visitor(app, lang="zh")
    assert chinese_in(await visitor.say("学院地址在哪里"))
    assert not chinese_in(await visitor.say(ENGLISH)), "a sentence wins over a page that was never moved"
    assert not chinese_in(await visitor.say("1")), "and the page says the same with every message"
    visitor.lang = "en"
    assert not chinese_in(await visitor.say("书法"))
    visitor.lang = "zh"
    assert chinese_in(await visitor.say("书法"))


# -- channels


@pytest.mark.parametrize("channel", sorted(CHANNELS))
async def test_what_a_channel_adds_is_english(channel: str, app: App) -> None:
    visitor = Visitor(app, channel, "en")
    for text in (
        "Is there a calligraphy class?",
        "What can points be redeemed for?",
        "How do I register on the platform?",
    ):
        for line in CHANNELS[channel].render(await visitor.replies(text)):
            assert not chinese_in(line), line


async def test_english_fills_two_segments_of_the_telephones_alphabet(app: App) -> None:
    [text] = sms.render(await Visitor(app, "sms", "en").replies("Is there a calligraphy class?"))
    assert sms.segments(text) <= 2
    assert len(text) > sms.LONGEST
    assert "Calligraphy" in text


async def test_numbers_to_ring_are_read_digit_by_digit(app: App) -> None:
    said = " ".join(CHANNELS["voice"].render(await Visitor(app, "voice", "en").replies("", "site_address")))
    assert "0 5 5 1 6 2 0 0 1 2 3 4" in said
    assert not re.search("[一-鿿]", said)


# -- traditional script


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("學院地址在哪裡", "学院地址在哪里"), ("幾點開門", "几点开门"), ("書法班多少錢", "书法班多少钱"), ("太極拳班什麼時候開課", "太极拳班什么时候开课"),
        ("怎麼報名", "怎么报名"), ("學分怎麼算", "学分怎么算"), ("有沒有電腦班", "有没有电脑班"), ("積分會過期嗎", "积分会过期吗"),
        ("停車場收費嗎", "停车场收费吗"), ("積分能換什麼", "积分能换什么"), ("學習卡丟了怎麼辦", "学习卡丢了怎么办"), ("請問幾點關門", "请问几点关门"),
        ("臨江街道社區學校電話", "临江街道社区学校电话"), ("我有多少學分", "我有多少学分"), ("下個月有什麼講座", "下个月有什么讲座"),
    ],
)  # fmt: skip
async def test_traditional_script_is_answered_in_simplified_with_the_same_facts(
    traditional: str, simplified: str, app: App
) -> None:
    said = await Visitor(app, "sms").say(traditional)
    asked = await Visitor(app, "sms").say(simplified)
    assert said == asked

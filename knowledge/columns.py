"""The columns of a table of knowledge, as people write them, and how what stands in them is read."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from knowledge.entries import SHORT
from knowledge.words import Words

# By the head of the column, as offices write it and as the desk's form has it. `wording`, `english` and `examples` are the
# product's: they come back as they went out. `alike` are more ways to ask.
NAMES = {
    "编号": "id", "主题": "topic", "类型": "kind", "问题": "questions", "问法": "questions", "回答": "answer", "答案": "answer",
    "语音": "spoken", "口语": "spoken", "短信": "sms", "步骤": "steps", "对象": "audience", "地区": "district", "来源": "source",
    "依据": "source", "负责人": "owner", "英文回答": "en_answer", "英文步骤": "en_steps", "英文问题": "en_question", "英文来源": "source_en", "转人工": "person",
    "生效日期": "valid_from", "失效日期": "valid_until", "有效期至": "valid_until",
    "question": "questions", "标准问题": "wording", "English": "english", "例句": "examples",
    "相似问法": "alike", "相似问题": "alike", "相似问": "alike", "扩展问": "alike", "扩展问法": "alike", "其他问法": "alike",
    "标准问": "questions", "提问": "questions", "标准答案": "answer", "答复": "answer", "来源的英文名": "source_en",
    "生效": "valid_from", "有效期起": "valid_from", "开始日期": "valid_from", "起始日期": "valid_from", "有效至": "valid_until",
    "失效": "valid_until", "有效期": "valid_until", "截止日期": "valid_until", "到期日期": "valid_until", "结束日期": "valid_until",
    "questions": "questions", "ways to ask": "questions", "answer": "answer", "answer on the screen": "answer", "id": "id",
    "topic": "topic", "kind": "kind", "spoken": "spoken", "sms": "sms", "steps": "steps", "audience": "audience",
    "district": "district", "source": "source", "owner": "owner", "from": "valid_from", "valid from": "valid_from",
    "until": "valid_until", "valid until": "valid_until", "answer in english": "en_answer", "steps in english": "en_steps", "question in english": "en_question",
    "source in english": "source_en", "to a person": "person", "standard question": "wording", "examples": "examples", "other ways to ask": "alike",
}  # fmt: skip
HEADS = {field: head for head, field in reversed(NAMES.items())}
ENGLISH_HEADS = {field: head for head, field in reversed(NAMES.items()) if head.isascii()}
_BY_HEAD = {head.casefold(): field for head, field in NAMES.items()}
HELP = "说明 Help"  # the sheet of the template that explains it
KINDS = {
    "问答": "faq",
    "操作指导": "guide",
    "公告": "announcement",
    "guide": "guide",
    "announcement": "announcement",
    "faq": "faq",
}
YES_WORDS, NO_WORDS = (
    frozenset({"是", "有", "y", "yes", "true", "1", "√", "✓"}),
    frozenset({"否", "无", "n", "no", "false", "0", "×"}),
)
LONG_TERM = date(2099, 12, 31)  # until when is what has no end
_NUMBERING = frozenset({"", "序号", "行号", "no", "no.", "#", "备注", "remarks"})  # columns that say nothing to us
_ENDLESS = frozenset({"长期", "长期有效", "永久", "永久有效", "无期限", "不限", "long-term", "permanent"})
_AT_ONCE = frozenset({"即日起", "即日", "今天", "立即", "today"})
LONGEST = 100  # characters of a head
_ASIDE = re.compile(r"[(,:].*$|\d+$")  # what a head adds: 回答（屏幕）, 步骤，一行一步, 相似问法2
GIVEN = frozenset({"wording", "english", "examples"})
ENGLISH = {
    "en_answer": "answer",
    "en_steps": "steps",
    "en_question": "question",
}  # columns that together are the field `en`
_BREAKS = re.compile(r"[|｜\r\n]")
_PARTS = re.compile(r"[|｜\n]")
_DAY = re.compile(r"(\d{4})\s*[-/.．年]\s*(\d{1,2})\s*[-/.．月]\s*(\d{1,2})\s*[日号]?(?:[ T]\d{1,2}:.*)?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"([3-9]\d{4})(?:\.0*)?")
_FIRST_DAY = date(1899, 12, 30)  # that spreadsheets count days from


class Column(Struct, frozen=True):
    """A column of the template: its head, how wide it is in characters, what it is for, and whether it is filled in."""

    head: str
    width: int
    zh: str
    en: str
    given: bool = False


TEMPLATE: Sequence[Column] = (
    Column("编号", 22, "标准问题的编号，请不要改；导入时靠它认", "The question's id. Do not change it: imports go by it.", True),
    Column("主题", 11, "从列表里选；空着就用原来的", "Choose from the list; empty: as it was."),
    Column("标准问题", 34, "居民会问什么。说法由系统给定，改了也不会采用", "What residents ask. The wording is the product's: changes are not taken.", True),
    Column("English", 34, "标准问题的英文，给您参考", "The same in English, for reference.", True),
    Column("例句", 36, "居民实际会怎么说，给您参考", "How residents really say it, for reference.", True),
    Column("回答", 60, "显示在屏幕上的回答，最多 2000 字。空着就是“还没有回答”，导入时跳过", "The answer on the screen. Empty: not answered yet, skipped."),
    Column("语音", 40, "电话里念的话；空着同“回答”", "What is said on the phone; empty: the answer."),
    Column("短信", 40, f"短信的话，最多 {SHORT} 字；空着取“回答”开头的整句", f"The text message, {SHORT} characters at most; empty: the answer's first sentences."),
    Column("步骤", 44, "一步步教的，一行一步（单元格里换行：Alt+Enter）；“回答”是开头的话", "For guides: one step a line (Alt+Enter); the answer introduces them."),
    Column("英文回答", 60, "英文回答；空着就用中文。数字要和中文一致", "The answer in English, with the same figures; empty: the Chinese one."),
    Column("英文步骤", 44, "步骤的英文，一行一步，和中文步骤一样多", "The steps in English, one a line, as many as in Chinese."),
    Column("英文来源", 24, "来源的英文名；空着写中文", "The source's name in English; empty: the Chinese one."),
    Column("转人工", 9, "说了回答还要请人接着办的，写“是”；空着照旧，新的是“否”", "是 (yes): a person goes on with it; empty: as it was."),
    Column("来源", 24, "依据什么文件或哪个部门；空着写“导入”", "The document or office behind it; empty: 导入."),
    Column("生效日期", 13, "从哪天起；空着从今天起。如 2026-12-31", "From which day; empty: today. E.g. 2026-12-31."),
    Column("失效日期", 13, "到哪天止；空着一年", "Until which day; empty: a year."),
    Column("负责人", 14, "谁负责更新；空着是导入的人", "Who keeps it up to date; empty: whoever imports."),
)  # fmt: skip


def field(head: str) -> str | None:
    """What a column of this head is: a field, nothing to us (""), or None where it is not known."""
    if len(head) > LONGEST:
        return None
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", head)).strip(" *").casefold()
    for written in (plain, _ASIDE.sub("", plain).strip(" *")):
        if written in _NUMBERING:
            return ""
        if (found := _BY_HEAD.get(written)) is not None:
            return found
    return None


def named(field: str, head: str = "") -> Words:
    """A column, as it stands in the sheet that is read, or may; in English with what it means where that is not English."""
    english = ENGLISH_HEADS[field]
    if not head or head.isascii():
        return Words(head or HEADS[field], head or english)
    return Words(head, f"{english} ({head})")


def is_head(cells: Sequence[str]) -> bool:
    """Whether a row names the columns that a table cannot do without."""
    names = {field(cell) for cell in cells}
    return "answer" in names and bool(names & {"questions", "wording", "alike"})


def kind(cell: str) -> str:
    return KINDS.get(cell.strip().casefold(), cell)


def yes(cell: str) -> str:
    """是 and 否 as they are converted; what is neither stays as it is."""
    plain = cell.strip().casefold()
    return "true" if plain in YES_WORDS else "false" if plain in NO_WORDS else cell


def parts(cell: str) -> list[str]:
    """What stands in one cell with lines or bars between."""
    return [part for each in _PARTS.split(cell) if (part := each.strip())]


def in_lines(each: Iterable[str]) -> str:
    """What `parts` takes apart again: a line each."""
    return "\n".join(" ".join(filter(None, map(str.strip, _BREAKS.split(part)))) for part in each)


def last_day(cell: str) -> str:
    """`day`, and 长期."""
    return LONG_TERM.isoformat() if cell.strip().casefold() in _ENDLESS else day(cell)


def first_day(today: date) -> Callable[[str], str]:
    """`day`, and 即日起."""
    return lambda cell: today.isoformat() if cell.strip().casefold() in _AT_ONCE else day(cell)


def day(cell: str) -> str:
    """A day in ISO 8601, however it is written; what is none stays as it is."""
    cell = unicodedata.normalize("NFKC", cell).strip()
    try:
        if match := _DAY.fullmatch(cell) or _DIGITS.fullmatch(cell):
            year, month, number = map(int, match.groups())
            return date(year, month, number).isoformat()
    except ValueError:
        return cell
    if match := _SERIAL.fullmatch(cell):
        return (_FIRST_DAY + timedelta(days=int(match[1]))).isoformat()
    return cell

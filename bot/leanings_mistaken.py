"""What the model takes a name or a wish for, and it is not."""

import re
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from bot import phrases
from bot.comprehension import Understanding

_NTH = re.compile("第[一二三四五六七八九十\\d]+个")
_LOST = re.compile(
    "怎么|咋|窍门|技巧|诀窍|不准|[听看学弄搞]不?[没]?[懂会明]|不[懂会明]|没[听看学弄搞]|答疑|请教|[问找]老师|疑问|作业"
)
# Who wants to learn something, and nothing of how they are.
_WISH_ALONE = re.compile(
    "(?:我|俺|咱|家|的|也|就|是|[老]?[伴爸妈]|老[头太公婆]子?|爱人|媳妇|闺女|儿子|退休了?|今年|[,，。])*+(?:[想要]|打算|准备|喜欢)(?:来|去)?"
    "(?:学|练|报|上|参加)(?:一下|点|学|练|个|名|那个)*(?:班|课|的)*[吧啊呀呢。]*"
)
_TO_LEARN = re.compile("[想要][^,，。]{0,6}(?:学学|学点|学个|练练|写写|画画|唱唱|跳跳|动一?动)")
_TO_ANOTHER = re.compile("[^兑]{0,4}[换调改](?:到|成|去)(?!兑)")
_TO_SERVE = re.compile("志愿|义工|服务|奉献|帮|贡献|做点事|出力")
_MISTAKEN: Mapping[str, Callable[[Understanding], object]] = {
    "course_help": lambda heard: (
        (heard.first("course") or _NTH.search(heard.folded)) and not _LOST.search(heard.folded)
    ),
    "greeting": lambda heard: phrases.points_at_one(heard.folded),
    "who_are_you": lambda heard: heard.first("course"),  # 二胡是谁在教
    "enrol-health": lambda heard: (
        heard.first("course") and _WISH_ALONE.fullmatch(heard.without("course"))
    ),  # 我老伴想练八段锦
    "redeem-time": lambda heard: heard.first("when") and _TO_ANOTHER.match(heard.folded),  # 换到周末的
    "volunteer": lambda heard: (
        _TO_LEARN.search(heard.folded) and not _TO_SERVE.search(heard.folded)
    ),  # 闲着，想找点事学学
}


def without_mistaken(heard: Understanding) -> Understanding:
    """What is heard without that: 双手托天那一套, 下午那个好."""
    read = {each.intent or each.question or "" for each in heard.candidates}
    wrong = {each for each in read & _MISTAKEN.keys() if _MISTAKEN[each](heard)}
    if not wrong:
        return heard
    return replace(
        heard, candidates=tuple(each for each in heard.candidates if (each.intent or each.question) not in wrong)
    )

"""What a new centre is asked, one thing after the other."""

import sys
from collections.abc import Callable, Mapping

from integrations.channels import CHANNELS

# Of the settings: a channel has one for each way to open it.
STANZAS = tuple(dict.fromkeys(stanza.name for channel in CHANNELS.values() for stanza in channel.stanzas))
HOURS = "周一到周五 08:30-17:30"
# By the name of the option: the question, and what is so where nothing is answered.
QUESTIONS: tuple[tuple[str, str, str], ...] = (
    ("name", "中心的名称 What the centre is called", ""),
    ("english", "英文名称，没有就空着 Its name in English; may be empty", ""),
    ("bot", "助手怎么称呼自己 What the assistant calls itself", "智能助手"),
    ("district", "地区，如 某某区；可以空着 The district; may be empty", ""),
    ("address", "地址 The address; may be empty", ""),
    ("hotline", "热线 The number that residents ring; may be empty", ""),
    ("hours", "坐席什么时候在，如 周一到周五 08:30-12:00,14:00-17:30；周六 09:00-12:00 When seats answer", HOURS),
    ("languages", "语言：zh 或 zh,en Languages", "zh"),
    ("channels", f"渠道：{', '.join(STANZAS)} Channels", "webchat"),
    ("logo", "标志：图片文件的路径；可以空着 Its logo: the path of a picture; may be empty", ""),
)


def missing(said: Mapping[str, str | None], problem: Callable[[str, str], str]) -> dict[str, str | None]:
    """What was given, and what is answered to the rest on the terminal, asked again while there is a `problem` with it;
    where nobody answers it is as it comes."""
    found = dict(said)
    for name, question, usual in QUESTIONS:
        while found[name] is None:
            print(f"{question}{f' [{usual}]' if usual else ''}：", end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            answer = line.strip() or usual
            if line and (wrong := problem(name, answer)):
                print(f"  {wrong}", file=sys.stderr, flush=True)
                continue
            found[name] = answer
    return found

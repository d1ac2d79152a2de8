"""Danger to life: the number that helps comes before everything else, with one thing to do until help is there."""

import re

from bot.turn import Turn

# What it is, by its words; the first that fits. The texts are `emergency.<kind>`.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "fumes",
        re.compile(
            r"(煤炉|炭火|炭盆|煤气|一氧化碳|燃气|热水器|液化气).{0,20}(晕|昏|倒|躺|不动|叫不|喊不|吐|迷糊|没反应|脸.{0,3}红)|(晕|昏|倒|躺"
            r"|吐).{0,20}(煤气|一氧化碳|炭火|煤炉)"
        ),
    ),
    ("gas", re.compile(r"煤气|燃气|天然气|液化气|沼气|瓦斯|臭鸡蛋|gas (leak|smell)|smell.{0,6}gas")),
    (
        "lift",
        re.compile(
            r"(电梯|升降机|lift|elevator).{0,20}(困|关|卡|停|掉|坠|出不|出唔|打不开|开不|不动|stuck|trapped)|(困|关|卡|trapped|stuck).{0,12}(电梯"
            r"|升降机|lift|elevator)"
        ),
    ),
    (
        "shock",
        re.compile(
            r"触电|漏电|[被让给遭].{0,3}电(到|了|着|给|击|晕|打)|电(着|到|倒|击)(了|人)|电线.{0,6}(打|碰|掉|搭)|高压线|electrocut|electric shock"
        ),
    ),
    (
        "fire",
        re.compile(
            r"着火|起火|失火|火烛|火灾|zhao ?huo|[黑浓白]烟|焦味|糊味|火苗|火星|冒火|大火|燎|烧.{0,2}(起来|起身|着了)|冒.{0,3}烟|(都|全|满).{0,3}烟"
            r"|爆炸|(罐|锅|瓶|管|箱"
            r"|车)爆了|on fire|smoke|burning building"
        ),
    ),
    ("drowning", re.compile(r"溺水|落水|淹|(掉|摔|栽|滑|跳|跌|冲).{0,8}(河|水|塘|湖|井|江|海|渠|沟|池)|冰窟窿|冰面|drown")),
    ("collapse", re.compile(r"塌|(墙|房|梁|顶|架|棚|树).{0,4}(要|快)?(倒|掉|裂)了?|倒塌|(压|埋|砸).{0,4}(在|住|到).{0,6}(下|底|人|里)|压住|埋住")),
    ("crowd", re.compile(r"踩踏|(人挤人|人太多|挤).{0,8}(倒|踩|出不|喘)|stampede")),
    ("choking", re.compile(r"噎|呛(到|着|住|奶|水)|(卡|堵|鲠|梗).{0,4}(喉|嗓|气管|脖子)|(喉|嗓|气管).{0,6}(卡|堵)|咳不出|chok")),
    (
        "poison",
        re.compile(
            r"中毒|农药|敌敌畏|百草枯|漂白|老鼠药|毒蘑菇|洁厕|消毒(水|液)|84|清洁剂|误(服|食|吞)|(吃|喝|吞).{0,3}错|(吞|咽)(了|下|进)|poison"
            r"|swallowed"
        ),
    ),
    (
        "lifeless",
        re.compile(
            r"没.{0,2}(呼吸|心跳|脉搏|脉|气儿?)|不.{0,2}(呼吸|喘气)|摸不.{0,2}脉|猝死|心脏停|(叫|喊|摇|推)(都|也)?.{0,2}(不|唔|勿)(醒|应|动|答)"
            r"|没(有)?反应|not breathing|unconscious|no pulse"
        ),
    ),
    (
        "lost",
        re.compile(
            r"走丢|走失|迷路|不见了|没影|(找|寻).{0,2}(不|唔|没)(到|着|见|得)|没(找|回来)|失踪|还没(回|接)|missing|lost (my|a) (child|kid|son|daughter)"
        ),
    ),
    ("stalking", re.compile(r"跟踪|尾随|(一路|一直|老)跟(着|到|住)|跟着我|偷拍|stalk|following me")),
    ("seizure", re.compile(r"抽(搐|风|筋|羊角|了|起来|过去)|羊(癫|角)|癫痫|白沫|seizure")),
    (
        "violence",
        re.compile(
            r"(拿|持|带|提|抄|掏|动).{0,4}(刀|棍|枪|家伙)|行凶|有刀|斧头|砍|捅|打架|斗殴|动起?手(?!术)|(打|揍|掐|扇|踢)(我|人|他|她|起来|了起来|得|伤|破)|(又"
            r"|正|在|要|被|给|挨)打|家暴|绑架|抢(劫|包|走|钱|了)|偷(了|走|东西)|小偷|强奸|猥亵|非礼|摸我|威胁|闹事|砸(门|东西|玻璃)|反锁|撬门|踹"
            r"|堵[在着]|拖[到进走]"
            r"|knife|stabbed|attack(ed|ing) (me|him|her|us|people)|rob|beating|fight(ing)?|thief"
        ),
    ),
    ("bleeding", re.compile(r"(?<!脑溢)(?<!脑出)(?<!高)(?<!低)血(?![压糖栓脂管])|bleed")),
    ("burn", re.compile(r"烫|烧伤|灼伤|硫酸|盐酸|酸水|热油|开水|burn")),
    ("fall", re.compile(r"摔|跌|滑倒|坠|骨折|断了|撞|车祸|fell|broken")),
    ("heat", re.compile(r"中暑|晒(晕|昏|久|得)|热射病|heat ?stroke")),
    ("allergy", re.compile(r"过敏|蜇|马蜂|蜜蜂|毒蛇|蛇咬|被.{0,3}(蛇|狗).{0,3}咬|allerg|sting|stung")),
    (
        "illness",
        re.compile(
            r"晕|昏|倒|胸|发[青紫抖黑]|冷汗|翻白|脸歪|没感觉|动不了|要生了|羊水|心(脏|梗|慌|口|绞)|喘|气(不|短|上)|没气|中风|脑|嘴(歪|角)|半边|麻|疼"
            r"|痛|吐|药|病|糖|[发高]烧|不行了|难受|不舒服|软|heart|stroke|faint"
            r"|collapsed|passed out|pain"
        ),
    ),
)  # fmt: skip
_FIRST = {
    "gas": "119", "lift": "119", "shock": "119", "fire": "119", "collapse": "119",
    "crowd": "110", "lost": "110", "stalking": "110", "violence": "110",
}  # fmt: skip
_MEDICAL = "120"


def _kind(turn: Turn) -> str | None:
    """What the emergency is, as far as the words tell."""
    return turn.get("kind") or next((kind for kind, words in _KINDS if words.search(turn.heard.folded)), None)


def _said(kind: str | None) -> str:
    return f"emergency.{kind}" if kind else "emergency"


async def emergency(turn: Turn) -> None:
    """Help first: the sentence that matters comes before everything else."""
    kind = _kind(turn)
    turn.say(_said(kind))
    await turn.hand_over("emergency", priority=0, skill="duty", topic="human_agent")
    turn.in_danger(kind or "emergency")


async def despair(turn: Turn) -> None:
    turn.say("despair")
    await turn.hand_over("despair", priority=0, skill="care", topic="human_agent")
    turn.in_danger("despair")


async def perhaps_emergency(turn: Turn) -> None:
    """It may be one: the number first, whatever else is said."""
    kind = _kind(turn)
    turn.say(f"perhaps.{_FIRST.get(kind, _MEDICAL)}" if kind else "perhaps.emergency")


async def perhaps_despair(turn: Turn) -> None:
    turn.say("perhaps.despair")


async def ask_emergency(turn: Turn) -> None:
    """One short question, where nothing else was asked."""
    slots = {"detail": turn.heard.text}
    if kind := _kind(turn):
        slots["kind"] = kind
    turn.say("perhaps.ask")
    turn.offer(turn.line("label.emergency"), "emergency", **slots)
    turn.offer(turn.line("label.no_emergency"), "no_emergency")


async def ask_despair(turn: Turn) -> None:
    turn.say("perhaps.ask_despair")
    turn.offer(turn.line("label.despair"), "despair", detail=turn.heard.text)
    turn.offer(turn.line("label.no_emergency"), "no_emergency")


async def no_emergency(turn: Turn) -> None:
    turn.say("no_emergency")


async def still_in_danger(turn: Turn) -> None:
    """More is said while help is on its way: never a question whether one is content."""
    kind = turn.get("danger")
    if kind == "despair":
        turn.say("despair.again", ref=turn.ticket)
    elif turn.get("calm"):
        turn.say("emergency.calm", number=_FIRST.get(kind or "", _MEDICAL))
    else:
        turn.say(_said(kind if kind != "emergency" else None))
        turn.say("emergency.known", ref=turn.ticket)

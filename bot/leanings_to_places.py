"""What a message leans to by the place of ours that it names, or that the talk is about."""

import re

from bot.aspects import spoken
from bot.comprehension import Candidate, Understanding
from bot.conversation import Conversation
from nlu.questions import NO_ANSWER

FRESH = 3  # turns for which what the talk is about is meant by whoever names nothing
_REDEEMS = re.compile(
    "兑换|兑(?:点|积分|东西)|换(?:点|个|些)?(?:东西|积分|礼品|奖品|物品)|(?:积分|学分).{0,6}(?:换|兑|花)|能领[吗么不没]?$|redeem"
)
_CERTIFIES = re.compile("认证点|刷卡|打卡|认证|记(?:得了|上)?学分|certif")
_HOURS = re.compile(
    "(?:几点|什么时候|啥时候?)[钟才就]?(?:开门|关门|上班|下班|开放|营业)|开到几点"
    "|(?:when|what time)\\b.{0,50}\\b(?:open|clos)|opening hours|\\b(?:is|are|be) .{3,50}\\b(?:open|closed)\\b"
)
_YOU_OPEN = re.compile("\\b(?:are|is) (?:you|it|the (?:centre|college|school)) (?:open|closed)\\b")
_BRIEF = 12  # characters of half a sentence
_OF_ALL_SITES = {"site-list", "site-new"}
_ALL_SITES = re.compile("近|几个|多少|哪些|哪几|所有|全部|一共|名单|新")
_WHEREABOUTS = re.compile("在哪|哪里|哪儿|怎么走|怎么去|咋走|咋去|地址|什么地方|啥地方|位置")
_THERE = re.compile("那里|那儿|那边|那块|那头|那所|这里|这儿|这边|这所|there")
OF_WHAT = re.compile("什么|啥|哪些|多少|怎么|咋|几[点分]|what|how")
_OPENS = re.compile(
    "(?P<what>[一-鿿]{2,3}[房室馆厅池场]|宿舍|寝室|公寓)"
    "(?:是|都|今天|周[一二三四五六日末])*(?:几点|什么时候|啥时候?|何时)[^,。]{0,2}(?:开|关)"
)
_CANTEEN = re.compile("(?:食堂|餐厅)[^,。]{0,4}(?:几点|什么时候|啥时|何时|开门?)")
_OURS = re.compile("阅览|图书|电脑|教室|书画|舞蹈|活动|报告|多功能|智慧|录播|母婴|大厅|微机")
# What one place has and another has not, by the standard question on it.
_HAS = {
    "canteen": re.compile("食堂|吃饭|餐厅|canteen"), "parking": re.compile("停车|车位|停得?[下进]|parking"),
    "printing": re.compile("打印|复印|print"), "wifi": re.compile("无线|wi-?fi"), "bike": re.compile("充电|车棚|电动车"),
    "kids-room": re.compile("母婴|儿童角|喂奶"),
}  # fmt: skip
_OPEN = re.compile(
    "去[^,。]{0,14}(?:行|成|可以)[吗不]|开(?:门|放)?[吗么嘛不没]|开不开|上不上班|休息[吗么嘛不没]|关门[吗么嘛不没]|有没有人|有人(?:在|上班)?[吗么嘛不没]"
)
_OF_OTHERS = re.compile(
    "(?:哪[里儿]?|附近|边上|旁边|近|有)[^,，。]{0,8}(?:旅馆|宾馆|酒店|饭店|饭馆|面馆|超市|银行|取款机|药店|药房|医院|诊所|菜场|菜市场|商场|理发店|网吧|加油站|浴室)(?!的?(?:学校|站点|对面|旁边|隔壁))"
)
_OF_US = re.compile("兑换|学校|站点|教学点|社区点")
_STOPS = re.compile("公交|地铁|车站|轻轨")
_NO_THING = re.compile("班|课|费|钱|便宜|优惠|打折|退|推迟|报名|请假|改|换")
ANYTHING = re.compile("(?:有没有|有|能不能|能|可以|可不可以|提供)[^,。]{1,10}(?:[吗么嘛不没]|$)|有没有")
OF_ACTIVITY = re.compile("活动|开放[日周]|沙龙|讲座|讲坛|那场|这场|集市|放电影|电影票|义[诊剪修]")


def of_place(heard: Understanding, state: Conversation) -> Candidate | None:
    """Whether a place gives out what points buy, or takes attendance."""
    talked_of = "org" in state.focus and state.focus_age <= FRESH and _THERE.search(heard.folded) is not None
    talked_of = talked_of or _goes_on_with_a_place(heard, state)
    if not (heard.first("org") or talked_of) or heard.first("course"):
        return None
    if OF_WHAT.search(heard.folded):
        return _of_what_it_has(heard)
    if _REDEEMS.search(heard.folded):
        near = next((each for each in heard.candidates if each.intent == "nearest_site"), None)
        nearest = near is not None and "近" in heard.folded
        return near if nearest else Candidate(heard.lines.sure, "credit_redemption", "site_redeems")
    if _CERTIFIES.search(heard.folded):
        return Candidate(heard.lines.sure, "credit_lookup", "site_certifies")
    return _of_what_it_has(heard)


def _goes_on_with_a_place(heard: Understanding, state: Conversation) -> bool:
    """能换东西不, 门口有轮椅借没, right after a place was told: few words that ask what it has."""
    of_places = bool(state.shown) and all(each.startswith("org:") for each in state.shown)
    if not of_places or not state.just_told or len(heard.folded) > _BRIEF:
        return False
    return any(each.search(heard.folded) for each in (_REDEEMS, _CERTIFIES, ANYTHING))


def of_a_site(heard: Understanding) -> Candidate | None:
    """某某街道那边的站点在哪: one place by its name, and not all of them."""
    named = heard.names("org")
    best = heard.best
    likely = best is not None and best.score >= heard.lines.likely
    of_all = best is not None and likely and (best.question in _OF_ALL_SITES or best.intent == "nearest_site")
    if not (named and of_all) or _ALL_SITES.search(heard.folded) or heard.first("course"):
        return None
    intent = "site_address" if _WHEREABOUTS.search(heard.folded) else "about_org"
    return Candidate(heard.lines.sure, "site_hours", intent)


def _of_what_it_has(heard: Understanding) -> Candidate | None:
    """Something that a place may have: the question on it where there is one, else what is on record of the place."""
    if heard.first("when"):
        return Candidate(heard.lines.sure, "site_hours", "site_hours") if _OPEN.search(heard.folded) else None
    asked = next((id for id, words in _HAS.items() if words.search(heard.folded)), None)
    if asked is not None:
        return next((each for each in heard.candidates if each.question == asked), None)
    unclear = heard.best is None or (heard.best.score < heard.lines.likely and heard.best.intent != "human")
    if not (unclear and ANYTHING.search(heard.folded)) or _NO_THING.search(heard.folded):
        return None  # 某某街道有没有这个班, 能便宜点不
    read = (each.intent for each in heard.candidates if each.intent in {"site_access", "site_facilities"})
    return Candidate(heard.lines.sure, "site_hours", next(read, None) or "site_facilities")


def of_hours(heard: Understanding) -> Candidate | None:
    """夜校周末几点开门: when a place of ours is open, though its name is like what is asked of all such; are you closed for …."""
    asks = heard.names("org") and _HOURS.search(heard.folded) and not (heard.first("course") or _of_a_thing(heard))
    return Candidate(heard.lines.sure, "site_hours", "site_hours") if asks or _YOU_OPEN.search(heard.folded) else None


def _of_a_thing(heard: Understanding) -> bool:
    """某某学校食堂在哪: of what a place may have."""
    return any(words.search(heard.folded) for words in _HAS.values())


def of_what_is_near(heard: Understanding) -> Candidate | None:
    """附近哪里有便宜的旅馆: what is none of our places, however near it is."""
    best = heard.best
    of_ours = best is not None and best.intent in {"nearest_site", "site_address"}
    if of_ours and heard.names("org") and _STOPS.search(heard.folded):  # 学院附近有公交站吗
        return Candidate(heard.lines.sure, "site_hours", "site_address")
    other = (
        of_ours and _OF_OTHERS.search(heard.folded) and not _OF_US.search(heard.folded) and not heard.names("course")
    )
    return Candidate(heard.lines.sure, "out_of_scope", "unrelated") if other else None


def of_an_address(heard: Understanding) -> Candidate | None:
    """实训楼在哪儿, 去图书馆坐几路车: where a place of ours is, though its name is like that of other offices."""
    named = heard.names("org") and not heard.first("course")
    unknown = heard.best is None or heard.best.intent in NO_ANSWER
    if not (named and unknown):
        return None
    of_activity = heard.hinted != "" and OF_ACTIVITY.search(heard.folded) is not None  # 某某学校放电影票哪里领
    asks = not (of_activity or _of_a_thing(heard)) and set(spoken(heard.folded)) & {"place", "way"}
    return Candidate(heard.lines.sure, "site_hours", "site_address") if asks else None


def of_a_room(heard: Understanding) -> Candidate | None:
    """健身房几点开: when a place is open says nothing of what it may not have; what it has is told."""
    found = _OPENS.search(heard.folded)
    hours = heard.best is not None and heard.best.intent == "site_hours"
    if (canteen := _of_the_canteen(heard)) is not None:
        return canteen
    if found is None or not hours or _OURS.search(found["what"]):
        return None
    return Candidate(heard.lines.sure, "site_hours", "site_facilities")


def _of_the_canteen(heard: Understanding) -> Candidate | None:
    """食堂几点开: not when the house is open."""
    if not _CANTEEN.search(heard.folded):
        return None
    return next((each for each in heard.candidates if each.question == "canteen"), None)

"""What a message leans to by what it names beside what it asks: one of our places, a course, an activity.

The classifier has no label for these, or takes the general question for the likelier: 某某街道学校能换东西吗,
会计班我能报吗, 写春联什么时候.
"""

import re

from msgspec.structs import replace

from bot import about, about_us, complaints, phrases
from bot.aspects import spoken
from bot.comprehension import Candidate, Understanding
from bot.conversation import Conversation
from bot.leanings_mistaken import without_mistaken
from bot.leanings_to_learning import of_a_term, of_an_old_age, of_health, of_how_many, of_papers, of_who_comes_along
from bot.leanings_to_places import (
    ANYTHING,
    FRESH,
    OF_ACTIVITY,
    OF_WHAT,
    of_a_room,
    of_a_site,
    of_an_address,
    of_hours,
    of_place,
    of_what_is_near,
)
from nlu.questions import NO_ANSWER

AHEAD = 0.1  # so far behind what is leant to, nothing else is asked about
_SHORT = 16  # characters of a question that leaves out what the talk is about
_RATE = "redeem-convert-rate"
_CONVERTS = re.compile("学分[^,。]{0,5}[换兑折转变][^,。]{0,3}积分")
# 积分怎么来的: of nobody's own.
_EARNED = re.compile(
    "^(?:那|这|请问|你们|都|这个|那个)*积分(?:都|是|到底|一般|的)*(?:(?:怎么|咋|如何|要怎么|怎样)(?:才能|能|去|样)?(?:来|得|挣|赚|攒|弄|获得|获取|拿|积)|从?(?:哪里?|哪儿)(?:来|得|弄|拿))(?:来|到|的|呢|啊|呀|[?？])*$"
)
_WENT_WRONG = re.compile("没|少|错|不对|到账|退|换了|[换兑]过")
_WHERE = re.compile(
    "^那?(?:你们|积分)?(?:在|去|到)?(?:哪里|哪儿|哪|什么地方|啥地方)(?:可以|能|才能|去)?(?:兑换|兑|换)(?:积分|东西)?[吗呢啊呀]?$"
)
_WHAT_THERE = re.compile(
    "[有开教](?:些)?(?:(?:什么|啥|哪些)(?:课程?|班|培训)|(?:几|多少)[门个](?:课|班))|[课班]有哪些|(?:what|which) (?:classes|courses)"
)
_THINGS = re.compile("东西|礼品|奖品|物品|在哪|哪里|哪儿|什么时候|几时|多久|何时")
_WHO_SEES_TO_IT = re.compile("[找问]谁|谁管|归[谁哪]|哪个?(?:部门|单位|科|局)|(?:去|到|找|在)哪|电话")
_CREDITS = re.compile("学分|积分|[几多][个少]?分|加分")
_OWN = re.compile("[我俺咱]")
_MAY = re.compile(
    "(?:能不能|可不可以|能否|是否可以|能|可以|可|让|够不够格|够格|符合|有资格)(?:让|给|帮|替)?(?:我|俺|她|他|人|[我你她他]们|我[妈爸]|孩子|老人|[^,。]{0,4})?来?"
    "(?:报(?!销|告|到)|上(?!网|厕|楼|电)|参加|去|(?P<learn>学(?!院|校|分|习卡|几|多)))[^,。]{0,10}(?:[吗么嘛不没]|$)"
    "|报[^,。]{0,10}(?:成不|行不|行吗|成吗|可以吗|可以不|能行吗)|(?:收不收|还收|收)(?!费|钱|到)[^,。]{0,6}(?:[吗么嘛不]|$)"
    "|(?:can|could|may) (?:i|she|he|my \\w+) (?:join|enrol|attend|take)"
)
# 课上到一半还收吗: to come when it has begun; not 开课了还能退吗, to leave it.
_COMES = "(?:收(?![费钱据到拾])|插|进(?![度修展])|报(?![销告])|加入|参加|[来去](?![退请换取拿领年])|上(?!网)|要(?:人|[我俺]|[吗不]$))"
_LATE = re.compile(
    f"(?:上到?了?一半|上了(?:几|两|一)[节次回堂]|开了?课了?以?后|开课了|已经开[课始]|半路|半道|中途|插班)[^,，。]{{0,6}}(?:(?:还|能不能|可不可以|收不|能)(?:再|能|可以|让)*+{_COMES}|[进收插报](?![度费钱据销])[^,，。]{{0,3}}[吗么不没]|插班(?:还?能不能|还?可以|还?能))|插班可以"
)
_CLASSES = re.compile(
    "[课班]?都有(?:是吧|吗|么|没|不|的)?$|哪些班|哪?几个班|班[^,。]{0,2}有几个"
    "|有班[吗么嘛没不]|有(?:什么|啥)班|班有哪些|有没有班|有(?:没有)?[一-鿿]{2,4}[课班](?:[吗么嘛没不]|$)|which classes"
)
_THAT_ITEM = re.compile(
    "(?:[我俺]?(?:看中|相中|想要|要)了?)?(?:积分)?(?:能?[换兑]的)?(?:[那这])?(?:[一两二三几个]?[条把个张瓶袋件本套桶盒支双只]{1,2})?的?"
)  # and its name
_CLASS_ALONE = re.compile(
    "(?:班|课|培训|讲座|讲的|教的|学的|[那这][种套])[啊呀呢]?$|(?:有没有|有[吗么没不嘛])[啊呀]?$|有没有[^,。]{2,8}$"
    "|^(?:(?:is|are) there|do you (?:have|teach|offer)) [^?]{0,30}[?]?$"
)
_CERTIFICATE = re.compile(
    "(?:想|要|去|打算|准备)考[^,，。]{0,6}证$|[证照](?:要|该|得|去)?(?:怎么|咋|如何)(?:才?能|去)?[考拿学]|证[^,，。]{0,6}(?:能|可以)[考拿][吗不么嘛]?$"
)  # 我儿子想考电工证, 叉车证怎么考
# What such a half sentence is read as.
_TAKEN_FOR = {
    "course_help",
    "class_fee",
    "class_schedule",
    "redemption_items",
    "find_activity",
    "unrelated",
    "other_office",
}
_GETS = re.compile(
    "能[换兑]|[换兑](?:到|得|不|吗)"
    "|(?:几|多少)个?(?:积)?分|[几多]少?(?:积)?分|积分(?:要|得)?(?:多少|几)|有货|有没有货|还有[吗没]|缺货|how many points|exchange|redeem|in stock|can i get"
)
_NUMBER = re.compile(
    "电话(?:号码?)?(?:给|告诉|报|说|发)(?:一下)?(?:我|个)|(?:给|告诉|报|说|发)(?:一下)?我?(?:个|下)?(?:你们|学校|他们)?(?:的)?电话"
)
_WHICH = re.compile(
    "^(?:你们|咱们|学校|学院|中心|总院|客服)?(?:的)?(?:热线|电话|客服电话)(?:号码?)?(?:是)?(?:多少|几号|啥|什么)[^,。]{0,2}$"
)
_RINGS = re.compile("打[给个]|打电话给|回[个电打]|打过来|打回|联系我|call me")
_BUYS = re.compile("多少钱一[把支台架根张双件套块条副身]|一[把支台架根张双件套块条副身]多少钱|[哪去]里?买")
_HIRES = re.compile("[请找雇叫](?:个|一个|位|名)(?!老师|教练|师傅)[^,，。教学]{1,6}(?:上门|多少钱|照顾|伺候|一[天月])")
_TAUGHT = re.compile("班|课|报|学(?!院|校)|练|参加|class|course|enrol|join|learn")
_WANTS = re.compile(
    "[想要能][^,。]{0,4}[上报去来学听参练跳唱画写打做]|够[^,。]{0,3}(?:年纪|年龄|岁|格|资格)|行不行|要不要我|要不要俺|[要收][我俺][吗不嘛么]|行[吗不]|成不|可以[吗不]|收不收"
)
_TAKES = re.compile(
    "(?:的|人|[是我她他][^,，。]{1,10}[,，]?)(?:收不收|收[吗么不])[啊呀呢嘛]?$|[收要]不[收要][我俺她他]"
)  # 我是外地的，收不收
_COSTS = re.compile("钱|费|收|免|价|花|掏|打折|优惠|减|不用交|[要还]交|押|fee|cost|pay|free|how much")
OF_CLASSES = {"find_class", "class_schedule", "class_places", "class_detail", "enrol", "find_course"}
_OF_A_LESSON = {"course_level", "course_help"}
OF_FEE = {"fee-general", "fee-standard", "fee-free-who", "enrol-disabled"}
_BEGINS = re.compile(
    "^(?:你好|您好|喂|那个|老师|师傅|同志|大姐|大哥|姑娘|美女|帅哥|[,，])*+(?:我|俺)?(?:就?想|要|来)?请?[问打][问听]?(?:你们?)?(?:一下|下|个事情?|一?个问题|点事情?)[啊呀哦嘛哈]*"
)
_SEATS = {"human_agent", "complaint"}  # topics of which a time that is said is for who calls back
_ONLINE = re.compile("网|线上|直播|微课|视频|电视|手机")
_BUSY = re.compile(
    "(?:我|俺)?(?:都|要|得|只有|才)?(?:没(?:有|得)?(?:时间|空|工夫)|有空|有时间|不得闲|走不开)[的了啊呀]?"
)
_REFUNDS = re.compile("退(?:钱|费|款|学费|一半|给|得|不退|多少|回)")
_TICKET = re.compile(r"(?:工单|单号|ticket)[^,，。]{0,6}\d{4}-\d{5}")
_WHO_THEN = re.compile("那?(?:该|要)?(?:找|问|归)(?:谁|哪[个里儿](?:部门)?)(?:办|管|问|弄)?[呢啊呀]?[?？]?")
_LIVE = re.compile("(?<!商)(?<!货)直播(?:课|间的?课|的课|上课)(?!程)")
_ACTIVITIES = re.compile(
    "(?:(?:what|which|are there(?: any)?|do you have(?: any)?|any)(?: other| kinds? of)? (?:activities|events)"
    "(?: (?:are|do|can)(?: there| on| planned| coming up| you (?:have|offer|run|hold)| (?:i|we) (?:join|attend))?)?|what(?:'s| is) on)"
    "(?: (?:this|next) (?:week|weekend|month)| today| tomorrow| soon| nearby)?"
)
_COUNTS = re.compile("(?:一共|总共|拢共|全部)[^,，。]{0,4}(?:多少|几)[个门种]*(?:班|课程?(?![时本件桌]))")
_WAIT = re.compile(
    "(?:候补|排队|排[了着在])[^,，。]{0,4}(?:几|多少)[个位人]|(?:几|多少)个?人?[^,，。]{0,4}(?:候补|排队|在排)"
)
_I_WAIT = re.compile("[我俺咱]|轮到|排到")
_LESS = re.compile("减|免(?!费)|优惠|便宜|打折|半价|discount|reduc")
_ASKED_OF_ONE = re.compile(
    "[那这]个|礼拜几|星期几|周几|[放演办搞]|怎么|咋|如何|报名|参加|截止|最晚|哪[天里儿]|什么时候|啥时候?|几[点号]|多少|要不要|可以|[能去在是有要吗呢啊的？?]"
)
_A_WORD = 3  # characters at most
_OF_ITS_OWN = {"time", "place"}
_ON_RECORD = _OF_ITS_OWN | {"entry", "places"}  # of one activity
_HOW = re.compile(
    "怎么|如何|咋|[替代]|打?个?电话|网上|手机上|几个|多少|身体|高血压|心脏|怀孕|插班|改|换|退(?!休|役|伍)|转(?!业)"
)


def leaning(heard: Understanding, state: Conversation) -> Understanding:
    """What is heard, with what it leans to ahead of the others."""
    heard = without_mistaken(heard)
    found = (
        _in_so_many_words(heard)
        or of_who_comes_along(heard, state)
        or _of_the_rate(heard)
        or _of_what_is_live(heard)
        or _of_a_rule(heard)
        or _of_a_matter(heard)
        or _of_an_item(heard)
        or of_papers(heard, state)
        or of_health(heard, state)
        or _of_a_telephone(heard, state)
        or of_what_is_near(heard)
        or of_hours(heard)
        or of_an_address(heard)
        or of_a_site(heard)
        or _of_a_purchase(heard)
        or of_a_room(heard)
        or _of_activity(heard)
        or _of_activity_hinted(heard, state)
        or _which_classes(heard)
        or _a_class_alone(heard)
        or _of_the_queue(heard)
        or of_a_term(heard)
        or of_how_many(heard)
        or of_an_old_age(heard, state)
        or _at_a_time(heard, state)
        or _of_class_there(heard)
        or _of_fee(heard, state)
        or _of_class(heard, state)
        or of_place(heard, state)
    )
    if found is None:
        return heard
    score = max(found.score, heard.lines.sure)
    others = (each for each in heard.candidates if each.intent != found.intent or each.question != found.question)
    behind = [replace(each, score=min(each.score, score - AHEAD)) for each in others]
    return replace(heard, candidates=(replace(found, score=score), *behind))


def _of_the_rate(heard: Understanding) -> Candidate | None:
    """学分怎么换积分: how many points a credit is, and not where points are redeemed; 哪里可以兑换: where, and not what."""
    said = heard.folded
    if _CONVERTS.search(said) and not _THINGS.search(said) and not _WENT_WRONG.search(said):
        return Candidate(heard.lines.sure, "credit_redemption", None, None, _RATE)
    if "积分" in said and _EARNED.search(said):
        return Candidate(heard.lines.sure, "credit_redemption", None, None, _RATE)
    where = _WHERE.search(heard.folded) is not None and not heard.first("org")
    return Candidate(heard.lines.sure, "credit_redemption", None, None, "redeem-how") if where else None


def _in_so_many_words(heard: Understanding) -> Candidate | None:
    """我想投诉; 你们是不是骗子; 一共有多少个班; what activities are there."""
    if _TICKET.search(heard.folded):  # 工单号 1128-12345，催一下
        return Candidate(heard.lines.sure, "human_agent", "human")
    if about_us.suspects_us(heard.folded):
        return Candidate(heard.lines.sure, "complaint", None, None, "fraud-tip")
    if about_us.wishes_to_complain(heard.folded):
        return Candidate(heard.lines.sure, "complaint", "complaint")
    unclear = heard.best is None or heard.best.score < heard.lines.likely
    none = unclear or (heard.best is not None and heard.best.intent in NO_ANSWER)
    if none and about_us.asks_of_a_deposit(heard.without()):
        return Candidate(heard.lines.sure, "training_info", "deposit")
    if none and about.names_grounds(heard.folded) and _LESS.search(heard.folded) and not heard.first("course"):
        return Candidate(heard.lines.sure, "training_info", None, None, "fee-free-who")  # 残疾证能减多少
    if unclear and complaints.asks_how_to_complain(heard.folded):
        return Candidate(heard.lines.sure, "complaint", None, None, "complaint-how")
    if _BEGINS.fullmatch(heard.folded.rstrip("?？。 ")):  # 我想问个事
        return Candidate(heard.lines.sure, "chitchat", "greeting")
    if _ACTIVITIES.fullmatch(heard.folded.rstrip("?？!. ")):
        return Candidate(heard.lines.sure, "activity", "find_activity")
    counts = _COUNTS.search(heard.folded) is not None and not heard.entities
    return Candidate(heard.lines.sure, "course_faq", None, None, "course-count") if counts else None


def _of_what_is_live(heard: Understanding) -> Candidate | None:
    """直播课每个星期哪天放: when what is taught live online is on, and no class about selling so."""
    read = heard.best is not None and heard.best.intent == "class_schedule"
    course = heard.names("course")
    asks = read and not course and _LIVE.search(heard.folded) is not None
    return Candidate(heard.lines.sure, "training_info", None, None, "online-class-have") if asks else None


def _of_a_matter(heard: Understanding) -> Candidate | None:
    """烘焙补贴找谁: what another office sees to, by the centre's own word for it, where who does so is asked."""
    asks = "matter" in heard.named and not heard.named & {"course", "org"} and _WHO_SEES_TO_IT.search(heard.folded)
    return Candidate(heard.lines.sure, "out_of_scope", "other_office") if asks else None


def _of_a_rule(heard: Understanding) -> Candidate | None:
    """师带徒怎么算学分: how one kind of learning earns credits, by its name; 带徒弟一天记几分: or in other words."""
    score = max((each.score for each in heard.candidates if each.question or each.intent), default=0.0)
    of_credits = heard.topic == "credit_lookup" and heard.topic_probability >= heard.lines.sure
    asked = _CREDITS.search(heard.folded) is not None
    if heard.names("rule"):
        asks = score < (heard.lines.sure if asked else heard.lines.likely)
    else:
        asks = asked and of_credits and score < heard.lines.ask and not _OWN.search(heard.folded)
    return Candidate(heard.lines.sure, "credit_lookup", None, None, "credit-rule") if asks else None


def _of_an_item(heard: Understanding) -> Candidate | None:
    """大米现在能换吗: what an item costs, and whether there is any."""
    named, best = heard.names("item"), heard.best
    meant = best is not None and best.intent == "redemption_items"  # 兑换超市里的保温杯
    unclear = best is None or (best.score < heard.lines.sure and best.intent in NO_ANSWER)  # 食用油是花生油不
    meant = meant or (unclear and any(each.intent == "redemption_items" for each in heard.candidates))
    asks = named and (meant or _GETS.search(heard.folded) or _THAT_ITEM.fullmatch(heard.without("item")))
    return Candidate(heard.lines.sure, "credit_redemption", "redemption_items") if asks else None


def _of_a_telephone(heard: Understanding, state: Conversation) -> Candidate | None:
    """电话给我一个: a number is asked for, and nobody is to ring; 找谁办, after an answer of ours: whom to ask."""
    if (state.just_told or state.told) and state.topic != "out_of_scope" and _WHO_THEN.fullmatch(heard.folded):
        return Candidate(heard.lines.sure, "site_hours", "site_phone")
    told = _NUMBER.search(heard.folded) is not None and _RINGS.search(heard.folded) is None
    asked = told and heard.best is not None and heard.best.intent == "callback"
    return Candidate(heard.lines.sure, "site_hours", "site_phone") if asked or _WHICH.search(heard.folded) else None


def _of_a_purchase(heard: Understanding) -> Candidate | None:
    """二胡多少钱一把: what is learnt here is not sold here."""
    bought = heard.first("course") is not None and _BUYS.search(heard.folded) is not None
    return Candidate(heard.lines.sure, "out_of_scope", "unrelated") if bought or hires(heard) else None


def hires(heard: Understanding) -> bool:
    """请个护工多少钱一天: nor is anybody hired here, who was taught it."""
    return heard.first("course") is not None and _HIRES.search(heard.folded) is not None


def _which_classes(heard: Understanding) -> Candidate | None:
    """The classes of a course or teacher by name, rather than what a theme is about."""
    of_a_room = heard.best is not None and heard.best.intent == "site_facilities"  # 有没有钢琴课
    asks = (heard.names("course", "teacher") or of_a_room) and _CLASSES.search(heard.folded) is not None
    return Candidate(heard.lines.sure, "training_info", "find_class") if asks else None


def _a_class_alone(heard: Understanding) -> Candidate | None:
    """拉二胡的夜班, 种菜的有没有: something that is taught, and nothing is asked but whether it is."""
    best, certified = heard.best, _CERTIFICATE.search(heard.folded)
    taught = heard.first("course") is not None or (certified and heard.names("theme"))  # 驾照怎么考
    named = taught and not heard.first("item")
    unclear = best is None or best.score < heard.lines.likely or best.intent in _TAKEN_FOR
    said = _CLASS_ALONE.search(heard.folded) or certified
    alone = said is not None and not spoken(heard.folded)
    return Candidate(heard.lines.sure, "training_info", "find_class") if named and unclear and alone else None


def _of_the_queue(heard: Understanding) -> Candidate | None:
    """古筝班前面排了几个人候补: how many wait for a class by its name, and nobody's own place among them."""
    course = heard.names("course")
    asks = course and _WAIT.search(heard.folded) is not None and not _I_WAIT.search(heard.folded)
    return Candidate(heard.lines.sure, "training_info", "class_places") if asks else None


def _at_a_time(heard: Understanding, state: Conversation) -> Candidate | None:
    """晚上有课没, 某某镇有什么课: what is taught at a time or place is a class; 白天没时间: so is what is free then."""
    of_any = heard.best is not None and heard.best.question == "online-class-have"  # 有没有晚上的课
    free = state.topic not in _SEATS and not state.told and _BUSY.fullmatch(heard.without("when"))
    if heard.first("when") and (free or (of_any and not _ONLINE.search(heard.folded))):
        return Candidate(heard.lines.sure, "training_info", "find_class")
    there = heard.names("org")
    listed = (
        heard.best is not None and heard.best.intent == "find_course" and (there or heard.first("when") is not None)
    )
    asks = listed or (there and not heard.first("course") and _WHAT_THERE.search(heard.folded))
    return Candidate(heard.lines.sure, "training_info", "find_class") if asks else None


def _of_class_there(heard: Understanding) -> Candidate | None:
    """金水镇有陶艺课上不: whether a course is taught at a place that is named, where nothing else is asked of either."""
    named = heard.names("course") and heard.names("org")
    unclear = heard.best is None or heard.best.score < heard.lines.likely or heard.best.intent in _OF_A_LESSON
    near = (
        heard.best is not None
        and heard.best.intent == "nearest_site"
        and (phrases.wants_to_learn(heard.folded) or phrases.is_of_a_course(heard.folded))
    )
    asks = named and (unclear or near) and not set(spoken(heard.folded)) - {"eligible", "place"}
    whether = _TAUGHT.search(heard.folded) or ANYTHING.search(heard.folded)  # 晚上打太极有没有，某某街道那块
    return Candidate(heard.lines.sure, "training_info", "find_class") if asks and whether else None


def _of_fee(heard: Understanding, state: Conversation) -> Candidate | None:
    """What a course costs that is named or talked of, though it be asked as who need not pay."""
    talked_of = "class" in state.focus and state.focus_age <= FRESH and about.tells(heard.folded, heard.entities)
    asks = _COSTS.search(heard.folded) and not (_TAKES.search(heard.folded) or _REFUNDS.search(heard.folded))
    if not (heard.first("course") or talked_of) or not asks:
        return None
    shares = [each.score for each in heard.candidates if each.intent == "class_fee" or each.question in OF_FEE]
    said = sum(shares) >= heard.lines.likely or about.tells(heard.folded, heard.entities)
    return Candidate(max(sum(shares), heard.lines.likely), "training_info", "class_fee") if said else None


def _of_activity(heard: Understanding) -> Candidate | None:
    """An activity by its name, where no course is called the same."""
    named = heard.names("activity")
    course = heard.names("course")
    described = not course and heard.first("activity") is not None and OF_ACTIVITY.search(heard.folded) is not None
    other = course or heard.names("item")
    if not (named or described) or (other and not OF_ACTIVITY.search(heard.folded)):
        return None  # described: 磨刀不花钱那场
    return None if _asks_hours(heard) else Candidate(heard.lines.sure, "activity", "find_activity")


def _asks_hours(heard: Understanding) -> bool:
    """某某街道社区学校开放时间, where there is an open day of the schools: when that place is open."""
    hours = heard.best is not None and heard.best.intent == "site_hours" and heard.best.score >= heard.lines.likely
    return hours and heard.first("org") is not None and not OF_ACTIVITY.search(heard.folded)


def _of_activity_hinted(heard: Understanding, state: Conversation) -> Candidate | None:
    """春联哪天写, 明晚还有电影吧: a word of one activity's name, where it is activities that are asked about; when and where
    it is says itself better than what is so of all of its kind."""
    best, asked = heard.best, set(spoken(heard.folded)) | ({"time"} if heard.first("when") else set())
    if not heard.hinted or not (asked & _ON_RECORD or phrases.follows(heard.folded)) or _asks_hours(heard):
        return None
    called = OF_ACTIVITY.search(heard.folded) is not None
    likely = any(each.intent == "find_activity" and each.score >= heard.lines.ask for each in heard.candidates)
    about_any = likely or "activity" in (heard.topic, best.topic if best else "", state.topic)
    alone = 0 < len(_ASKED_OF_ONE.sub("", heard.without("org", exact=True))) <= _A_WORD  # 比武怎么报名
    of_one = called or ((about_any or alone) and not heard.first("course"))
    sure = best is not None and best.score >= heard.lines.sure and best.intent not in NO_ANSWER  # 电影呢
    if not of_one or (sure and not asked & _OF_ITS_OWN):
        return None
    return Candidate(heard.lines.sure, "activity", "find_activity")


def _of_class(heard: Understanding, state: Conversation) -> Candidate | None:
    """Whether somebody may be in a class: its conditions are said with how to get in."""
    course = heard.names("course")
    talked_of = "course" in state.focus and state.focus_age <= FRESH and len(heard.folded) <= _SHORT
    if not course and (not talked_of or heard.first("when") or OF_WHAT.search(heard.folded)):
        return None
    asked = _MAY.search(heard.folded)
    if _LATE.search(heard.folded):
        return Candidate(heard.lines.sure, "enrolment", question="enrol-late-join")
    if asked is None and course and about.tells(heard.folded, heard.entities) and _WANTS.search(heard.folded):
        return Candidate(heard.lines.sure, "enrolment", "enrol")
    if asked and not _TAUGHT.search(heard.folded):  # 能去你们那用电脑吗
        return None
    if asked is None or _HOW.search(heard.folded) or (asked["learn"] and not about.tells(heard.folded, heard.entities)):
        return None
    return Candidate(heard.lines.sure, "enrolment", "enrol")

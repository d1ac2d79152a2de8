"""Red lines: what is recognised before everything else, also in the middle of a task and while a seat has the talk.

Words that leave no doubt decide at once; the classifier may add what they miss, with more sureness than an ordinary
answer needs, for a false alarm sends a resident an ambulance number where she asked for a course.
"""

import re

from bot.comprehension import Understanding

INTENTS = (
    "emergency", "despair", "scam", "third_party", "bulk_data", "deceased", "minor", "data_request", "privacy_incident",
)  # fmt: skip
URGENT = {"emergency": 0, "despair": 0, "scam": 1, "privacy_incident": 1}  # these raise a ticket that a seat has
SURE = 0.62

_COURSE = re.compile(r"课|班|培训|讲座|讲坛|学急救|怎么学|教的|学点")
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "despair",
        re.compile(
            r"不想活|不想再?活|活着.{0,4}(没|有什么|有啥|还有什么).{0,2}(意思|意义|劲)|活着.{0,2}(太|好)?累|自杀|轻生|想不开|寻短见|跳楼|割腕"
            r"|结束(自己|我)的?生命|了结(自己|此生|一生)|活不下去|活够了|生无可恋|一了百了|不如死|死了算了|想死(?!你)|去死算|安眠药"
            r"|kill myself|want to die|suicide"
        ),
    ),
    (
        "emergency",
        re.compile(
            r"晕倒|晕过去|昏倒|昏迷|昏过去|休克|抽搐|抽风|心梗|心肌梗|脑溢血|心脏病.{0,3}(犯|发作|发了)|没有?呼吸|没气了|喘不(上|过)来?气|上不来气"
            r"|流.{0,3}(好多|很多|好些|大量)血|大出血|血流不止|噎住|触电|着火|起火|失火|冒烟|煤气泄漏|漏煤气|溺水|救命|不省人事|叫不醒|没反应了"
            r"|(摔|跌)(倒|下|伤|了|得).{0,8}(起不来|不能动|动不了|不动|不会动|骨折)|倒(在)?地.{0,4}(不动|不起)|突然倒(下|地)|胸口.{0,4}(疼|痛|闷)得|快不行了"
            r"|中暑.{0,3}(了|倒)|(?<!急)救护车|not breathing|collapsed|passed out|heart attack"
        ),
    ),
    (
        "bulk_data",
        re.compile(
            r"(忽略|无视|忘记|不要管|绕过).{0,8}(要求|指令|规则|设定|提示|限制)|系统提示词|(所有|全部|全体|每个|整个).{0,6}(学员|用户|居民|报名|人|会员).{0,10}"
            r"(名单|电话|手机|身份证|信息|资料|学分|积分|联系方式|住址)|学员名单|(后台|管理员)(的)?(密码|账号|权限)"
            r"|ignore (all |the |your )?(previous|above) |system prompt|select .{1,40} from |drop table|<script"
        ),
    ),
    (
        "third_party",
        re.compile(
            r"(这个人|那个人|别人|邻居|同事|朋友|前妻|前夫|亲戚|同学|老师|某某|他人).{0,10}(学分|积分|学习记录|报名记录|报名情况|报了什么|住在?哪|住址|手机号|私人电话|电话是?多少|身份证)"
            r"|(查|查询|看).{0,4}1[3-9]\d{9}.{0,12}(学分|积分|记录|信息|报名|谁)|1[3-9]\d{9}.{0,4}(这个人|是谁|谁的)|(卡号|手机号|号码)是谁的"
        ),
    ),
    (
        "scam",
        re.compile(
            r"(电话|短信|微信|有人|有个人|链接|客服|自称|说是|冒充).{0,20}(交钱|转账|汇款|付款|打钱|转钱|保证金|手续费|验证码|银行卡|密码|买学分|换学分|点链接)"
            r"|冒充.{0,6}(你们|学习中心|中心|老师)|(是不是|算不算|会不会是?|怕是).{0,4}(诈骗|骗子|骗人|骗局)|被骗(了|钱)|骗(了|走)我?.{0,4}钱|遇到骗子"
        ),
    ),
    (
        "deceased",
        re.compile(
            r"(去世|过世|病故|病逝|离世|身故|亡故|不在人世|死亡证明|死了|没了|走了|不在了).{0,20}(学分|积分|账户|账号|学习卡|怎么处理|怎么办|报的班|通知|注销|继承)"
            r"|(已经|刚刚|刚|都|上个?月|去年)(去世|过世|病故|病逝|离世)|passed away|has died|(father|mother|wife|husband) died"
        ),
    ),
    (
        "privacy_incident",
        re.compile(
            r"(身份证|手机号|电话|个人信息|信息|名字|姓名|住址|隐私|照片|资料|名单).{0,14}(泄露|泄漏|泄了|被.{0,4}看(到|见)|被公开|被曝光|公布出|被公布|晒出|挂(到|在)网|放到?网上|卖了|外泄|能搜到)"
        ),
    ),
    (
        "data_request",
        re.compile(
            r"(删除?|删掉|清除|清空|清掉|抹掉|销毁).{0,6}我.{0,6}(信息|资料|数据|记录|档案|账号)|(把)?我的?(全部|所有|个人)?(信息|资料|数据|记录).{0,8}(删|清|销毁)"
            r"|(撤回|撤销|取消|收回).{0,4}(授权|同意)|(查阅|导出|复制|拷贝|拿一份).{0,6}(个人|我的?|存的?).{0,6}(信息|数据|资料)|delete my (data|account)"
        ),
    ),
)  # fmt: skip
_OWN = re.compile("我(自己)?的(学分|积分)|我本人")
_PARENT = re.compile(
    "孩|儿子|女儿|闺女|丫头|小姑娘|小子|小家伙|宝宝|孙|娃|家长|侄|外甥|伢|仔|老[大二三]|双胞胎|岁的|[领带]个|邻居"
)
_I = re.compile("[我俺](?![家们妈爸爷奶])[^,。;只到]{0,6}$")
_LONG_AGO = re.compile("的?(?:班主任|老师)|文化|毕业|水平|没念|没读|就")  # 我小学三年级文化
TYPES, GUARDED = 6, 14  # years: who writes themselves, and until when a guardian decides


def detect(heard: Understanding) -> str | None:
    """The red line that a message touches, if any."""
    text = heard.folded
    about_course = _COURSE.search(text) is not None
    for intent, words in _WORDS:
        if words.search(text) is None:
            continue
        if intent == "emergency" and about_course and _is_course_question(heard):
            continue
        if intent == "third_party" and _OWN.search(text):
            continue
        return intent
    if _is_of_child(heard):
        return "minor"
    best = heard.best
    if best and best.intent in INTENTS and best.score >= SURE:
        return None if best.intent == "emergency" and about_course else best.intent
    return None


def _is_course_question(heard: Understanding) -> bool:
    """ "急救课讲不讲晕倒怎么办" asks for a course; "我妈上课晕倒了" does not."""
    return any(
        candidate.intent in {"find_course", "find_class", "course_level"} or candidate.entry
        for candidate in heard.candidates[:2]
    )


def _is_of_child(heard: Understanding) -> bool:
    """我十岁, 我读五年级; but 五岁的能来吗 is asked by whoever brings the child."""
    if _PARENT.search(heard.folded):
        return False
    if (age := heard.first("age")) is not None:
        return TYPES <= int(age) < GUARDED
    return any(
        each.kind == "grade"
        and int(each.value) <= GUARDED - 7
        and _I.search(heard.folded, 0, each.start)
        and not _LONG_AGO.match(heard.folded, each.end)
        for each in heard.entities
    )

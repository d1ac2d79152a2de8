"""The sheets of the workbook and their columns: what stands in each, in the words of whoever fills it in."""

from daoxue.workbook.cells import (
    CLOCK,
    COMMON_WEEKDAYS,
    DAY,
    DECIMAL,
    NUMBER,
    TEXT,
    WEEKDAYS,
    WHOLE,
    WORDS,
    YES,
    choice,
    naming,
    naming_several,
)
from daoxue.workbook.columns import BookSheet, PageColumn
from knowledge.catalogue import UNWRITTEN
from knowledge.columns import KINDS, TEMPLATE
from knowledge.columns import NAMES as ANSWER_FIELDS
from knowledge.entries import SHORT
from knowledge.topics import ours


def _id(what: str) -> PageColumn:
    zh = "可以空着，由系统给；导出的表里有，改名字时靠它认，请不要改。自己写用小写字母、数字和 -"
    en = f"May stay empty: given by us. In an exported sheet it tells which {what} is meant: do not change it."
    return PageColumn("id", "编号", TEXT, zh, en, 16)


def _english(field: str, head: str, what: str, width: int = 24) -> PageColumn:
    return PageColumn(
        f"en.{field}", head, TEXT, f"英文的{what}；空着就说中文", "The same in English; empty: Chinese.", width
    )


LEVELS = {"college": "学院", "school": "学校", "site": "站点"}
MODES = {"线上": "线上", "线下": "线下", "线上线下": "线上线下"}
PERIODS = {"day": "每天", "month": "每月", "year": "每年"}
EARNINGS = {
    "attend": "线下听课", "online": "网上学习", "finish": "结业", "activity": "参加活动", "volunteer": "志愿服务",
    "certificate": "证书", "subject": "学历课程",
}  # fmt: skip
ROLES = {"seat": "坐席", "supervisor": "班长", "editor": "知识编辑", "administrator": "管理员", "auditor": "审计"}
LANGUAGES = {"zh": "中文", "en": "英文"}
STATES = {"active": "正常", "lost": "挂失", "void": "注销"}

ORGANISATION = naming("organisation")
CENTRE = BookSheet(
    "centre", "中心", "中心叫什么、怎么找。第一列不要改", "What the centre is called. Leave the first column as it is.",
    (
        PageColumn("item", "项目", TEXT, "给定的，请不要改", "Given: do not change it.", 14),
        PageColumn("zh", "内容", TEXT, "中文的说法；颜色如 #0b6e5f；标志写图片文件的路径，空着不变", "In Chinese; colours as #0b6e5f; 标志 names a file.", 44),
        PageColumn("en", "英文", TEXT, "英文的说法；没有英文的行空着", "In English, where the row has one.", 44),
    ), "centre",
)  # fmt: skip
ORGANISATIONS = BookSheet(
    "organisations", "机构", "学院、学校、站点，一行一个；开放时间写在“开放时间”表", "The college, schools and sites, a row each; their hours are on 开放时间.",
    (
        _id("organisation"),
        PageColumn("name", "名称", TEXT, "全称", "Its full name.", 26),
        PageColumn("level", "级别", choice(LEVELS), "学院（总部，一个）、学校或站点", "The college (one), a school or a site.", 8),
        PageColumn("parent", "上级", ORGANISATION, "归哪个机构管；学院空着", "What it belongs to; empty for the college.", 26),
        PageColumn("aliases", "别名", WORDS, "居民怎么叫它，用顿号隔开", "What residents call it, with 、 between.", 36),
        PageColumn("address", "地址", TEXT, "门牌号写全", "The whole address.", 34),
        PageColumn("route", "怎么走", TEXT, "公交、地铁、停车；可以空着", "How to get there; may be empty.", 40),
        PageColumn("phone", "电话", TEXT, "居民打的电话，如 0571-88001234", "The number for residents, e.g. 0571-88001234.", 16),
        PageColumn("computers", "电脑数", WHOLE, "居民能用几台电脑；空着是 0", "Computers for residents; empty: 0.", 8),
        PageColumn("facilities", "设施", TEXT, "有什么；空着就是没有登记", "What there is; empty: not on record.", 36, UNWRITTEN),
        PageColumn("accessible", "无障碍", TEXT, "轮椅能不能进；空着就是没有登记", "Whether wheelchairs can enter; empty: not on record.", 36, UNWRITTEN),
        PageColumn("certifies", "认证点", YES, "是不是刷卡认证点；空着是否", "Whether attendance is swiped here; empty: no.", 8),
        PageColumn("redeems", "兑换点", YES, "能不能兑换；空着是否", "Whether points are redeemed here; empty: no.", 8),
        PageColumn("north", "北纬", DECIMAL, "度，如 36.1234；空着就不参加“离我最近”", "Degrees; empty: not offered as the nearest.", 10, 0.0),
        PageColumn("east", "东经", DECIMAL, "度，如 103.5678", "Degrees.", 10, 0.0),
        PageColumn("checked_on", "核对日期", DAY, "哪天核对过；空着是今天", "When it was looked at last; empty: today.", 12),
        _english("name", "英文名", "名称"), _english("address", "英文地址", "地址"),
        _english("route", "英文怎么走", "走法"), _english("facilities", "英文设施", "设施"),
        _english("accessible", "英文无障碍", "无障碍情况"),
    ), "organisation",
)  # fmt: skip
_SPANS = (
    PageColumn("opens", "开门", CLOCK, "如 08:30", "E.g. 08:30.", 9),
    PageColumn("closes", "关门", CLOCK, "如 12:00；不休息就写到晚上", "E.g. 12:00.", 9),
    PageColumn(
        "opens_again",
        "再开门",
        CLOCK,
        "中间休息的，下午几点开；不休息空着",
        "After a break; empty where there is none.",
        9,
    ),
    PageColumn("closes_again", "再关门", CLOCK, "下午几点关", "When it closes after the break.", 9),
)
HOURS = BookSheet(
    "hours", "开放时间", "每个机构平常的一周，时间相同的几天一行", "The week of each place, a row for days with the same hours.",
    (
        PageColumn("owner", "机构", ORGANISATION, "从列表里选", "Choose from the list.", 26),
        PageColumn("days", "星期", WEEKDAYS, "如 周一到周五，或 周六、周日", "E.g. 周一到周五, or 6、7.", 16, None, COMMON_WEEKDAYS),
        *_SPANS,
    ), "organisation", "hours",
)  # fmt: skip
SPECIAL_DAYS = BookSheet(
    "special_days", "特殊日子", "放假、节日、调休：和平常不一样的日子", "Holidays, festivals and the like: days that differ from the week.",
    (
        PageColumn("owner", "机构", ORGANISATION, "从列表里选；空着就是所有机构", "Choose from the list; empty: all of them.", 26),
        PageColumn("day", "日期", DAY, "如 2027-02-06", "E.g. 2027-02-06.", 12),
        PageColumn("until", "到", DAY, "连着几天的，最后一天；一天的空着", "The last one of several days; empty: one day.", 12),
        PageColumn("reason", "事由", TEXT, "如 春节闭馆", "E.g. 春节闭馆.", 24),
        *_SPANS,
        PageColumn("en", "英文事由", TEXT, "英文的事由；空着就说中文", "The reason in English; empty: Chinese.", 24),
    ), "organisation", "special_days",
)  # fmt: skip


def _headings(what: str, english: str) -> tuple[PageColumn, ...]:
    return (
        _id(english),
        PageColumn("name", "名称", TEXT, f"如 {what}", f"E.g. {what}.", 22),
        PageColumn(
            "aliases", "别名", WORDS, "居民怎么叫它，用顿号隔开", "What residents call it, with 、 between.", 40
        ),
        _english("name", "英文名", "名称"),
    )


THEMES = BookSheet(
    "themes", "课程主题", "课程分哪几类，居民怎么叫；“课程”表的“主题”从这里选", "What courses are about, and what residents call it; chosen from on 课程.",
    _headings("汽修", "theme"), "theme",
)  # fmt: skip
COURSES = BookSheet(
    "courses", "课程", "开什么课；什么时候在哪里上，写在“班级”表", "What is taught; when and where is on 班级.",
    (
        _id("course"),
        PageColumn("name", "名称", TEXT, "课程名", "Its name.", 22),
        PageColumn("theme", "主题", TEXT, "哪一类：从“课程主题”表里选；别的词也行", "What it is about: choose from 课程主题; other words will do.", 18,
                   named="theme"),
        PageColumn("aliases", "别名", WORDS, "居民怎么叫它，用顿号隔开", "What residents call it, with 、 between.", 34),
        PageColumn("level", "层次", TEXT, "自己定", "Words of your own.", 10, None, ("零基础", "初级", "中级", "高级")),
        PageColumn("prerequisite", "基础要求", TEXT, "要先会什么；空着就是没有登记", "What one has to know before; empty: not on record.", 26, UNWRITTEN),
        PageColumn("mode", "形式", choice(MODES), "线上、线下或线上线下；空着是线下", "Online, in a class, or both; empty: in a class.", 10, "线下"),
        PageColumn("summary", "简介", TEXT, "一两句话", "A sentence or two.", 40),
        PageColumn("assessment", "考核", TEXT, "怎么结业；空着就是没有登记", "How one finishes; empty: not on record.", 40, UNWRITTEN),
        _english("name", "英文名", "名称"), _english("prerequisite", "英文基础要求", "基础要求"),
        _english("summary", "英文简介", "简介"), _english("assessment", "英文考核", "考核"),
    ), "course",
)  # fmt: skip
LESSONS = BookSheet(
    "lessons", "微课", "课程的网上微课，按顺序一行一节", "The online lessons of a course, in their order.",
    (
        PageColumn("owner", "课程", naming("course"), "从列表里选", "Choose from the list.", 22),
        PageColumn("title", "标题", TEXT, "一节课讲一件事", "What it is about.", 30),
        PageColumn("minutes", "分钟", WHOLE, "最多 15 分钟", "15 at most.", 8),
        PageColumn("en", "英文标题", TEXT, "英文的标题；空着就说中文", "The title in English.", 30),
    ), "course", "lessons",
)  # fmt: skip
CLASSES = BookSheet(
    "classes", "班级", "什么课、在哪里、哪天开班", "Which course, where, from which day on.",
    (
        _id("class"),
        PageColumn("name", "名称", TEXT, "班级名；同名的要写编号", "Its name; those of one name need an id.", 28),
        PageColumn("course", "课程", naming("course"), "从列表里选", "Choose from the list.", 20),
        PageColumn("organisation", "机构", ORGANISATION, "在哪里上，从列表里选", "Where it is; choose from the list.", 26),
        PageColumn(
            "first_day", "开班日期", DAY, "从这天起的第一个上课日是第一次课；闭馆和法定节假日不上，往后顺延",
            "The first session is on the first class day from here on; closed days and public holidays are made up for.", 12,
        ),
        PageColumn("sessions", "次数", WHOLE, "一共上几次，最多 60", "How many sessions, 60 at most.", 8),
        PageColumn("days", "上课星期", WEEKDAYS, "如 周二、周四", "E.g. 周二、周四.", 14, None, COMMON_WEEKDAYS),
        PageColumn("starts", "上课", CLOCK, "如 09:00", "E.g. 09:00.", 8),
        PageColumn("ends", "下课", CLOCK, "如 10:30", "E.g. 10:30.", 8),
        PageColumn("room", "教室", TEXT, "哪一间；空着就是没有登记", "Which room; empty: not on record.", 14, UNWRITTEN),
        PageColumn("teacher", "老师", TEXT, "如 王老师；空着就是没有登记", "Who teaches; empty: not on record.", 14, UNWRITTEN),
        PageColumn("capacity", "名额", WHOLE, "一共几个名额，最多 500", "Places, 500 at most.", 8),
        PageColumn("enrolled", "已报", WHOLE, "在这里报名之前已经报了几个；空着是 0", "Places taken before enrolment here; empty: 0.", 8),
        PageColumn("waiting", "候补", WHOLE, "已经在候补的；空着是 0", "Already on the waiting list; empty: 0.", 8),
        PageColumn("fee", "学费", WHOLE, "元；空着是免费", "Yuan; empty: free.", 8),
        PageColumn("material_fee", "教材费", WHOLE, "元；空着是 0", "Yuan; empty: 0.", 8),
        PageColumn("audience", "对象", TEXT, "如 中老年、所有成人", "For whom, e.g. all adults.", 14),
        PageColumn("eligibility", "报名条件", TEXT, "户籍、年龄、减免，照实说；都没有就写 不限", "Conditions and exemptions; write 不限 where there are none.", 40),
        PageColumn("youngest", "最小年龄", WHOLE, "周岁；不限空着", "Years of age; empty: none.", 9),
        PageColumn("oldest", "最大年龄", WHOLE, "周岁；不限空着", "Years of age; empty: none.", 9),
        PageColumn("materials", "带什么", TEXT, "报名带什么；空着就是没有登记", "What to bring; empty: not on record.", 26, UNWRITTEN),
        PageColumn("enrol_from", "报名开始", DAY, "从哪天起能报", "The first day of enrolment.", 12),
        PageColumn("enrol_until", "报名截止", DAY, "到哪天止", "The last one.", 12),
        PageColumn("village", "送教下乡", YES, "空着是否", "Taught in a village; empty: no.", 9),
        PageColumn("ballot", "抽签", YES, "报名结束后抽签，不是先到先得；空着是否", "Places are drawn by lot; empty: no.", 8),
        PageColumn("minors", "收儿童", YES, "能不能由监护人给 14 岁以下的报；空着是否", "Under-14s, by their guardian; empty: no.", 8),
        PageColumn("schools", "限定学校", naming_several("organisation"),
               "只收哪些学校的学员，用顿号隔开；不限空着", "Only learners of these, with 、 between; empty: all.", 26),
        _english("name", "英文名", "名称"), _english("room", "英文教室", "教室"), _english("teacher", "英文老师", "老师"),
        _english("eligibility", "英文报名条件", "报名条件"), _english("materials", "英文带什么", "要带的东西"),
    ), "class",
)  # fmt: skip
ACTIVITIES = BookSheet(
    "activities", "活动", "讲座、开放日、活动周", "Lectures, open days, campaigns.",
    (
        _id("activity"),
        PageColumn("name", "名称", TEXT, "活动名", "Its name.", 28),
        PageColumn("organisation", "机构", ORGANISATION, "谁办的，从列表里选", "Who holds it; choose from the list.", 26),
        PageColumn("first_day", "日期", DAY, "第一天", "The first day.", 12),
        PageColumn("last_day", "到", DAY, "最后一天；一天的空着", "The last day; empty: one day.", 12),
        PageColumn("starts", "开始", CLOCK, "如 09:00", "E.g. 09:00.", 8),
        PageColumn("ends", "结束", CLOCK, "如 11:30", "E.g. 11:30.", 8),
        PageColumn("place", "地点", TEXT, "在哪里", "Where.", 20),
        PageColumn("summary", "内容", TEXT, "一两句话", "A sentence or two.", 40),
        PageColumn("enrol", "怎么参加", TEXT, "如 不用报名，直接来；空着就是没有登记", "How to take part; empty: not on record.", 24, UNWRITTEN),
        PageColumn("campaign", "所属活动", TEXT, "属于哪个大活动，如 全民终身学习活动周；没有空着", "The campaign it belongs to; may be empty.", 22),
        _english("name", "英文名", "名称"), _english("place", "英文地点", "地点"), _english("summary", "英文内容", "内容"),
        _english("enrol", "英文怎么参加", "参加办法"), _english("campaign", "英文所属活动", "所属活动"),
    ), "activity",
)  # fmt: skip
RULES = BookSheet(
    "rules", "学分规则", "居民问“怎么得学分”时说的话；系统怎么算，写在“学分计算”表", "What is said about earning credits; how they are reckoned is on 学分计算.",
    (
        _id("rule"),
        PageColumn("name", "名称", TEXT, "哪种学习", "The kind of learning.", 30),
        PageColumn("credits", "怎么得", TEXT, "如 每次1学分", "E.g. 每次1学分.", 30),
        PageColumn("cap", "上限", TEXT, "如 每天最多2学分", "E.g. 每天最多2学分.", 24),
        PageColumn("version", "依据", TEXT, "哪个文件、哪一版，回答里会说出来", "The document and its version: answers quote it.", 34),
        PageColumn("valid_from", "生效日期", DAY, "从哪天起", "From which day.", 12),
    ), "rule",
)  # fmt: skip
BANK = BookSheet(
    "bank", "学分计算", "系统怎么算学分和积分：一个版本几行，每种学习一行；后三列每个版本写一次就行",
    "How credits and points are reckoned: a row for each kind of learning of a version; the last three columns once a version.",
    (
        _id("version"),
        PageColumn("version", "依据", TEXT, "哪个文件、哪一版；每笔账上都写它", "The document and its version: every entry of the ledger names it.", 34),
        PageColumn("valid_from", "生效日期", DAY, "从哪天起", "From which day.", 12),
        PageColumn("what", "学习种类", TEXT, "从列表里选，也可以自己加", "Choose from the list, or add your own.", 14, None, tuple(EARNINGS.values())),
        PageColumn("credits", "学分", DECIMAL, "一次得几学分，最多一位小数", "Credits for one time, one decimal at most.", 8),
        PageColumn("minutes", "每几分钟", WHOLE, "按时长算的，满几分钟算一次；按次算的空着", "Minutes that count as one time; empty: by times.", 10),
        PageColumn("cap", "上限", DECIMAL, "一段时间里最多几学分", "The most in a period.", 8),
        PageColumn("per", "多长时间", choice(PERIODS), "每天、每月或每年", "A day, a month or a year.", 10),
        PageColumn("points_per_credit", "一学分换几积分", WHOLE, "如 10", "E.g. 10.", 14),
        PageColumn("points_last_years", "积分几年有效", WHOLE, "如 2：第二年年底失效", "Years until points lapse, at the end of a year.", 14),
        PageColumn("order_days", "兑换留几天", WHOLE, "兑换的东西留几天，过期退回积分", "Days that an order is kept.", 12),
    ), "bank",
)  # fmt: skip
CATEGORIES = BookSheet(
    "categories", "物品类别", "兑换的东西分哪几类，居民怎么叫；“兑换物品”表的“类别”从这里选",
    "Which kinds of things points buy, and what residents call them; chosen from on 兑换物品.",
    _headings("学习用品", "category"), "category",
)  # fmt: skip
ITEMS = BookSheet(
    "items", "兑换物品", "积分能换什么", "What points buy.",
    (
        _id("item"),
        PageColumn("name", "名称", TEXT, "如 笔记本10本", "E.g. 笔记本10本.", 28),
        PageColumn("category", "类别", TEXT, "从“物品类别”表里选；别的词也行", "Choose from 物品类别; other words will do.", 14, named="category"),
        PageColumn("points", "积分", WHOLE, "要几积分", "What it costs.", 8),
        PageColumn("stock", "库存", WHOLE, "还有几份；空着是 0", "How many there are; empty: 0.", 8, 0),
        _english("name", "英文名", "名称"),
    ), "item",
)  # fmt: skip
OFFICES = BookSheet(
    "offices", "其他部门", "不归我们管的事，找谁", "Who helps with what is not ours.",
    (
        _id("office"),
        PageColumn("name", "名称", TEXT, "如 政务服务便民热线", "E.g. 政务服务便民热线.", 28),
        PageColumn("phone", "电话", TEXT, "如 12345", "E.g. 12345.", 14),
        PageColumn("matters", "管什么事", WORDS, "居民会说的词，用顿号隔开", "Words that residents say, with 、 between.", 50, ()),
        _english("name", "英文名", "名称"), _english("phone", "英文电话", "电话"),
    ), "office",
)  # fmt: skip
TOPICS = BookSheet(
    "topics", "主题", "自己加的知识主题；系统自带的不用写", "Topics of your own; those that come with us are not listed.",
    (
        PageColumn("id", "编号", TEXT, "小写字母和数字，如 housing", "Small letters and figures, e.g. housing.", 16),
        PageColumn("zh", "名称", TEXT, "如 住宿", "E.g. 住宿.", 14),
        PageColumn("en", "英文名", TEXT, "如 housing", "E.g. housing.", 16),
        PageColumn("skill", "坐席技能", TEXT, "转人工时找有这项技能的坐席；空着谁都行", "The skill that a seat needs; empty: none.", 14),
        PageColumn("colour", "颜色", TEXT, "如 #0b6e5f；可以空着", "E.g. #0b6e5f; may be empty.", 10),
        PageColumn("also", "别名", WORDS, "表格里也可以写的名字", "Other names of it in tables.", 20),
    ), "topic",
)  # fmt: skip
KINDS_OF_ENTRY = {kind: head for head, kind in KINDS.items() if not head.isascii()}
QUESTIONS = BookSheet(
    "questions", "自有问题", "标准问题里没有的、本中心才有的问题：怎么问，怎么答；可以不写",
    "Questions of your own, beside the standard ones, with their answers; may stay empty.",
    (
        PageColumn("id", "编号", TEXT, "可以空着，由第一个问法定；导出的表里有，改问法时靠它认，请不要改",
                   "May stay empty: made of the first way to ask. Do not change that of an exported sheet.", 16),
        PageColumn("topic", "主题", TEXT, "从列表里选，也可以是“主题”表里的；空着是 课程答疑", "Choose from the list, or one of 主题; empty: courses.", 12, None,
                   tuple(each.zh for each in ours().values())),
        PageColumn("kind", "类型", choice(KINDS_OF_ENTRY), "空着是问答；有步骤的写 操作指导", "Empty: 问答 (answer); 操作指导 (guide) has steps.", 10),
        PageColumn("questions", "问题", TEXT, "居民会怎么问，一行一个（单元格里换行：Alt+Enter），多写几个；第一个是标题",
                   "How it is asked, one a line (Alt+Enter), the more the better; the first is its title.", 40),
        PageColumn("answer", "回答", TEXT, "显示在屏幕上的回答，最多 2000 字", "The answer on the screen, 2000 characters at most.", 60),
        PageColumn("spoken", "语音", TEXT, "电话里念的话；空着同“回答”", "What is said on the phone; empty: the answer.", 40),
        PageColumn("sms", "短信", TEXT, f"短信的话，最多 {SHORT} 字；空着取“回答”开头的整句",
                   f"The text message, {SHORT} characters at most; empty: the answer's first sentences.", 40),
        PageColumn("steps", "步骤", TEXT, "一步步教的，一行一步；“回答”是开头的话", "For guides: one step a line; the answer introduces them.", 44),
        PageColumn("en_question", "英文问题", TEXT, "问题的英文，列出来给人选时用；有英文回答才写",
                   "What it is offered as in English; with an English answer only.", 40),
        PageColumn("en_answer", "英文回答", TEXT, "空着就用中文。数字要和中文一致", "With the same figures; empty: the Chinese one.", 60),
        PageColumn("en_steps", "英文步骤", TEXT, "一行一步，和中文步骤一样多", "One a line, as many as in Chinese.", 44),
        PageColumn("source_en", "英文来源", TEXT, "来源的英文名；空着写中文", "The source's name in English; empty: the Chinese one.", 24),
        PageColumn("person", "转人工", YES, "说了回答还要请人接着办的，写“是”；空着照旧，新的是“否”", "是 (yes): a person goes on with it; empty: as it was.", 9),
        PageColumn("audience", "对象", TEXT, "对谁说的；空着是 所有居民", "For whom it is; empty: all residents.", 14),
        PageColumn("district", "地区", TEXT, "在哪里适用；空着是 本区", "Where it holds; empty: the district.", 12),
        PageColumn("source", "来源", TEXT, "依据什么文件或哪个部门；空着写“导入”", "The document or office behind it; empty: 导入.", 24),
        PageColumn("valid_from", "生效日期", DAY, "从哪天起；空着从今天起", "From which day; empty: today.", 12),
        PageColumn("valid_until", "失效日期", DAY, "到哪天止；空着一年", "Until which day; empty: a year.", 12),
        PageColumn("owner", "负责人", TEXT, "谁负责更新；空着是导入的人", "Who keeps it up to date; empty: whoever imports.", 14),
    ),
)  # fmt: skip
ANSWERS = BookSheet(
    "answers", "标准问题", "居民常问的问题：写回答，写多少算多少；空着的先不答", "What residents ask: answer as many as you like.",
    tuple(PageColumn(ANSWER_FIELDS[each.head], each.head, TEXT, each.zh, each.en, each.width) for each in TEMPLATE),
)  # fmt: skip
TEXTS = BookSheet(
    "texts", "自有文字", "用自己的话代替系统的话，如问候语；可以不写", "Texts said in words of your own, such as the greeting; may stay empty.",
    (
        PageColumn("key", "编号", TEXT, "哪句话，见坐席台“中心”页或 bot/texts/zh.yml", "Which text: desk → 中心, or bot/texts/zh.yml.", 22),
        PageColumn("language", "语言", choice(LANGUAGES), "中文或英文", "Chinese or English.", 8),
        PageColumn("text", "屏幕上", TEXT, "显示的话；花括号里的照抄，[[ ]] 里的没有登记就不说", "On the screen; keep braces; [[ ]]: only if on record.", 60),
        PageColumn("spoken", "电话里", TEXT, "念的话；空着同屏幕上的", "On the phone; empty: the same.", 50),
        PageColumn("short", "短信里", TEXT, "短信的话；空着同屏幕上的", "In a text message; empty: the same.", 50),
    ),
)  # fmt: skip
SEATS = BookSheet(
    "seats", "坐席", "在坐席台工作的人；新账号的一次性密码在导入时显示一次",
    "Who works at the desk; the one-time password of a new account is shown once, at the import.",
    (
        PageColumn("name", "用户名", TEXT, "登录用的，小写字母、数字或汉字，如 wang.li", "What they sign in with.", 16),
        PageColumn("shown", "显示名", TEXT, "居民和同事看到的；空着同用户名", "What others see; empty: the user name.", 16),
        PageColumn("role", "角色", choice(ROLES), "空着是坐席", "Empty: a seat.", 12, "seat"),
        PageColumn("skills", "技能", WORDS, "如 complaint、credit；空着什么都接", "E.g. complaint、credit; empty: any.", 24),
        PageColumn("langs", "语言", WORDS, "zh、en；空着是 zh", "zh、en; empty: zh.", 10, ("zh",)),
        PageColumn("capacity", "同时接几个", WHOLE, "文字会话同时几个；空着是 4", "Written talks at a time; empty: 4.", 12, 4),
        PageColumn("phone", "电话", NUMBER, "电话转到哪里，如 +861012345678；可以空着", "Where calls go, e.g. +861012345678.", 18),
        PageColumn("place", "机构", ORGANISATION, "只管哪个机构的工单；不限空着", "Whose tickets it answers; empty: all.", 26),
        PageColumn("active", "在用", YES, "空着是“是”", "Empty: yes.", 8, True),
    ),
)  # fmt: skip
LEARNERS = BookSheet(
    "learners", "学员", "学习卡和学员；姓名、电话导入时就加密", "Cards and learners; names and numbers are encrypted as they enter.",
    (
        PageColumn(
            "card", "卡号", NUMBER, "12 位数字，最后一位按 Luhn 算法（与银行卡相同，ISO/IEC 7812）由前 11 位算出，防输错；卡上号码不是这样的，请先另发卡号",
            "12 digits; the last is the Luhn check digit of the first eleven (as on bank cards, ISO/IEC 7812).", 16,
        ),
        PageColumn("name", "姓名", TEXT, "和证件一致", "As on their papers.", 12),
        PageColumn("phone", "手机", NUMBER, "收验证码的手机，11 位，如 13800138000", "The mobile phone for codes, e.g. 13800138000.", 14),
        PageColumn("school", "学校", ORGANISATION, "属于哪个机构；可以空着", "Which organisation they belong to; may be empty.", 26, ""),
        PageColumn("minor", "未成年", YES, "不满 14 周岁写“是”；空着是否", "Under 14; empty: no.", 8, False),
        PageColumn("status", "状态", choice(STATES), "正常、挂失、注销；空着是正常", "Active, lost or void; empty: active.", 8, "active"),
    ),
)  # fmt: skip
SHEETS: tuple[BookSheet, ...] = (
    CENTRE, ORGANISATIONS, HOURS, SPECIAL_DAYS, THEMES, COURSES, LESSONS, CLASSES, ACTIVITIES, RULES, BANK, CATEGORIES,
    ITEMS, OFFICES, TOPICS, ANSWERS, QUESTIONS, TEXTS, SEATS, LEARNERS,
)  # fmt: skip
BY_NAME = {name: sheet for sheet in SHEETS for name in (sheet.name, sheet.key)}
PERSONAL = frozenset({"seats", "learners"})  # what stands in them is not repeated in a message
HELP, LISTS = "说明", "选项"  # what stands in a workbook beside them

"""Words that make a message a red line, and words that make one look like it. Pure: text in, meaning out."""

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from bot.manners import IDIOMS, PLAYED

LIFE = ("emergency", "despair")


class Context(Enum):
    """What takes alarming words their alarm: a manner of speaking, something long over, a lesson or a book about it,
    something that is only supposed or asked for (what if, does the course teach it), what one has just said, what happened
    to others (in the news; once, so that one wants to learn what to do), what is played or made up, a fraud that failed."""

    IDIOM = "idiom"
    OVER = "over"
    TOPIC = "topic"
    SUPPOSED = "supposed"
    OWN_WORDS = "own words"
    OF_OTHERS = "of others"
    PLAYED = "played"
    FAILED = "failed"


class AlarmWords(NamedTuple):
    """The red line of some words, and the clause that holds them."""

    kind: str
    clause: str


_CLAUSES = re.compile(r"[,，。;；!！?？\n]+")
_KIN = "我妈|我爸|爹|娘|老伴|老人|老太|老头|老爷子|大爷|大妈|爷爷|奶奶|外公|外婆|孩子|小孩|娃|孙子|孙女|儿子|女儿|闺女|弟弟|妹妹|宝宝"
_PERSON = "人|爸|妈|父|母|爹|娘|老伴|老公|丈夫|妻|老婆|爷|奶|外公|外婆|哥|姐|弟|妹|儿|女|老头|姨|叔|舅|伯"
_NEAR = "老公|丈夫|男人|老婆|妻子|媳妇|对象|男朋友|女朋友|爸|妈|爹|娘|儿子|女儿|婆婆|公公|女婿|他|她"  # who may strike at home
_THINGS = "卡机包证匙伞课码书牌物杯件信息微师班业号"  # of things that are lost, and of messages that nobody answers
_NO_LEGACY = "名额|券|卡|书|教材|积分|学分|票|手机|退[^,，。]{0,3}[钱款费]"  # what is given away without a farewell
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (  # what has been swallowed, for whatever reason; who has gone and left a note
        "emergency",
        re.compile(
            r"(?:不接|关机|找不[到着]|联系不上|不见了)[^。]{0,12}(?:[条字]子|纸条|字条|遗书)|留了?[^,，。]{0,3}(?:条子|纸条|字条)[^。]{0,4}对不起|"
            r"[半一整]瓶[^,，。]{0,4}药[^,，。不没]{0,3}(?:吃|吞|喝)了(?!吗|没)"
            r"|(?:吃|吞|喝|服)(?:了|下|掉|光|完){1,3}(?:(?:[一整半两大]{1,2}(?:瓶|把|板|盒)|[几十百\d]{2,4}[片粒颗])[^,，。不没]{0,3}(?:安眠药|安定|农药|老鼠药)|(?:一整|整|一大|大)(?:瓶|把)[^,，。不没]{0,3}药)"
            r"|割[^,，。]{0,3}(?:手?腕|动脉)[^。]{0,8}(?:流|出|淌|冒|好多|全是|都是)[^,，。]{0,4}血|(?:安眠药|农药|老鼠药)[^,，。不没]{0,3}[都全](?:吃|吞|喝)了(?!吗|没)"
        ),
    ),
    (
        "despair",
        re.compile(
            r"(?:我|俺)(?:要是|如果|哪天|万一|哪一天)?(?:不在|没|走)了[^。]{0,40}对不起|不想再?活(?!动|络|跃|泼)|活着.{0,4}(没|有什么|有啥|还有什么).{0,2}(意思|意义|劲)|活着.{0,2}(太|好)?累|自杀|轻生|想不开|寻短见|跳楼|割腕"
            r"|(?<!被)(手腕|腕子).{0,3}(割|划)|(割|划).{0,3}(手腕|腕子)|结束(自己|我)的?生命|了结(自己|此生|一生)|活不下去|活够了|生无可恋|一了百了"
            r"|(坐|站|趴|翻|爬|跨)[^,，。]{0,8}(栏杆|护栏|女儿墙)[^,，。]{0,3}(外|那边|上面)|不如死|死了算了|想死|去死算|遗书"
            r"|(刀|刀片|圆规|玻璃片?)[^,，。]{0,3}(划|割|扎|刺)(?!破|伤|到|开|了一下)[^,，。]{0,2}自己(?!家|的)|自残|(?<![规计策谋筹])(划|割)自己(?!家|的)"
            r"|[拿用持][^,，。]{0,3}(刀|圆规|玻璃)[^,，。]{0,3}(划|割|扎|刺)(?!破|伤|到|开|了一下)[^,，。]{0,2}(胳膊|手臂|大腿)(?![^。]*血)"
            r"|(攒|囤|存|藏|留|备).{0,6}(安眠药|农药|老鼠药)|(安眠药|农药|老鼠药).{0,6}(攒|囤|备好|买好|买回来|一口|全吃|一瓶)"
            r"|kill myself|want to die|end my life|suicide|(don't|do not|no longer) want to live"
        ),
    ),
    (
        "emergency",
        re.compile(
            r"晕倒|晕过去|昏倒|昏迷|昏过去|休克|抽搐|抽风|心梗|心肌梗|脑溢血|心脏病.{0,3}(犯|发作|发了)|没有?(呼吸|脉搏|心跳)|没气了|喘不(上|过)来?气|上不来气"
            r"|流.{0,3}(好多|很多|好些|大量)血|大出血|血流不止|止不住血|噎住|触电|(?<!不)着火|起火|失火|冒烟|(?:油锅|锅里?|灶台?|厨房|窗帘)[^,，。]{0,3}烧起来|(煤气|燃气|天然气"
            r"|液化气).{0,8}(泄漏|漏了|漏气|味)|漏煤气|溺水|落水"
            r"|(?:叔叔|叔|伯伯|大爷|男人|男的|老头|大人|老师|教练|哥哥|别人|有人|那人|爷爷|舅舅|姨父|姑父|邻居)[^,，。]{0,10}(?:摸(?!摸?头|着石头|底|索)|脱|乱亲|强亲|扒)(?:了)?(?:我|俺)(?!的?(?:头(?!发里)|作业|书|手机|包|班|课))"
            rf"|({_NEAR})[^,，。]{{0,4}}(?:打|掐|踹|踢|扇|勒)我(?!们?的?(?:电话|手机|座机|号|微信|语音|视频|招呼|一?个|被|毯|扇|风|凉|表|球|毽)|[^,，。]{{0,4}}玩)"
            rf"|({_NEAR})[^,，。]{{0,2}}不[让准许][^,，。我]{{0,2}}我(?:出门|出去|上课|学|来|去)[^,，。]{{0,3}}[,，]?(?:就|还|又|也|要|老|总){{0,2}}打我(?!们?的?(?:电话|手机|微信|语音|视频))"
            r"|走[丢失]了.{0,3}[老孩娃人]|([老又正]|天天|往死里|动手)打(我|她)(?!们?的?(?:电话|手机|座机|号|微信|语音|视频|招呼|一?个))"
            rf"|({_NEAR})[^,，。]{{0,6}}(?:又|老是|喝[^,，。]{{0,3}}酒)[^,，。]{{0,3}}动手(?:了(?!做|修|写|画)|打)"
            r"|(?:热油|滚油|开水|滚水|热汤|沸水)[^,，。]{0,3}[泼浇烫倒溅][^,，。]{0,4}(?:身|脸|手|胳膊|腿|脚|脖)|被?家暴|救命|不省人事|(叫|喊)不(醒|应)"
            rf"|({_KIN}|妈妈|爸爸)[^,，。睡]{{0,3}}(不醒|醒不过?来|(?<![走爬跳搬学记背拿提跑骑唱教干做])不会?动了)|(?:突然|一下子|忽然)倒了?[^,，。]{0,3}不动了?|没反应了|(摔|跌)(倒|下|伤|了"
            r"|得).{0,8}(起不来|不能动|动不了|不动|不会动|骨折)|倒(在)?地.{0,4}(不动|不起)"
            r"|突然倒(下|地)|胸口.{0,4}(疼|痛|闷)得|快不行了|(?<!快)(?<!快要)中暑.{0,3}(了|倒)|(叫|喊|打|来).{0,3}救护车|(困|关|卡)在.{0,3}电梯|电梯[里内]?[^,，。]{0,2}出不[去来]|电梯.{0,4}(困住|关住|卡住)"
            rf"|({_KIN})[^,，。卡机包证钥匙伞课分码书牌衣物杯本号件]{{0,10}}(不见了|走丢|走失|没影了?|(找|寻)不(到|着)(人|了|他|她|啊|呀|$))"
            rf"|({_KIN})(?:(?!过年|放假|过节|加班)[^,，。]){{0,14}}没(?:回(?:家|来)|着家(?!里))[^。你师线服校窗台]{{0,6}}(?:联系不上|打不通|没人接|关机)(?!你们|老师|学校|中心|[^。]*(?:验证码|报名))"
            rf"|({_KIN})[^,，。]{{0,6}}(?:糊涂|痴呆|迷糊|记不得|认不得|不记事)(?:[^。]{{0,40}}[,，])?[^,，。{_THINGS}]{{0,14}}(?:没影|没个?影|没回(?![我复信])|没见人(?![发回])|不见了|还没到家)"
            rf"|({_KIN})[^,，。]{{0,6}}(?:糊涂|痴呆|迷糊|记不得|认不得|不记事)[^。]{{0,40}}(?:出[去门]|走|逛|散步|溜达)[^,，。]{{0,10}}(?:没影|没个?影|没回[来家]|没到家)"
            r"|(?<!钥匙)(?<!室门)[锁关](?:在|进)?[^,，。门窗]{0,4}(?:屋|房|家)[^。]{0,8}[不没]给[^,，。]{0,3}(?:饭(?![钱票卡费])|吃|水(?![电费])|喝)"
            r"|(?:掐|打|踹|踢|揍|拧)[^。]{0,10}青一块紫一块|(?:蘑菇|菌子|野菜|草药|药酒|方子)(?:(?!治[手脚舌嘴麻])[^。]){0,14}(?:舌头|嘴唇?|手脚)[^,，。不]{0,2}麻|(?:蘑菇|菌子)[^。]{0,12}(?:看见小人|头晕|恶心|拉肚子|吐)"
            r"|胸口?[^,，。]{0,8}(?:压|闷|疼|痛|紧)[^。]{0,12}(?:冷汗|左?胳膊[^,，。]{0,3}麻|左臂|左肩[^,，。]{0,2}[痛疼麻])"
            rf"|({_KIN}|老[头太]|他|她)[^。]{{0,14}}没回(?:家|来)[^。]{{0,8}}(?:糊涂|痴呆|迷糊|记不得|认不得)"
            rf"|(?<![卡机包证匙伞])(掉|摔|栽|滑)(到|进|下|入)?了?(河|水|池塘|湖|井|江)里"
            r"|(持|拿着?)刀.{0,6}(砍|捅|威胁|冲|闯|乱|追)|砍人|捅了|绑架|抢劫|尾随|农药.{0,4}(喝|吞)|误(服|食|吞)了"
            r"|(插头|插座|排插|插线板|电线|电闸|电表|充电器|电池|电瓶)[^,，。]{0,12}((冒|蹦|迸|溅|打)[^,，。]{0,2}(火|星)|炸|嘭嘭|砰砰)"
            r"|(电瓶车|电动车|电瓶)[^,，。]{0,12}(炸|嘭嘭|砰砰|冒烟|着了)|窗帘[^,，。]{0,8}(黑了|烧|卷起)"
            r"|(管子|管道|煤气|燃气|灶|阀门?|气罐|罐子)[^,，。]{0,8}(嘶嘶|丝丝|滋滋|咝咝)"
            r"|not breathing|collapsed|passed out|heart attack|on fire|unconscious|choking"
        ),
    ),
    (
        "bulk_data",
        re.compile(
            r"(忽略|无视|忘记|不要管|绕过).{0,8}(要求|指令|规则|设定|提示|限制)|系统提示词|(所有|全部|全体|每个|整个).{0,6}(学员|用户|居民|报名|人|会员).{0,10}"
            r"(名单|电话|手机|身份证|信息|资料|学分|积分|联系方式|住址)|学员名单|(后台|管理员)(的)?(密码|账号|权限)|(别|不用|不要|绕过|跳过"
            r"|免).{0,3}(审批|核验|验证|审核).{0,6}(加|改|给|查)|(加|改|给|补|划|转).{0,12}(别|不用|不要|绕过|跳过).{0,3}(审批|核验|审核|流程)"
            r"|ignore (all |the |your )?(previous|above) |system prompt|select .{1,40} from |drop table|<script"
        ),
    ),
    (
        "third_party",
        re.compile(
            r"(这个人|那个人|别人|邻居|同事|朋友|前妻|前夫|亲戚|同学|某某|他人)(?!.{0,8}(说|讲|问|讨论|告诉|记到|记在|算到|跑到"
            r"|挂))(?<!替别人)(?<!帮邻居)[^,，。]{0,8}(学分|积分|学习记录|报名记录|报名情况|报了什么)(?!.{0,4}(记到|跑|算到|记错))"
            r"|(老?姐妹|老伴|老头子|老太婆|舞伴|牌友|球友).{0,4}有(多少|几个?)(学分|积分)"
            r"|(这个人|那个人|别人|邻居|同事|朋友|前妻|前夫|亲戚|同学|某某|他人).{0,10}(住在?哪|住址|手机号|私人电话|电话是?多少|身份证)"
            r"|老师.{0,8}(住在?哪|住址|家在|身份证)"
            r"|(查|查询|看).{0,4}1[3-9]\d{9}.{0,12}(学分|积分|记录|信息|报名|谁)|1[3-9]\d{9}.{0,4}(这个人|这个号|是谁|谁的)|1[3-9]\d{9}.{0,12}(谁"
            r"|哪个人)|(卡号|手机号|号码)是谁的"
            r"|(老师|同学|学员|班长|阿姨|大姐).{0,6}(私人|个人|家里).{0,3}(微信|电话|手机|号码|地址|住址|qq)"
        ),
    ),
    (
        "scam",
        re.compile(
            r"(电话|短信|微信|有人|有个人|链接|客服|自称|说是|冒充).{0,20}(交钱|转账|汇款|付款|打钱|转钱|保证金|手续费|验证码|银行卡|密码|买学分|换学分|点链接)"
            r"|(?:投资|理财|炒股|投了|抵押)[^。]{0,24}(?:平台|app|软件|群|网站|客服)[^,，。]{0,4}(?:打不开|登不[上了]|没了|跑路|关了|解散|联系不上|不见了)|(?<!讲座)(?<!课)以房养老(?!的?(?:讲座|课))[^。]{0,14}(?:公证|签字|签了|抵押|过户|房产证|房本)"
            r"|(扫|点)[^,，。]{0,4}(码|链接)[^。]{0,10}(钱|卡里|余额)[^,，。]{0,5}没有?了|(车祸|出事|住院|被抓|绑架)[^。]{0,12}(打钱|转钱|汇钱|汇款)|打钱.{0,12}不[许让准].{0,3}挂|冒充.{0,6}(你们|学习中心|中心|老师)|(是不是|算不算|会不会是?|怕是).{0,4}(诈骗|骗子|骗人|骗局)|被骗(了|钱)|(?:刷单|垫付|垫了[^,，。分]{0,6}[块元千万]|(?:做任务|投资|理财|网贷)[^。分课班]{0,8}[块元千万钱金])[^。分课班]{0,14}(?:提不(?:出|了)|取不(?:出|了)|提现不|不(?:让|给|能)提|要不回)|骗(了|走)我?.{0,4}钱|遇到骗子"
        ),
    ),
    (
        "deceased",
        re.compile(
            rf"(去世|过世|病故|病逝|离世|身故|亡故|不在人世|死亡证明|({_PERSON})[^,，。卡证包钥匙]{{0,3}}(死了|没了|走了|不在了)).{{0,20}}(学分|积分"
            rf"|账户|账号|学习卡|怎么处理|怎么办|报的班|通知|注销|继承)"
            r"|(已经|刚刚|刚|都|上个?月|去年)(去世|过世|病故|病逝|离世)|passed away|has died|(father|mother|wife|husband) died"
        ),
    ),
    (
        "minor",
        re.compile(r"我(还|就|们)?(是|系)[^,，。]{0,4}(小学生|小朋友|小孩|少先队员)|我(还)?在[^,，。]{0,6}[上读念]小学"),
    ),
    (
        "privacy_incident",
        re.compile(
            r"(身份证|手机号|电话|个人信息|信息|名字|姓名|住址|隐私|照片|资料|名单).{0,14}(泄露|泄漏|泄了|被.{0,4}看(到|见)|被公开|被曝光|公布出"
            r"|被公布|晒出|挂(到|在)网|放到?网上|卖了|外泄|能搜到)"
        ),
    ),
    (
        "data_request",
        re.compile(
            r"(删除?|删掉|清除|清空|清掉|抹掉|销毁).{0,6}我.{0,6}(信息|资料|数据|记录|档案|账号)|(把)?我的?(全部|所有|个人)?(信息|资料|数据"
            r"|记录).{0,8}(删|清|销毁)"
            r"|(撤回|撤销|取消|收回).{0,4}(授权|同意)|(查阅|导出|复制|拷贝|拿一份).{0,6}(个人|我的?|存的?).{0,6}(信息|数据|资料)|delete my (data|account)"
        ),
    ),
)  # fmt: skip

_REALLY = re.compile(
    r"真的?(?:晕|昏|倒|死|想|摔|伤|没|要|出|是|从|不)|不是(?:在?演|装|假|闹)|成真|来真的|刚才|刚刚|快来|救救|叫不|没气|流血"
    r"|我(?:自己|真|也(?!想?[学演报看]|要演|会演))|现在[^,，。]{0,4}(?:晕|倒|昏|不|没)"
)
_BEFORE = re.compile(
    r"年前|前[几两些]年|前年|去年|往年|前些年|早些年|以前|从前|曾经|当年|早年|年轻(?:的)?时候?|前阵子|有一回|小时候|上次|上回|上个?月|上学期|那年|那次|那会儿?|(?<![打转汇发寄走晕昏抽背])过去|住过院"
    r"|(?:晕|昏|摔|跌|犯|噎|触|淹|想)[^,，。]{0,3}过(?!去)"
)
# Who asks for a lesson, after what happened once.
_TO_LEARN = re.compile("[想要]学|哪[里儿]?(?:能|可以)?学|(?:有没有|有)[^,，。]{0,8}(?:课|班|培训|讲座)")
_WANTS_TO_LEARN = re.compile(
    "(?<!不)[想要]学(?!校)|教吗|教不教|有(?:课|班|地方)[学教听]?[没吗么不]|有没有(?:课|班|地方|人)?[学教]"
)
_IN_A_COURSE = re.compile("[课班][^,，。]{0,4}(?:教不教|教[吗么没]|讲不讲|讲[吗么没])")
_HOW = re.compile("咋|怎么|怎样|如何|那[个种]$")
_HEARSAY = re.compile("(?:听|据)(?:说|讲|人|别人|朋友|邻居)")
# What the news or a film tells of somebody: it happened to nobody here.
_SOMEBODY = "(?:有人|有个|有一个|有几个|一个|那个(?=[老人男女孩])|哪里|哪儿|某)"
_TOLD = re.compile(
    f"(?:新闻|抖音|快手|报纸|广播|朋友圈)(?:里面|里|上|说|讲|报|播|演|放){{0,3}}{_SOMEBODY}"
    "|(?:反诈骗?|防骗)(?:课|讲座|宣传|视频|片|手册)(?:上|里|中)?(?:说|讲|提|放)(?:的|到|过)"
    f"|(?:电视|视频|电影|短剧|小说)(?:剧|台)?(?:里面|里|上)?(?:说|讲|报|播|演|放|写){_SOMEBODY}"
)
_NOW_WANTS = re.compile("现在(?=想|要)")
_LONG_AGO = re.compile("(?<!前)年前|前年|去年|往年|当年|那年")
_ANY = re.compile(rf"(?:有|那|一|某)个(?:{_KIN}|学员|同学)")  # 那个老人, whom nobody here knows
_HERE = re.compile(rf"{_KIN}|{_NEAR}|我|俺|咱|隔壁|楼[上下道]|咋办|怎么办|快来|着急|联系不上|突然|跟前|旁边|身边|现场")
_FINE = re.compile(
    r"好了|利索|好多了|好转|恢复|没事|康复|痊愈|出院|治好|不碍事|没大碍|正常了|好得很|好着|挺好|救过来|救回来|缓过来|找回来|想开了|走出来|挺过来|开朗"
    r"|recovered|fine now"
)
_UNSURE = re.compile("是(?:不是)?(?:你们|真)|真的?假|真的吗|今[天早晚]|昨[天晚]|刚")
# Whom somebody has lost, who begins something new.
_MOURNED = re.compile(rf"(?:{_PERSON})[^,，。]{{0,8}}(?:去世|过世|离世|病逝|走了|走得早|没了|不在)")
_STARTS = re.compile(
    "(?<!不)想(?:来)?[学报捡练试]|捡起来|重新[学来开]|教不教|有(?:什么|啥|哪些)[^,，。]{0,4}[课班]|哪[里儿]?学|学点"
)
# How a fraud came to nothing.
_FAILED = re.compile(
    r"没(?:理|信|交|买|转|点|接|上当|搭理)|没给(?!我|退)|挂了|识破|(?<!没)(?<!没有)追回|抓[到住]了|破了?案"
)
_AGAIN = re.compile(r"这次|这回|突然|又(?!好)|刚才|刚刚|现在[^,，。]{0,4}(?:晕|倒|昏|(?<![收开要用办教招])不)")
# Here a lesson is where something happens, not what is asked for.
_AT_CLASS = re.compile(
    r"(?:正|在)?[上讲听](?:着)?课|下课|课间|课上|课堂|课后|在[^,，。]{0,8}[课班](?:上|里)?|[这那]班人|班上|班里|班长|班主任|同班|下班|上班|加班"
    r"|[课班](?=.{0,3}(?:的|那个)?(?:老师|同学|学员))"
    r"|[课班][^,，。]{0,4}(?:不[上去来]了|别等我|退了|停了)"  # one that is given up
    r"|看着?(?:新闻|电视|电影)"
)
_TOPICS = re.compile(
    r"课|班|培训|讲座|讲坛|讲不讲|讲(?!台).{0,6}(?:吗|嘛|么|不$)|教不教|教(?![室练师]).{0,8}(?:吗|嘛|么|不$)|学(?:学|点|习|会|个)?.{0,2}(?:急救|自救|怎么|如何)|怎么学|(?<!不)[想要]学(?!校|生)|教的|预防|[会要]练|怎么救人|怎么逃生"
    r"|防(?:触电|跌|摔|走失|火|溺|骗|诈|煤气|中暑|噎|身|灾|震|自杀)|演练|演习|消防|知识|科普|电影|新闻|电视[里上]|小说|这本书|读书会|电视剧|短剧|(?<!游)戏|纪录片|志愿|技能|证书"
)
_SUPPOSED = re.compile(
    r"(?:蜇|咬|砸|碰|撞|绊|烫|伤|吓)[到着]人(?!了)[^,，。]{0,2}(?:怎么办|咋办|咋整|找谁|算谁|谁负责)|(?:万一|如果|要是)(?!(?:不在|没|走)了)|假如|假设|假使|倘若|(?:遇到|碰到|遇上|碰上).{0,12}(?:怎么|咋|如何|该)|(?:的话|的时候|时)(?:怎么|该|要|应该)|讲不讲|教不教"
    r"|(?:学|干|做|练|打|跳)[^,，。我]{0,6}(?:容易|会不会|怕)|(?:打|练|学|跳|做)[^,，。]{1,5}(?:碍(?:不碍)?事|要不?要?紧|妨事|吃得消)|(?:心梗|中风|脑溢血|休克)(?:之?前)?(?:一般|都|就)?会"
    r"|会不会[讲教]|有没有[讲教]|[讲教][^,，。]{0,8}(?:怎么|如何|咋)|what if|in case"
)
_OWN_WORDS = re.compile(
    r"(刚才|刚刚|上面|上一?[句条]|[那这]一?[句条]|打错|发错|说错|写错|聊天|对话|消息)[^,，。]{0,6}(删|撤|不算|作废)"
    r"|(删|撤)[^,，。]{0,4}(刚才|上一?[句条]|[那这]一?[句条]|消息)"
)
_NOW = re.compile(r"现在|正在|已经|刚才|刚刚|快来|快点|赶紧|救救|救命|马上|right now|help")

_OVER = re.compile(
    r"(救护车|消防车?|警察|医生|大夫|120|119|110|民警|车|人).{0,3}(来了|到了|来啦|到啦|赶到|赶来)|醒(了|过来)|缓过来|好(多|些|点|转)|没事(了|儿)?|没大碍|脱险"
    r"|(火|烟)(灭|熄|扑灭|散|小)了|灭(了|掉)|(找|寻)(到|着|回来)(人)?了|找回来|出来了|得救|救(出|上)来|送(到|去|往|进|上).{0,4}(医院|急诊|救护车)|在医院|上车了"
    r"|打(过|了|通)(电话)?了|(已经|刚)打|ambulance (is here|came|arrived)|woke up|awake|is fine|(all )?safe now|they('re| are) here"
)
_WORSE = re.compile(
    r"但|可是|不过|只是|就是|却|还(在|是|没|不|有)|又(?!好|能|会)|仍|更|越来越|另(一|外)|没(呼吸|反应|知觉|意识)|不(动|行|对)"
    r"|(?<!不)(?<!没)(吐|流血|出血|抽|晕|昏|疼|痛|难受|喘|烧)"
    r"|\bbut\b|\bstill\b|again|worse|another"
)
_UNHURT = re.compile("没有?(?:什么)?(?:生命)?危险|没有?受?伤(?:到|着)?(?!口)")
# Not only that help has come; and what takes that back.
_WELL = re.compile(
    r"醒|缓过来|好(?:多|些|点|转|了)|没事|没大碍|脱险|灭|熄|散了|找(?:到|着|回)|得救|救(?:出|上|下)|出来了|平安|恢复|awake|woke|fine|safe|found|better"
)
_NOT_WELL = re.compile(
    r"没(?!事|大碍|问题|什么|关系)|不(?!疼|痛|要紧|碍|用)|未|死|走了|伤(?!口)|\bnot\b|n't\b|dead|died"
)
# Words that say little by themselves: a farewell, a place to fall from, being a burden, a blow; whose affairs are asked about.
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊陆郝孔白"
    "崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
)
_HINTS = {
    "emergency": re.compile(
        "被[^,，。]{0,4}车[^,，。]{0,2}[撞碰刮带轧压挂]|(?:今[早晚天]|刚|昨晚|突然|一下子)[^,，。]{0,4}倒了(?![\\d一二两三几]|水|垃圾|车)"
    ),
    "despair": re.compile(
        r"留恋|(?:猫|狗|鸟|鱼|花|娃|孩子|老妈|老爸)[^,，。]{0,6}(?:有人|托人|托付|交给|送人|送走)(?![^,，。]{0,3}[一两几三半][天周个])[^。]{0,10}我[,，]?(?:也)?(?:要|就|先|该)?走[了啦]"
        rf"|(?<![^,，。])(?:(?!{_NO_LEGACY})[^,，。]){{0,8}}[给留送转](?:(?!{_NO_LEGACY})[^,，。]){{0,8}}[,，]我?(?:以后|再也|反正|也)*用不[着上到]了"
        r"|瓶安眠药|最后一次[^,，。]{0,6}(?:说话|聊天|见)|药[^,，。]{0,6}[倒捏攥抓][^,，。]{0,4}手|(?:大|一|整)把药|(别|不用|不要|莫)(再)?(来)?(找|惦记|想|等|管)我|永别|后事|遗物|不回来了|(楼顶|天台|窗台|桥|河边|江边|湖边|铁轨)[^。]{0,6}(站|坐|风|走"
        r"|看)|(站|坐|趴)在[^,，。]{0,4}(楼顶|天台|窗台|窗边|桥|河边|江边|湖边|铁轨)"
        r"|心里[^,，。]{0,2}(?:难受|难过|堵得|苦得)|难过得[^,，。]{0,3}(?:很|不行|慌)|(?:只|就|老|总|天天)想哭"
        r"|解脱|了断|拖累|累赘|多余|没[有了]?(盼头|活头|指望|奔头|意义)|(熬|撑|捱|扛)不(下去|住)|不想(熬|撑|醒|存在)|消失|(今晚|过了今天|过了今晚"
        r"|明天).{0,4}(过后|以后|之后)?.{0,4}(不在|不用|没有我)|不用.{0,3}(记着|记得|惦记|管)我|没(有)?我.{0,6}(更好|轻松|也一样)"
    ),
    "third_party": re.compile(
        rf"(查|看|问|告诉|核实).{{0,6}}(?:[老小阿][{_SURNAMES}]|[{_SURNAMES}][一-鿿]{{1,2}})(?:的|拿|用|有|在|报|上|换|学)|(老公|老婆|丈夫|妻子|爱人"
        rf"|对象|女朋友|男朋友|前妻|前夫|婆婆|儿媳|女婿).{{0,12}}(在你们|来你们|报了|几点|什么时候|什么时间|跟谁|有没有来)"
    ),
}


_GONE = re.compile(
    r"把[^,，。]{0,8}(?:钱|块|万|元)[^,，。]{0,3}(?:转|汇|打)(?:过去|出去|走|给)|(转|汇|打|付|给|交|投|充|刷|扫|存|借|贷|骗走?|扣|划|寄|亏)[^,，。不没]{0,12}了(?!吗)|(钱|款|卡里|余额|账户).{0,6}(没有?了|少了|不见|取不出|提不出"
    r"|空了|被(转|划|扣|刷))|取不出|提不了现|拉黑|被骗(?!吗)|上当了"
    r"|(告诉|念给|报给|发给|说给|填|给).{0,6}(他|她|对方|人家|出去)了|(密码|验证码|卡号).{0,8}(说|给|报|念|发|告诉)[^,，。不没]{0,6}了|i('ve"
    r"| have)? (paid|sent|transferred)|already (paid|sent|transferred)|money is gone"
)
CALLED_FOR = re.compile(r"110|报(?:了|过)?警|电话|银行")  # what was rung is not what was lost


def is_gone(folded: str) -> bool:
    """Whether money or a code has been given away to somebody."""
    return _GONE.search(folded) is not None


def _in_earnest(folded: str) -> str:
    """A text without manners of speaking, and without what is played."""
    plain = IDIOMS.sub("", folded)
    return PLAYED.sub("", plain) if is_played(folded) else plain


@lru_cache(2048)
def is_played(folded: str) -> bool:
    """Whether what a text tells is of a play or a book, and has not come true."""
    return PLAYED.search(folded) is not None and _REALLY.search(folded) is None


@lru_cache(2048)
def hints_at(folded: str) -> tuple[str, ...]:
    """The red lines that words fit, though they would not do by themselves."""
    plain = _in_earnest(folded)
    return tuple(kind for kind, words in _HINTS.items() if words.search(plain))


@lru_cache(2048)
def words_of(folded: str) -> AlarmWords | None:
    """The red line whose words a text holds, and the clause that they stand in; manners of speaking and plays hold none."""
    plain = _in_earnest(folded)
    for kind, words in _WORDS:
        if found := words.search(plain):
            start = max((mark.end() for mark in _CLAUSES.finditer(plain, 0, found.start())), default=0)
            end = _CLAUSES.search(plain, found.end())
            return AlarmWords(kind, plain[start : end.start() if end else None])
    return None


def is_alarm(folded: str) -> bool:
    """Whether a text holds words of a danger to life."""
    said = words_of(folded)
    return said is not None and said.kind in LIFE


@lru_cache(2048)
def contexts(folded: str, said: AlarmWords | None) -> frozenset[Context]:
    """What makes a message look like a red line only. Where it holds the words of one, a lesson or a book takes those
    their alarm that stand in the same clause: whoever asks for a lesson behind them may be in danger all the same."""
    found = set()
    where = said.clause if said else folded
    if _OWN_WORDS.search(folded):
        found.add(Context.OWN_WORDS)
    if not said and not any(kind in LIFE for kind in hints_at(folded)):
        if IDIOMS.search(folded):
            found.add(Context.IDIOM)
        if is_played(folded):
            found.add(Context.PLAYED)
        if _MOURNED.search(folded) and _STARTS.search(folded):
            found.add(Context.OVER)
    if not _AGAIN.search(folded) and _BEFORE.search(folded):
        found |= {Context.OVER} if _FINE.search(folded) else set()
        found |= {Context.FAILED} if _FAILED.search(folded) and not _UNSURE.search(folded) else set()
    if (
        (said is None or said.kind in {*LIFE, "scam"})
        and not _NOW.search(_NOW_WANTS.sub("", folded))
        and _is_of_others(folded, where)
    ):
        found.add(Context.OF_OTHERS)
    if _TOPICS.search(_AT_CLASS.sub("", where)):
        found.add(Context.TOPIC)
    if _SUPPOSED.search(where) and not _NOW.search(folded):
        found.add(Context.SUPPOSED)
    return frozenset(found)


def _is_of_others(folded: str, clause: str) -> bool:
    """Whether danger is told of that the news told of, or that was once, by somebody who wants to learn what to do."""
    folded, clause = _ANY.sub("有人", folded), _ANY.sub("有人", clause)
    if told := _TOLD.search(folded):
        return _HERE.search(folded, told.end()) is None and _AGAIN.search(folded) is None
    if _HEARSAY.search(folded) and _BEFORE.search(clause) and not _AGAIN.search(folded):
        return _HERE.search(clause) is None
    long_ago = _LONG_AGO.search(clause) is not None
    once = long_ago or (_BEFORE.search(clause) and not _HERE.search(clause.replace("我们", "")))
    once = once and not _AGAIN.search(folded)
    return bool(once) and _TO_LEARN.search(folded.replace(clause, "")) is not None


def asks_to_be_taught(folded: str, said: AlarmWords | None) -> bool:
    """我想学救人，溺水了咋救那种: whether somebody wants to learn what to do, and asks how in the words of danger themselves, and
    nothing says that it is here and now."""
    if said is None or said.kind != "emergency" or not _WANTS_TO_LEARN.search(folded):
        return False
    if _IN_A_COURSE.search(said.clause) and not _HERE.search(folded):
        return True
    others = [each for each in _CLAUSES.split(folded) if not _WANTS_TO_LEARN.search(each)]
    here = any(_HERE.search(each) or _NOW.search(each) or _AGAIN.search(each) for each in others)
    return _HOW.search(said.clause) is not None and not here


def is_over(folded: str) -> bool:
    """Whether somebody tells that help has come, or that it is better, and nothing that is not."""
    told = _UNHURT.sub("没事", folded)
    if words_of(told) or any(kind in LIFE for kind in hints_at(told)):
        return False
    return _OVER.search(told) is not None and _WORSE.search(told) is None


def is_well(folded: str) -> bool:
    """Whether somebody tells that all is well, and not only that help has come."""
    told = _UNHURT.sub("没事", folded)
    return is_over(told) and _WELL.search(told) is not None and _NOT_WELL.search(told) is None

"""What is read of a mail: charsets, headers, quotes, questions; and what was written to hurt."""

import base64
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.vault import Vault
from bot.texts import Texts
from integrations.mail import authentication, plain, questions, quoting, reading
from integrations.mail.letters import Letters, OwnLetter, SentMail
from integrations.mail.rendering import subject
from tests import effort

ASKED = "请问书法班几点？"
QUOTED = {
    "QQ": '------------------ 原始邮件 ------------------\n发件人: "学习中心" <study@x.cn>;\n发送时间: 2026年11月20日(星期五) 上午10:00\n'
    '收件人: "a"<a@qq.com>;\n主题: Re: 书法\n\n旧的',
    "QQ, new": '------------------&nbsp;原始邮件&nbsp;------------------\n发件人:                                                         '
    '                                               "学习中心"\n收件人: a\n旧的'.replace("&nbsp;", "\xa0"),
    "163": '在 2026-11-20 10:00:00，"学习中心" <study@x.cn> 写道：\n旧的',
    "163, new": "---- 回复的原邮件 ----\n| 发件人 | 学习中心<study@x.cn> |\n| 日期 | 2026年11月20日 10:00 |\n| 收件人 | a@163.com |\n旧的",
    "126, older": "At 2026-11-20 10:00:00, \"study\" <study@x.cn> wrote:\n>旧的",
    "Foxmail": "a@qq.com\n \n发件人： 学习中心\n发送时间： 2026-11-20 10:00\n收件人： a@qq.com\n主题： Re: 书法\n旧的",
    "Outlook": "________________________________\n发件人: 学习中心 <study@x.cn>\n发送时间: 2026年11月20日 10:00\n收件人: a@outlook.com\n主题: Re\n旧的",
    "Outlook, classic": "-----邮件原件-----\n发件人: 学习中心 [mailto:study@x.cn]\n发送时间: 2026年11月20日 10:00\n旧的",
    "Outlook, English": "From: Centre <study@x.cn>\nSent: Friday, November 20, 2026 10:00 AM\nTo: a\nSubject: Re\n\nold",
    "Gmail": "学习中心 <study@x.cn> 于2026年11月20日周五 10:00写道：\n\n> 旧的",
    "Gmail, English, broken": "On Fri, Nov 20, 2026 at 10:00 AM Learning Centre of the District <study@x.cn>\nwrote:\n\n> old",
    "iPhone": "发自我的iPhone\n\n> 在 2026年11月20日，10:00，学习中心 <study@x.cn> 写道：\n> \n> 旧的",
    "Apple Mail": "> 2026年11月20日 10:00，学习中心 <study@x.cn> 写道：\n> 旧的",
    "Sina": "----- 原始邮件 -----\n发件人：学习中心 <study@x.cn>\n收件人：a@sina.com\n旧的",
    "forwarded by Gmail": "---------- Forwarded message ---------\n发件人： 学习中心 <study@x.cn>\nold",
}  # fmt: skip
SIGNED = [
    "-- \n王桂兰\n松江县", "发自我的iPhone", "来自我的小米手机", "发自新浪邮箱客户端", "签名由 网易邮箱大师 定制", "Sent from my Galaxy",
    "获取 Outlook for iOS", "此致\n敬礼！\n王桂兰\n2026年11月20日", "祝好\n王", "Best regards,\nAnn",
]  # fmt: skip


@pytest.mark.parametrize("program", QUOTED)
def test_what_is_quoted_is_set_aside(program: str) -> None:
    assert quoting.parted(f"{ASKED}\n\n{QUOTED[program]}").words == ASKED


def test_a_signature_is_set_aside_and_seats_have_it() -> None:
    for signed in SIGNED:
        assert quoting.parted(f"{ASKED}\n\n{signed}")[:2] == (ASKED, signed)


@pytest.mark.parametrize(
    "text",
    [
        "我在 2026年11月20日 报的名，从哪里看结果？", "From where can I see it?", "第一、主题：书法\n第二、时间：周三", "此致 这个词怎么念？\n谢谢，请问几点？",
        "祝您身体健康！另外请问\n祝好\n几点开课？", "- 书法\n- 太极", "他写道：人生苦短", "发件人写错了怎么办？",
        "您好\n从手机上怎么报名？", "您好\n来自华为的培训证书认不认？", "书法班有几个？\n——\n几点开课？", "我的邮箱是\nwang@home.test",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_quote_or_a_signature_stays(text: str) -> None:
    assert quoting.parted(text).words == text


def test_of_what_has_nothing_new_everything_is_read() -> None:
    between = "> 您问哪个班？\n"
    assert quoting.parted(between).words == between.strip()
    inline = quoting.parted("> 您问哪个班？\n周三的\n> 您的电话？\n不方便留")
    assert inline.words == "周三的\n不方便留"
    beneath = quoting.parted("On Fri, Nov 20, 2026 at 10:00 AM Centre <study@x.cn> wrote:\n\n> 您问哪个班？\n\n周三的")
    assert beneath.words == "周三的"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("您好，\n1. 积分会过期吗？\n2、书法班几点？\n谢谢！", ["积分会过期吗？", "书法班几点？"]),
        (
            "老师您好！我母亲68岁，想学书法。哪里有班？学费多少？谢谢",
            ["老师您好！我母亲68岁，想学书法。哪里有班？", "学费多少？"],
        ),
        ("(一) 报名\n要带什么\n(二) 退费", ["报名\n要带什么", "退费"]),
        ("见 https://a.cn/x?id=1 这个页面打不开", ["见 https://a.cn/x?id=1 这个页面打不开"]),
        ("我今年1.5小时的课", ["我今年1.5小时的课"]),
        ("几点开门？？！我爸晕倒了", ["几点开门？？\n！我爸晕倒了"]),
        ("您好\n电工班多少钱\n最近有什么班\n我要找人\n谢谢", ["电工班多少钱", "最近有什么班", "我要找人"]),
        ("我叫王军\n想问电工班\n多少钱", ["我叫王军\n想问电工班\n多少钱"]),
        ("电工班多少钱？\n我要找人", ["电工班多少钱？", "我要找人"]),
        ("您好", ["您好"]),
        ("", []),
    ],
)
def test_a_mail_is_parted_into_what_it_asks(text: str, asked: list[str]) -> None:
    assert questions.asked(text) == asked


@given(st.text(alphabet="您好谢1.、\n？?！第一问题a b", max_size=200))
def test_no_word_is_lost_between_questions(text: str) -> None:
    kept = [
        line
        for line in text.split("\n")
        if not questions._GREETING.fullmatch(line) and not questions._THANKS.fullmatch(line)
    ]
    said, parts = "".join("\n".join(kept).split()) or "".join(text.split()), questions.asked(text)
    left = "".join("".join(parts).split())
    assert len(parts) <= questions.MOST + 1
    assert len(said) - len(left) <= sum(len(item[0]) for line in kept if (item := questions._ITEM.match(line))) + 8


def encoded(text: str, charset: str, named: str, cte: str) -> bytes:
    body = text.encode(charset)
    carried = base64.encodebytes(body) if cte == "base64" else body
    return (
        f"From: a@b.test\r\nContent-Type: text/plain; charset={named}\r\nContent-Transfer-Encoding: {cte}\r\n\r\n".encode()
        + carried
    )


@pytest.mark.parametrize(
    ("charset", "named", "cte"),
    [
        ("gb18030", "gb2312", "base64"), ("gb18030", "GBK", "8bit"), ("gb18030", "utf-8", "8bit"), ("utf-8", "gb2312", "8bit"), ("utf-8", "big5", "base64"),
        ("utf-8", "x-unknown", "base64"), ("utf-8", '"utf8mb4"', "8bit"), ("gb18030", "unicode_escape", "8bit"),
        ("utf-8", "idna", "8bit"), ("utf-16", "utf-16", "base64"),
    ],
)  # fmt: skip
def test_a_charset_that_is_wrong_or_not_told_is_found_out(charset: str, named: str, cte: str) -> None:
    assert reading.read(encoded("请问書法班几点开课", charset, named, cte)).words == "请问書法班几点开课"


def test_other_charsets_of_chinese() -> None:
    assert reading.read(encoded("您好！ 你今天好吗？", "utf-8", "gbk", "base64")).words == "您好！ 你今天好吗？"
    assert reading.read(encoded("請問書法班", "big5", "big5", "8bit")).words == "請問書法班"
    assert reading.read(encoded("请问班", "hz", "hz-gb-2312", "7bit")).words == "请问班"


def test_one_wrong_byte_is_no_reason_to_read_all_wrongly() -> None:
    raw = encoded("请问书法班", "gb18030", "gb18030", "8bit") + b"\xff" + "几点".encode("gb18030")
    assert reading.read(raw).words.startswith("请问书法班")


def test_headers_as_people_write_them() -> None:
    raw = (
        b"From: \xcd\xf5\xb9\xf0\xc0\xbc <Wang@QQ.com>\r\n"
        + "Subject: 报名".encode("gb18030")
        + b"\r\nMessage-ID:\r\n <a@b>\r\nReferences: <1@b> junk\r\n\t<2@b><1@b>\r\nIn-Reply-To: <3@b>\r\n\r\nx"
    )
    mail = reading.read(raw)
    assert (mail.sender, mail.subject, mail.id, mail.refs) == (
        "wang@qq.com",
        "报名",
        "<a@b>",
        ("<1@b>", "<2@b>", "<3@b>"),
    )
    split = "=?GB2312?B?" + base64.b64encode("报名".encode("gb18030")[:3]).decode() + "?= =?GB2312?B?"
    split += base64.b64encode("报名".encode("gb18030")[3:]).decode() + "?="
    assert reading.read(f"From: =?utf-8?q?x?= <a@b.test>\nSubject: {split}\n\n".encode()).subject == "报名"
    assert reading.read(b"Subject: =?utf-8?B?5oql?= =?utf-8?B?!?= x\n\nx").subject.endswith("x")
    assert reading.read(b"From: <script>alert(1)</script>\n\nx").sender == ""
    assert reading.read(b"x").id == reading.read(b"x").id != reading.read(b"y").id, "what has no name gets one"


def test_html_is_made_safe_and_turned_into_text() -> None:
    source = (
        "<html><head><style>p{color:red}</style><title>t</title></head><body><p>请问&nbsp;书法班<b>几点</b>？</p><script>alert(1)</script>"
        "<div>1 &lt; 2<br>二</div><table><tr><td>a</td><td>b</td></tr></table><!-- x --><img src=x onerror=alert(1)>"
        "<blockquote><div>旧的</div><blockquote>更旧</blockquote></blockquote></body>"
    )
    assert plain.words(source) == "请问 书法班几点？\n1 < 2\n二\na b\n\n> 旧的\n\n> > 更旧"
    assert plain.words("<" * 50_000 + "x") != ""
    marked = (
        '<div>请问</div><div class="gmail_quote"><div>某人写的</div>x</div><div>几点</div><div id="isReplyContent">旧</div>'
        '<div class="gmail_signature">王</div>'
    )
    assert quoting.parted(plain.words(marked))[:2] == ("请问\n\n几点", "--\n王")


def test_text_is_read_before_html_and_what_came_with_it_is_listed() -> None:
    written = EmailMessage()
    written["From"] = "a@b.test"
    written.set_content("文字")
    written.add_alternative("<p>网页</p>", subtype="html")
    written.add_attachment(b"PK\x03\x04" * 600, maintype="application", subtype="zip", filename="表?.zip")
    written.add_attachment(EmailMessage())
    mail = reading.read(written.as_bytes())
    assert mail.words == "文字"
    assert mail.files == ("表?.zip（2 KB）", "一封转发的邮件")


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ("mx.centre.test; spf=pass smtp.mailfrom=a@b; dkim=pass header.d=b.test", "SPF 通过、DKIM 通过（b.test）"),
        ("mx.centre.test 1; spf=softfail (mx: dkim=pass (dmarc=pass))", "SPF 存疑"),
        ('mx.centre.test; spf=fail smtp.mailfrom="x; dkim=pass"@evil', "SPF 不通过"),
        ("evil.test; spf=pass", ""),
        ("mx.centre.test.evil.test; spf=pass", ""),
        ("", ""),
    ],
)
def test_only_the_server_that_receives_for_us_is_believed(results: str, found: str) -> None:
    assert authentication.findings({"authentication-results": results}, "mx.centre.test") == found
    assert authentication.findings({"authentication-results": results}, "") == ""


def test_of_two_results_the_topmost_counts() -> None:
    raw = b"Authentication-Results: mx; spf=fail\nAuthentication-Results: mx; spf=pass\nFrom: a@b.test\n\nx"
    assert authentication.findings(reading.read(raw).headers, "mx") == "SPF 不通过"


def test_subjects_bear_the_reference_once() -> None:
    for theirs in ("报名", "Re: 报名", "回复：Re: 报名 [1127-00001]", "Re[2]: 答复: 报名"):
        assert subject(theirs, "1127-00002") == "Re: 报名 [1127-00002]"


# -- what was written to hurt


def nested(depth: int) -> bytes:
    parts = [f"Content-Type: multipart/mixed; boundary={n}\n\n--{n}\n" for n in range(depth)]
    return b"From: a@b.test\n" + "".join(parts).encode() + b"Content-Type: text/plain\n\nx\n" * 20_000


def in_one_another(depth: int) -> bytes:
    return b"From: a@b.test\n" + b"Content-Type: message/rfc822\n\n" * depth + b"Subject: x\n\nx\n"


BOMBS = {
    "many levels": nested(3_000),
    "as many levels as are read": nested(reading.DEPTH - 1),
    "mails in mails": in_one_another(20_000),
    "a flood of headers": b"From: a@b.test\n" + b"X-A: b\n" * 400_000,
    "one header without end": b"From: a@b.test\nX: " + b"y" * 8_000_000,
    "a million recipients": b"From: a@b.test\nTo: " + b"a@b.test,\n " * 1_000_000 + b"\n\nx",
    "a header of quotes": b"From: a@b.test\nContent-Type: text/plain; " + b'";"' * 15_000 + b"\n\nx",
    "a part with a header of quotes": b"From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: a/b;" + b'";"' * 400_000,
    "a folded header": b"From: a@b.test\rContent-Type: text/plain; " + b'";"\n ' * 100_000 + b"\n\nx",
    "addresses in brackets": b"From: " + b"(" * 30_000 + b"\n\nx",
    "fifty megabytes of lines": b"From: a@b.test\n\n" + b"\n" * 50_000_000,
    "ten thousand parts": b"From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: a/b\n\nx\n" * 10_000,
    "a part of twenty megabytes": b"From: a@b.test\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"<div>" * 3_000_000),
    "tags without end": b"From: a@b.test\nContent-Type: text/html\n\n" + b"<blockquote>" * 100_000,
    "boundaries in one another": b"From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 58,
    "a word that is encoded without end": b"From: a@b.test\nSubject: " + b"=?utf-8?q?=41?= " * 4_000 + b"\n\nx",
    "names without end": b"From: a@b.test\nReferences: " + b"<a@b> " * 9_000 + b"\n\nx",
    "lines that go on without end": b"From: a@b.test\nContent-Type: text/plain; format=flowed; delsp=yes\n\n" + b"a \n" * 70_000 + b">" * 200_000,
    "rules without end": b"From: a@b.test\n\n" + b"--\n" * 60_000 + b"?\n",
    "asks without end": b"From: a@b.test\n\n" + b"1. a?\n" * 300_000,
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_little_and_leaves_something_to_read(bomb: str) -> None:
    assert effort.seconds(lambda name: _asked(reading.read(BOMBS[name]).words), bomb) < 3
    mail = reading.read(BOMBS[bomb])
    asked = _asked(mail.words)
    assert (len(mail.words) <= reading.WORDS, len(mail.files) <= reading.FILES + 1, len(mail.refs) <= 24) == (True,) * 3
    assert len(asked) <= questions.MOST + 1
    assert mail.sender == "" if bomb == "addresses in brackets" else mail.sender == "a@b.test"
    assert mail.odd in ("", *reading.ODD)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"From: ", b"a@b.test", b"\r\n", b"\n", b"Content-Type: ", b"multipart/mixed; boundary=", b"x", b"--x", b"--x--",
                b"text/html; charset=", b"gb2312", b'name*0="a"; name*=b', b"Content-Disposition: attachment; filename*=", b"utf-8''%E4",
                b"message/rfc822", b"message/delivery-status", b"Content-Transfer-Encoding: base64", b"=?gb2312?B?", b"?=", b"\xff\xce", b"Message-ID: <", b">",
                b"uuencode", b"begin 644 x\n", b";", b'"', b"\x00", b"quoted-printable", b"=E4=", b"Subject: ",
            ]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_whatever_comes_something_is_read(pieces: list[bytes]) -> None:
    mail = reading.read(b"".join(pieces))
    assert re.fullmatch(r"<[^<>\s]+>", mail.id)


def _asked(text: str) -> list[str]:
    return questions.asked(quoting.parted(text).words)


def test_reading_takes_longer_only_in_step_with_length() -> None:
    """Lines, questions and quotes are each looked at once."""
    for unit in (
        "From: ",
        "On 2",
        "\n",
        "发件人:\n",
        "1. a\n",
        "?",
        "您好",
        "-" * 31 + "\n",
        "第1",
        "<a@b>",
        "> ",
        "祝好\n",
        "   ",
        "请问" * 200,
    ):
        spent = []
        for times in (2_000, 8_000):
            text = unit * (times * 2 // len(unit))
            spent.append(min(effort.seconds(_asked, text) for _ in range(3)))
        assert all(after < 12 * before + 0.05 for before, after in pairwise(spent)), (unit, spent)


@pytest.mark.parametrize(
    "title", ["“书法班”还有名额吗？" * 9, ']^$#-099_?Y|* {.0?{\'%{[@]ab[^?Y?+|-+~&)b0-"90_ {c"XYZ[]']
)
def test_headers_of_ours_are_read_as_they_were_and_folded_as_lines_of_mail(title: str) -> None:
    letters = Letters(Texts(), Vault([b"k" * 32]), "study@centre.test")
    sent = letters.letter(SentMail(1, 2), OwnLetter(to="wang@home.test", subject=title, words="好", automatic=True))
    assert message_from_bytes(sent, policy=default)["Subject"] == title
    assert sent.count(b"\n") == sent.count(b"\r\n")


def test_a_mail_of_beginnings_is_read_at_once() -> None:
    """What is opened as signed and never ended: thousands of times in one mail."""
    assert effort.seconds(plain.unarmoured, "-----BEGIN PGP SIGNED MESSAGE-----\n\n" * 5_000) < 1

"""What stands before the parser: attacked with everything that has been seen or can be thought of."""

import base64
import itertools
import struct
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from wechatpy.crypto import WeChatCrypto

from daoxue.config import Config
from integrations.tencent.envelope import DroppedError, GateRefusedError, Keys, sign
from integrations.tencent.packing import Outgoing
from integrations.tencent.wire import parse
from integrations.wechat import messages
from integrations.wechat.gate import Gate, keys_of
from integrations.wechat.rendering import passive
from integrations.wechat.settings import WechatSecrets
from store.schema import dropped
from store.transaction import Statement
from tests.official import Official, official

_ALL_DROPPED = Statement(select(dropped.c.body))
APP, TOKEN = "wx0123456789abcdef", "spamtest"
AES = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_AES = "G" * 43
NOW = 1_795_000_000
_numbers = itertools.count(1)
TEXT = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oABC_-1]]></FromUserName>"
    "<CreateTime>1795000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>7</MsgId></xml>"
)


def gate(mode: str = "secure") -> Gate:
    return Gate(mode, APP, [Keys("WECHAT", TOKEN, AES)])  # type: ignore[arg-type]


def query(*, stamp: int = NOW, nonce: str = "123", token: str = TOKEN, **more: str) -> dict[str, str]:
    found = {"signature": sign(token, str(stamp), nonce), "timestamp": str(stamp), "nonce": nonce, **more}
    return {name: value for name, value in found.items() if value != ""}


def encrypted(xml: str | bytes, *, aes: str = AES, app: str = APP, token: str = TOKEN, length: int | None = None,
              pad: bytes | None = None, cut: int = 0) -> tuple[dict[str, str], bytes]:  # fmt: skip
    """As the platform does it, or as asked."""
    content = xml.encode() if isinstance(xml, str) else xml
    plain = b"r" * 16 + struct.pack("!I", len(content) if length is None else length) + content + app.encode()
    missing = 32 - len(plain) % 32
    plain += bytes([missing]) * missing if pad is None else pad * missing
    key = base64.b64decode(aes + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    cipher = base64.b64encode((encryptor.update(plain) + encryptor.finalize())[: len(plain) - cut]).decode()
    return signed(cipher, token)


def signed(cipher: str, token: str = TOKEN) -> tuple[dict[str, str], bytes]:
    parameters = query(token=token, encrypt_type="aes", msg_signature=sign(token, str(NOW), "123", cipher))
    return parameters, f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>".encode()


def outcome(parameters: dict[str, str], body: bytes, at: Gate | None = None) -> str:
    """accepted, refused or dropped; anything else is a defect."""
    at = at or gate()
    try:
        checked = at.parameters(urlencode(parameters).encode())
        received = at.open(checked, at.check(checked, NOW), body)
        messages.inbound(received, NOW * 1000)
    except GateRefusedError:
        return "refused"
    except DroppedError:
        return "dropped"
    return "accepted"


def test_the_platforms_own_example_of_a_signature() -> None:
    assert sign("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_what_another_implementation_encrypts_we_read_and_the_other_way_round() -> None:
    theirs = WeChatCrypto(TOKEN, AES, APP)
    sealed = theirs.encrypt_message(TEXT, "123", str(NOW))
    fields = parse(sealed)
    cipher = str(fields["Encrypt"])
    parameters = query(encrypt_type="aes", msg_signature=sign(TOKEN, str(NOW), "123", cipher))
    at = gate()
    received = at.open(parameters, at.check(parameters, NOW), sealed.encode())
    assert received.text("Content") == "你好"
    ours = at.sealed(received.keys, TEXT, NOW, "9")
    signature = str(parse(ours)["MsgSignature"])
    assert theirs.decrypt_message(ours, signature, str(NOW), "9") == TEXT


@pytest.mark.parametrize("count", range(70))
def test_every_length_of_padding(count: int) -> None:
    xml = TEXT.replace("你好", "x" * count)
    assert outcome(*encrypted(xml)) == "accepted"
    theirs, at = WeChatCrypto(TOKEN, AES, APP), gate()
    ours = at.sealed(Keys("WECHAT", TOKEN, AES), xml, NOW, "9")
    assert theirs.decrypt_message(ours, str(parse(ours)["MsgSignature"]), str(NOW), "9") == xml


def fields(**more: str) -> str:
    """A text message with some elements as given; empty ones are left out."""
    known = {
        "ToUserName": "<ToUserName>gh_1</ToUserName>", "FromUserName": "<FromUserName>oABC</FromUserName>",
        "CreateTime": "<CreateTime>1795000000</CreateTime>", "MsgType": "<MsgType>text</MsgType>",
        "Content": "<Content>x</Content>", "MsgId": "<MsgId>7</MsgId>",
    }  # fmt: skip
    return f"<xml>{''.join({**known, **more}.values())}</xml>"


BILLION = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>'
EXTERNAL = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><xml><Content>x</Content></xml>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>'
INSIDE: dict[str, tuple[str, str]] = {
    "a good one": (TEXT, "accepted"),
    "with a byte-order mark": ("\ufeff" + TEXT, "accepted"),
    "declared as gb2312": ('<?xml version="1.0" encoding="gb2312"?>' + TEXT, "accepted"),
    "billion laughs": (BILLION, "dropped"),
    "external document type": (EXTERNAL, "dropped"),
    "a file": (FILE, "dropped"),
    "white space around everything": (
        "<xml>\n<ToUserName> gh_1 </ToUserName>\n<FromUserName>\n<![CDATA[oABC]]>\n</FromUserName><CreateTime> 1 </CreateTime>"
        "<MsgType>\n<![CDATA[text]]>\n</MsgType><Content> x </Content><MsgId> 7 </MsgId></xml>",
        "accepted",
    ),
    "a document type that is typed": (fields(Content="<Content><![CDATA[<!DOCTYPE html>]]></Content>"), "accepted"),
    "control characters": (fields(Content="<Content><![CDATA[a\x08b\x1dc]]></Content>"), "accepted"),
    "the end of a CDATA, typed": (fields(Content="<Content><![CDATA[a]]>b]]></Content>"), "accepted"),
    "200 000 elements": ("<xml>" + "<a/>" * 200_000 + "</xml>", "dropped"),
    "20 000 deep": ("<xml>" + "<a>" * 20_000 + "</a>" * 20_000 + "</xml>", "dropped"),
    "nothing": ("<xml/>", "dropped"),
    "not XML": ("hello", "dropped"),
    "JSON": ('{"MsgType":"text"}', "dropped"),
    "another root": (TEXT.replace("xml>", "XML>"), "dropped"),
    "no MsgType": (fields(MsgType=""), "dropped"),
    "an empty MsgType": (fields(MsgType="<MsgType></MsgType>"), "dropped"),
    "MsgType twice": (fields(MsgType="<MsgType>text</MsgType><MsgType>image</MsgType>"), "dropped"),
    "MsgType with an attribute": (fields(MsgType='<MsgType a="1">text</MsgType>'), "dropped"),
    "EventKey twice": (
        fields(MsgType="<MsgType>event</MsgType><Event>subscribe</Event><EventKey>a</EventKey><EventKey>b</EventKey>"),
        "dropped",
    ),
    "MsgId of letters": (fields(MsgId="<MsgId>abc</MsgId>"), "dropped"),
    "MsgID": (fields(MsgId="<MsgID>77</MsgID>"), "accepted"),
    "no MsgId": (fields(MsgId=""), "accepted"),
    "CreateTime of 30 digits": (fields(CreateTime=f"<CreateTime>{'9' * 30}</CreateTime>"), "dropped"),
    "CreateTime of letters": (fields(CreateTime="<CreateTime>now</CreateTime>"), "dropped"),
    "no sender": (fields(FromUserName=""), "dropped"),
    "a sender that is none": (fields(FromUserName="<FromUserName><![CDATA[a]]&gt;<b>]]></FromUserName>"), "dropped"),
    "elements in Content": (fields(Content="<Content><b>x</b></Content>"), "dropped"),
    "an unknown type": (fields(MsgType="<MsgType>hologram</MsgType>"), "accepted"),
    "an unknown event": (fields(MsgType="<MsgType>event</MsgType><Event>x_y</Event>"), "accepted"),
    "a location that is none": (fields(MsgType="<MsgType>location</MsgType><Location_X>north</Location_X>"), "dropped"),
    "a location off the earth": (
        fields(MsgType="<MsgType>location</MsgType><Location_X>91</Location_X><Location_Y>0</Location_Y>"),
        "dropped",
    ),
}


@pytest.mark.parametrize("name", INSIDE)
def test_what_is_inside(name: str) -> None:
    xml, expected = INSIDE[name]
    assert outcome(*encrypted(xml)) == expected
    plain = outcome(query(), xml.encode(), gate("plain"))
    # In the clear nothing proves that the body is WeChat's: what cannot be read is refused.
    assert plain == expected or (plain == "refused" and expected == "dropped") or name.startswith("the end of")


def test_what_is_outside() -> None:
    good, body = encrypted(TEXT)
    cipher = str(parse(body.decode())["Encrypt"])
    raw = base64.b64decode(cipher)
    cases: dict[str, tuple[dict[str, str], bytes]] = {
        "no signature": ({**good, "signature": ""}, body),
        "another signature": ({**good, "signature": "0" * 40}, body),
        "no msg_signature": ({name: value for name, value in good.items() if name != "msg_signature"}, body),
        "the signature as msg_signature": ({**good, "msg_signature": good["signature"]}, body),
        "characters moved from the nonce to the time": (
            {**good, "timestamp": good["timestamp"] + "1", "nonce": good["nonce"][1:]}, body,
        ),
        "of 2014": (query(stamp=1_400_000_000, encrypt_type="aes", msg_signature=good["msg_signature"]), body),
        "ten minutes ahead": (query(stamp=NOW + 601, encrypt_type="aes", msg_signature=good["msg_signature"]), body),
        "another app inside": encrypted(TEXT, app="wxothers"),
        "no app inside": encrypted(TEXT, app=""),
        "another key": encrypted(TEXT, aes=OTHER_AES),
        "another token": encrypted(TEXT, token="others"),
        "a length that is too long": encrypted(TEXT, length=100_000),
        "a length that is too short": encrypted(TEXT, length=3),
        "a length of all ones": encrypted(TEXT, length=0xFFFFFFFF),
        "cut by a block": encrypted(TEXT, cut=16),
        "cut by five bytes": encrypted(TEXT, cut=5),
        "padded with noughts": encrypted(TEXT, pad=b"\0"),
        "padded with 255": encrypted(TEXT, pad=b"\xff"),
        "padding that does not agree": encrypted(TEXT, pad=b"\x02"),
        "16 noughts": signed(base64.b64encode(bytes(16)).decode()),
        "an empty cipher": signed(""),
        "not base64": signed("%%%%"),
        "bytes that are no text": encrypted(b"<xml>\xff\xfe</xml>"),
        "in the clear": (query(), TEXT.encode()),
        "in the clear, called raw": (query(encrypt_type="raw"), TEXT.encode()),
        "in the clear, called aes": (good, TEXT.encode()),
        "two ciphers": (good, body.replace(b"</xml>", f"<Encrypt>{cipher}</Encrypt></xml>".encode())),
        "not XML": (good, b"hello"), "nothing": (good, b""), "JSON": (good, b"{}"), "no text": (good, b"\xff\xfe\x00"),
        "billion laughs": (good, BILLION.encode()), "a file": (good, FILE.encode()),
        "somebody else's openid": ({**good, "openid": "oSomebodyElse"}, body),
        "an openid that is none": ({**good, "openid": "<script>"}, body),
        "one bit of the cipher": signed(base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode().replace("\n", "")),
    }  # fmt: skip
    for name, (parameters, content) in cases.items():
        found = outcome(parameters, content)
        assert found == "refused", name


def test_both_keys_hold_while_they_change() -> None:
    changed = WechatSecrets(APP, "s", "newtoken", "N" * 43, TOKEN, AES)
    at = Gate("secure", APP, keys_of(changed))
    assert outcome(*encrypted(TEXT), at) == "accepted"
    assert outcome(*encrypted(TEXT, token="newtoken", aes="N" * 43), at) == "accepted"
    only_the_key = Gate("secure", APP, keys_of(WechatSecrets(APP, "s", TOKEN, "N" * 43, "", AES)))
    assert outcome(*encrypted(TEXT), only_the_key) == "accepted"
    assert outcome(*encrypted(TEXT, aes="N" * 43), only_the_key) == "accepted"
    assert outcome(*encrypted(TEXT, aes=OTHER_AES), only_the_key) == "refused"


def test_compatible_mode_believes_the_cipher() -> None:
    parameters, body = encrypted(TEXT)
    both = body.replace(
        b"<xml>", b"<xml><FromUserName>oForged</FromUserName><MsgType>text</MsgType><Content>forged</Content>"
    )
    at = gate("compatible")
    checked = at.parameters(urlencode(parameters).encode())
    assert at.open(checked, at.check(checked, NOW), both).text("Content") == "你好"
    assert outcome(query(), TEXT.encode(), at) == "accepted"
    assert outcome(parameters, TEXT.encode(), at) == "refused", "it says that it is encrypted"


_GOOD, _BODY = encrypted(TEXT)


@settings(max_examples=500, deadline=None)  # others each time
@given(st.data())
def test_mutations_leak_no_exception(data: st.DataObject) -> None:
    """Bytes changed, cut out, doubled, moved: outside, and inside the cipher."""
    inside = data.draw(st.booleans())
    content = bytearray(TEXT.encode() if inside else _BODY)
    for _ in range(data.draw(st.integers(1, 6))):
        at, what = data.draw(st.integers(0, max(0, len(content) - 1))), data.draw(st.sampled_from("crdi"))
        piece = data.draw(
            st.binary(max_size=6)
            | st.sampled_from([b"<![CDATA[", b"]]>", b"<xml>", b"</xml>", b"<!DOCTYPE", b"&#0;", b"\x1d"])
        )
        if what == "c":
            content[at : at + len(piece)] = piece
        elif what == "r":
            del content[at : at + data.draw(st.integers(1, 40))]
        elif what == "d":
            content[at:at] = content[at : at + 30]
        else:
            content[at:at] = piece
    parameters, body = encrypted(bytes(content)) if inside else (_GOOD, bytes(content))
    assert outcome(parameters, body) in {"accepted", "refused", "dropped"}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.text(alphabet="]>[<!&'\"\x1d\x00a好", max_size=40))
def test_whatever_is_answered_is_good_xml(text: str, nasty: str) -> None:
    xml = passive(Outgoing(text=text + nasty), to=nasty, account=nasty, at=1)
    read = parse(xml)
    assert read["MsgType"] == "text"
    legal = "".join(
        char
        for char in (text + nasty).replace("\r\n", "\n").replace("\r", "\n")
        if char in "\t\n" or (char >= " " and char not in "\ufffe\uffff")
    )
    assert read["Content"] == legal.strip()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=12), st.text(max_size=60), max_size=8))
def test_anybodys_requests_are_refused(body: bytes, parameters: dict[str, str]) -> None:
    assert outcome(parameters, body) == "refused"


# -- the same through the server


@pytest.fixture
async def account(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Official]:
    async with official(config, monkeypatch) as running:
        yield running


async def test_the_url_is_verified(account: Official) -> None:
    platform = account.platform
    stamp = str(int(time.time()))
    good = {"signature": sign(platform.token, stamp, "5"), "timestamp": stamp, "nonce": "5"}
    async with httpx.AsyncClient() as client:
        answer = await client.get(platform.webhook, params={**good, "echostr": "5923412345678"})
        assert (answer.status_code, answer.text) == (200, "5923412345678")
        assert answer.headers["content-type"].startswith("text/plain")
        nasty = await client.get(platform.webhook, params={**good, "echostr": "<script>alert(1)</script>"})
        assert nasty.headers["content-type"].startswith("text/plain")
        assert nasty.headers["x-content-type-options"] == "nosniff"
        for wrong in (
            {},
            {**good, "signature": "0" * 40, "echostr": "1"},
            {**good, "timestamp": "1400000000", "echostr": "1"},
            good,
        ):
            refused = await client.get(platform.webhook, params=wrong)
            assert (refused.status_code, refused.content) == (403, b"")
        twice = await client.get(f"{platform.webhook}?{urlencode(good)}&signature=x&echostr=1")
        assert twice.status_code == 403
        assert (await client.put(platform.webhook, params=good)).status_code in (403, 405)


async def test_what_is_refused_is_refused_before_it_is_read(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    async with httpx.AsyncClient() as client:
        for size in (200_000, 5_000_000):
            answer = await client.post(
                f"{platform.webhook}?signature={'0' * 40}&timestamp={int(time.time())}&nonce=1", content=b"x" * size
            )
            assert (answer.status_code, answer.content) == (403, b"")
        good = platform.letter(who, "<MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId>")

        async def without_end() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b"x" * 10_000

        chunked = await client.post(good.url, content=without_end())
        assert chunked.status_code == 403, "no length was said, and it was too long"


async def test_what_cannot_be_used_is_acknowledged_and_kept_unreadable(account: Official) -> None:
    platform, who = account.platform, account.platform.resident()
    assert await platform.event(who, "", "") == []
    letter = platform.sealed(
        f"<xml><FromUserName>{who.openid}</FromUserName><Content>秘密</Content></xml>", who.openid, time.time()
    )
    assert await platform.deliver(who, letter) == []
    assert letter.responses == ["success"]
    rows = account.app.database.look(lambda t: t.all(_ALL_DROPPED))
    assert len(rows) == 1
    assert "秘密".encode() not in bytes(rows[0][0])  # type: ignore[arg-type]


async def test_messages_to_another_account_are_dropped(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with official(config, monkeypatch, account="gh_ours") as account:
        who = account.platform.resident()
        assert await account.platform.say(who, "你好") == []
        account.platform.account = "gh_ours"
        assert "您好" in (await account.platform.say(who, "你好"))[0].text

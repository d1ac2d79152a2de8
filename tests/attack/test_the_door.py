"""From outside, against a real process: what nobody may, what no request breaks, and what is kept of what was said."""

import itertools
import json
import re
from collections import Counter

import httpx
import pytest

from tests.attack.centre import Centre, Resident

OPEN = {"/login", "/login/ways", "/login/oidc", "/login/oidc/back", "/logout"}
ODD = (
    b"{\xff", b"[" * 3000, b'{"a": 1e400}', b'{"id": 99999999999999999999}', b'"\\ud800"', b"\0", b"null", b"[]",
    b'{"text": "\\u0000"}',
)  # fmt: skip
CARD, CODE, PHONE, IDENTITY = "620801126488", "648571", "13912345678", "340104195203144521"


def filled(path: str) -> str:
    return (
        re.sub(r"\{ref\}", "0000-00000", re.sub(r"\{(id|revision|seq)\}", "1", path))
        .replace("{name}", "nobody")
        .replace("{kind}", "xlsx")
    )


def assert_refusal(answer: httpx.Response) -> None:
    """A no has one form, whatever was sent."""
    told = answer.json()
    assert told["code"], answer.text
    assert told["text"], answer.text


def test_nobody_gets_in_and_no_role_gets_further_than_it_may(centre: Centre) -> None:
    said: Counter[int] = Counter()
    people: dict[str | None, httpx.Client] = {
        None: centre.visitor(),
        **{role: each.client for role, each in centre.people.items()},
    }
    for (method, path), (role, client) in itertools.product(centre.operations, people.items()):
        if path in OPEN:
            continue
        answer = client.request(method, f"/api{filled(path)}", json={})
        said[answer.status_code] += 1
        assert answer.status_code < 500 or answer.status_code == 502, (role, method, path, answer.text)
        if role is None:
            assert answer.status_code == 401, (method, path, answer.text)
        if 400 <= answer.status_code < 500:
            assert_refusal(answer)
    assert sum(said.values()) > 500
    assert said[403] > 200


def test_no_body_is_a_fault_of_ours(centre: Centre) -> None:
    people = [centre.people["administrator"].client, centre.people["seat"].client]
    for (method, path), body, client in itertools.product(centre.operations, ODD, people):
        if method in ("POST", "PUT") and path not in OPEN:
            headers = {"content-type": "application/json"}
            answer = client.request(method, f"/api{filled(path)}", content=body, headers=headers)
            assert answer.status_code < 500 or answer.status_code == 502, (method, path, body[:20], answer.text)
            if answer.status_code >= 400:
                assert_refusal(answer)


@pytest.mark.parametrize("id", ["3%0A", "%00", "..%2f..%2fetc", "%F0%9F%91%8D", "a" * 900])
def test_no_address_is_one(centre: Centre, id: str) -> None:
    seat = centre.people["seat"].client
    for path in (f"/api/tickets/{id}", f"/api/tickets/{id}/take", f"/api/knowledge/entries/{id}"):
        for method in ("GET", "POST"):
            answer = seat.request(method, path, json={} if method == "POST" else None)
            assert 400 <= answer.status_code < 500, (method, path, answer.status_code)
            if "%0A" not in id:  # with a line end in it, it is no address below /api at all
                assert_refusal(answer)


def test_what_residents_type_is_in_no_log_and_numbers_that_prove_are_in_no_file(centre: Centre) -> None:
    resident = Resident(centre, "127.0.0.3")
    for text in (
        f"我的卡号是{CARD}", "卡号62O8O1126488", f"验证码 {CODE}", f"身份证{IDENTITY}", f"我电话{PHONE}，帮我看看", "我要查学分", CARD, CODE,
    ):  # fmt: skip
        resident.say(text)
    resident.ticket()
    for words in (CARD, "62O8O1126488", IDENTITY):
        assert words.encode() not in centre.kept, words
    for words in (CARD, CODE, IDENTITY, PHONE, "帮我看看", "127.0.0.3"):
        assert words not in centre.log, words
    figures = centre.visitor().get("/metrics").text
    assert PHONE not in figures
    assert "帮我看看" not in figures


def spelt(number: str) -> dict[str, str]:
    """A number as people, and people who mean ill, may write it."""
    read_out, capital = "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"

    def each(alphabet: str) -> str:
        return "".join(alphabet[int(digit)] for digit in number)

    def apart(sign: str) -> str:
        return sign.join(number)

    return {
        "full width": each("０１２３４５６７８９"), "read out": each(read_out), "as the army": each("洞幺两三四五六拐八勾"), "capitals": each(capital),
        "circled": each("⓪①②③④⑤⑥⑦⑧⑨"), "arabic": each("٠١٢٣٤٥٦٧٨٩"), "bold": each("𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"),
        "keycaps": "".join(f"{digit}\ufe0f\u20e3" for digit in number), "joined by nothing": apart("\u200b"), "turned": f"\u202e{number}\u202c",
        "by dashes": apart("-"), "by dots": apart("·"), "by lines": apart("\n"), "by commas": apart("，"), "by bars": apart(" | "),
        "by arrows": apart("→"), "in fours": " ".join(number[at : at + 4] for at in range(0, len(number), 4)),
        "letters": number.replace("0", "O").replace("1", "l"), "mixed": each(read_out)[:4] + number[4:8] + each("０１２３４５６７８９")[8:],
    }  # fmt: skip


@pytest.mark.parametrize("how", spelt(CARD))
def test_however_it_is_spelt_it_is_in_no_file(how: str, centre: Centre) -> None:
    """Neither before anybody asked for it nor when it was asked for."""
    card, code = spelt(CARD)[how], spelt(CODE)[how]
    resident = Resident(centre, f"127.9.{list(spelt(CARD)).index(how)}.1")
    for text in (
        f"卡号{card}",
        f"我的学习卡是{card}帮我查",
        f"验证码{code}",
        f"收到的验证码是{code}，对吗",
        "我要查学分",
        card,
        code,
    ):
        resident.say(text)
    for words in (card, code, CARD, CODE):
        assert words.encode() not in centre.kept, (how, words)
        assert words not in centre.log


def test_a_flood_shuts_out_nobody_in_danger(centre: Centre) -> None:
    said: Counter[int] = Counter()
    for _ in range(90):
        said[Resident(centre, "127.0.0.9").post("你好").status_code] += 1
    assert said[429] > 10
    assert "120" in Resident(centre, "127.0.0.9").say("有人晕倒了，没有呼吸")
    assert Resident(centre, "127.7.7.7").post("你好").status_code == 200


def test_every_operation_says_what_a_no_looks_like(centre: Centre) -> None:
    for path, methods in centre.description["paths"].items():
        for method, operation in methods.items():
            refused = operation["responses"]["4XX"]["content"]["application/json"]["schema"]
            assert refused == {"$ref": "#/components/schemas/Refused"}, (method, path, json.dumps(refused))

"""From outside, against a real process: more than may be. Each attacker has an address of their own, which is refused; who is
elsewhere notices nothing."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from accounts.learners import check_digit
from accounts.limits import CARDS_FROM, SOCKETS_FROM, TICKETS_FROM
from tests.attack.centre import Centre, Resident, frame, laid, raw, running

SOONER = 30.0  # seconds in which a connection is ended that does not go on
PROXY = "127.0.9.1"
UNTRUSTED = "share the limits of one address"  # in the log


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, sample_file: Path) -> Iterator[Centre]:
    """One behind a proxy at `PROXY`; who is in 127.6.0.0/16 may say as much as they like."""
    settings = {"DAOXUE_SERVER__TRUSTED_PROXIES": f'["{PROXY}"]', "DAOXUE_SERVER__UNLIMITED": '["127.6.0.0/16"]'}
    with running(laid(tmp_path_factory.mktemp("proxied"), sample_file), **settings) as started:
        yield started


def test_one_visitor_is_slowed_and_another_is_not(centre: Centre) -> None:
    flood = Resident(centre, "127.1.1.1")
    flood.say("你好")
    answers = [flood.post("你好") for _ in range(60)]
    refused = [each for each in answers if each.status_code == 429]
    assert len(refused) > 20
    assert all(int(each.headers["retry-after"]) >= 1 and each.json()["code"] == "too_fast" for each in refused)
    assert Resident(centre, "127.1.2.1").say("你好")


def test_no_address_fills_the_queue(centre: Centre) -> None:
    supervisor = centre.people["supervisor"]
    before = supervisor.get("/board")["figures"]
    said: Counter[int] = Counter()
    for n in range(2 * TICKETS_FROM.most):
        said[Resident(centre, "127.2.1.1").post("转人工" if n % 2 else "帮我转人工客服").status_code] += 1
    after = supervisor.get("/board")["figures"]
    assert after["waiting"] - before["waiting"] <= TICKETS_FROM.most + 1, said
    assert "工单" in Resident(centre, "127.2.2.1").say("转人工"), "who is elsewhere gets through"


def test_cards_are_not_tried_from_one_address_and_a_refusal_opens_no_ticket(centre: Centre) -> None:
    supervisor = centre.people["supervisor"]
    before = supervisor.get("/board")["figures"]["waiting"]
    told = []
    for n in range(CARDS_FROM.most + 2):
        thief = Resident(centre, "127.3.1.1")
        thief.say("我有多少学分")
        told.append(thief.say(f"6208{n:07d}{check_digit(f'6208{n:07d}')}"))
    assert "试得太多" in told[-1]
    assert supervisor.get("/board")["figures"]["waiting"] == before
    honest = Resident(centre, "127.3.2.1")
    honest.say("我有多少学分")
    assert "试得太多" not in honest.say("620801047296")


def test_behind_a_trusted_proxy_everybody_has_their_own_and_nobody_chooses_it(proxied: Centre) -> None:
    def asked(forwarded: str, at: str = PROXY) -> str:
        resident = Resident(proxied, at, x_forwarded_for=forwarded)
        resident.say("我有多少学分")
        return resident.say("620801047296")

    told = [asked(f"1.2.3.{n}, 203.0.113.7") for n in range(CARDS_FROM.most + 2)]
    assert "试得太多" in told[-1], "what stands before the last hop was said by a stranger"
    assert "试得太多" not in asked("203.0.114.9")
    said = proxied.visitor(PROXY, x_forwarded_for="127.0.0.1, 203.0.113.7")
    assert said.get("/metrics").status_code == 403, "nor does it lead inside to be called so"
    assert UNTRUSTED not in proxied.log
    assert proxied.visitor("127.0.0.2", x_forwarded_for="198.51.100.1").get("/metrics").status_code == 403
    asked("203.0.115.9", at="127.0.9.2")
    assert UNTRUSTED in proxied.log, "a proxy that nobody trusts is told"
    for each in ("203.0.113.7", "203.0.114.9", "198.51.100.1"):
        assert each not in proxied.log


INSIDE = (
    "/metrics", "//metrics", "/metrics/", "/Metrics", "/./metrics", "/x/../metrics", "/metrics?x", "/metrics;x", "/%6detrics", "/api/openapi.json",
    "/api//openapi.json", "/api/openapi.json/", "/api/openapi%2ejson", "/api/./openapi.json", "/API/openapi.json", "/api/openapi.json?x", "/api/docs",
    "/api/redoc", "/readyz",
)  # fmt: skip


@pytest.mark.parametrize("path", INSIDE)
def test_what_is_for_inside_is_shown_to_nobody_else(path: str, proxied: Centre) -> None:
    """By whatever name, and whoever they say they are."""
    for headers in (
        b"X-Forwarded-For: 198.51.100.7",
        b"Forwarded: for=127.0.0.1",
        b"X-Real-IP: 127.0.0.1",
        b"Via: 1.1 x",
    ):
        for more in (b"", b"Authorization: Bearer \r\n", b"Authorization: Bearer x\r\n"):
            head = (
                b"GET "
                + path.encode()
                + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + more
                + headers
                + b"\r\n\r\n"
            )
            answer = raw(proxied, head)
            for each in (b"# HELP", b'"openapi"', b"daoxue_", b"swagger"):
                assert each not in answer, (path, headers, answer[:300])


def test_sockets_of_one_address_are_counted(centre: Centre) -> None:
    opened = [centre.socket(address="127.4.1.1") for _ in range(SOCKETS_FROM)]
    for _ in range(3):
        with pytest.raises(InvalidStatus) as refused:
            centre.socket(address="127.4.1.1")
        assert refused.value.response.status_code == 429
        assert int(refused.value.response.headers["retry-after"]) > 0
    with centre.socket(address="127.4.2.1") as other:
        other.send('{"type":"hello"}')
        assert frame(other)["type"] == "welcome"
    for each in opened:
        each.close()


def test_signs_of_life_without_end_end_the_socket(centre: Centre) -> None:
    with centre.socket(address="127.5.1.1") as page:
        page.send('{"type":"hello"}')
        with pytest.raises(ConnectionClosed) as ended:  # noqa: PT012
            for _ in range(200):
                page.send('{"type":"ping"}')
            while True:
                page.recv(10)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1008


def test_asking_for_a_long_talk_again_and_again_costs_no_memory(proxied: Centre) -> None:
    resident = Resident(proxied, "127.6.1.1")
    for n in range(24):
        resident.say("学分怎么算，" + "很长的一句话" * 600 + str(n))
    before, pages = proxied.memory, []
    for _ in range(40):
        page = proxied.socket(address="127.6.1.1")
        page.send(json.dumps({"type": "hello", "visitor": resident.visitor, "since": 0}))
        pages.append(page)  # and nothing of it is read
    time.sleep(2)
    assert proxied.memory - before < 40_000_000
    for each in pages:
        each.close()


def test_what_is_never_finished_is_ended(centre: Centre) -> None:
    """Half a head, half a body, and a head without end; all others are answered meanwhile."""
    halves = [socket.create_connection(("127.0.0.1", centre.port)) for _ in range(150)]
    for n, each in enumerate(halves):
        each.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "
            if n % 2
            else b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{"
        )
    assert Resident(centre, "127.7.1.1").say("你好")
    assert raw(centre, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * 200_000).startswith(b"HTTP/1.1 4")
    begun = time.monotonic()
    for each in halves:
        each.settimeout(SOONER)
        while each.recv(4_096):
            pass
        each.close()
    assert time.monotonic() - begun < SOONER


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /channels/webchat HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
        b"POST /channels/webchat HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        b"POST /channels/webchat HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\n",
        b"POST /channels/webchat HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n\nGET /healthz HTTP/1.1\nHost: x\n\n",
    ],
)
def test_one_request_is_not_two(sent: bytes, centre: Centre) -> None:
    assert raw(centre, sent).count(b"HTTP/1.1 ") == 1
    assert not raw(centre, sent).startswith(b"HTTP/1.1 5")


def test_pages_of_others_say_nothing_here(centre: Centre, tmp_path: Path) -> None:
    for origin in ("https://evil.example", "null"):
        assert Resident(centre, "127.8.1.1", origin=origin).post("转人工").status_code == 403
        with pytest.raises(InvalidStatus):
            centre.socket(address="127.8.1.1", origin=origin)

"""From outside, against a real process: sessions that are stolen, forged, ended or guessed, and the passwords behind them."""

import contextlib
import time
from typing import Any

import httpx
import pyotp
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.attack.centre import PASSWORD, Centre, Insider, Resident, frame

WITHIN = 5.0  # seconds in which a socket is closed once its account is changed
MEGABYTES = 60  # of memory that strangers may cost, whatever they send


@pytest.fixture
def newcomer(centre: Centre) -> Insider:
    """A seat of their own for each attack."""
    name = f"seat-{time.monotonic_ns():x}"
    first = centre.people["administrator"].post("/people", {"name": name, "role": "seat"})["password"]
    return centre.settled(name, first)


def account(centre: Centre, name: str) -> dict[str, Any]:
    [found] = [each for each in centre.people["administrator"].get("/people")["people"] if each["name"] == name]
    return {key: value for key, value in found.items() if key not in ("name", "totp", "one_time", "subject")}


def change(centre: Centre, name: str, **to: object) -> None:
    said = centre.people["administrator"].ask("PUT", f"/people/{name}", account(centre, name) | to)
    assert said.status_code == 200, said.text


def opened(person: Insider) -> ClientConnection:
    page = person.listen()
    assert frame(page)["type"] == "hello"
    return page


def ended(page: ClientConnection) -> tuple[int | None, str]:
    """How it is closed, in time, and what is told before that."""
    told = []
    try:
        while True:
            told.append(str(page.recv(WITHIN)))
    except ConnectionClosed as closed:
        return (closed.rcvd.code if closed.rcvd else None), "".join(told)


def closed(page: ClientConnection) -> int | None:
    return ended(page)[0]


@pytest.mark.parametrize(("to", "status"), [({"role": "editor"}, 401), ({"active": False}, 401)])
def test_who_may_no_more_hears_and_reads_nothing_from_that_moment(
    to: dict[str, object], status: int, centre: Centre, newcomer: Insider
) -> None:
    token = newcomer.post("/me/tokens", {"label": "program", "password": newcomer.password})["token"]
    page = opened(newcomer)
    change(centre, newcomer.name, **to)
    assert closed(page) == 4401
    Resident(centre, "127.0.1.1").say("转人工，我的秘密是下个月搬家")
    for each in (newcomer.token, token):
        said = centre.visitor(authorization=f"Bearer {each}").get("/api/tickets")
        assert said.status_code == status, said.text
        assert "秘密" not in said.text


def test_a_new_password_leaves_the_session_in_hand_alone(centre: Centre, newcomer: Insider) -> None:
    elsewhere = centre.sign_in(newcomer.name, newcomer.password)
    page, here = opened(elsewhere), opened(newcomer)
    told = newcomer.post("/me/password", {"old": newcomer.password, "new": f"{PASSWORD}-anew"})
    assert told == {"pages": 1, "tokens": []}, "what was ended is told"
    assert closed(page) == 4401
    assert elsewhere.ask("GET", "/me").status_code == 401
    assert newcomer.ask("GET", "/me").status_code == 200
    here.send('{"type":"ping"}')
    while frame(here)["type"] != "pong":
        pass
    here.close()


def test_a_one_time_password_opens_nothing_but_the_change(centre: Centre) -> None:
    name = f"new-{time.monotonic_ns():x}"
    first = centre.people["administrator"].post("/people", {"name": name, "role": "administrator"})["password"]
    newcomer = centre.sign_in(name, first)
    for method, path in centre.operations:
        if not path.startswith(("/login", "/logout")) and path not in ("/me", "/me/password"):
            said = newcomer.ask(method, path.replace("{", "").replace("}", ""), {})
            assert (said.status_code, said.json()["code"]) == (403, "must_change"), (method, path)
    with newcomer.listen() as page:
        assert closed(page) == 4403


def test_a_code_is_good_once_and_a_session_alone_changes_no_second_factor(centre: Centre, newcomer: Insider) -> None:
    secret, thief = pyotp.random_base32(), pyotp.random_base32()
    stolen = {"secret": thief, "code": pyotp.TOTP(thief).now(), "password": "x"}
    assert newcomer.ask("PUT", "/me/totp", stolen).status_code == 401
    on = {"secret": secret, "code": pyotp.TOTP(secret).now(), "password": newcomer.password}
    assert newcomer.ask("PUT", "/me/totp", on).status_code == 200
    code = pyotp.TOTP(secret).at(time.time() + 30)
    body = {"name": newcomer.name, "password": newcomer.password}
    said = [centre.visitor().post("/api/login", json=body | {"code": each}).status_code for each in (code, code)]
    assert said == [200, 401]
    off = {"secret": None, "password": newcomer.password, "old_code": code}
    assert newcomer.ask("PUT", "/me/totp", off).status_code == 401, "that code has been used"


def test_who_guesses_waits_and_keeps_nobody_else_out(centre: Centre, newcomer: Insider) -> None:
    """And hears the same of a name that nobody has."""
    said = {}
    for name in (newcomer.name, "nobodyhere"):
        thief = centre.visitor("127.0.2.1" if name == newcomer.name else "127.0.3.1")
        answers = [thief.post("/api/login", json={"name": name, "password": f"wrong{n}"}) for n in range(7)]
        assert int(answers[-1].headers["retry-after"]) > 0
        said[name] = [(each.status_code, each.json()) for each in answers]
    assert [status for status, _ in said["nobodyhere"]] == [401] * 5 + [429] * 2
    assert said["nobodyhere"] == said[newcomer.name]
    body = {"name": newcomer.name, "password": newcomer.password}
    assert centre.visitor("127.0.2.1").post("/api/login", json=body).status_code == 429
    assert centre.visitor("127.0.4.1").post("/api/login", json=body).status_code == 200


def test_the_old_password_is_not_guessed_in_a_session(centre: Centre, newcomer: Insider) -> None:
    said = [
        newcomer.ask("POST", "/me/password", {"old": f"wrong{n}", "new": f"{PASSWORD}-x"}).status_code for n in range(8)
    ]
    assert 429 in said
    assert 200 not in said


def test_what_strangers_send_is_not_kept_in_memory(centre: Centre) -> None:
    before = centre.memory
    for path in ("/api/login", "/api/people", "/api/tickets/0000-00000/files", "/api/knowledge/import"):
        body = b"[" + b"{}," * 3_900_000 + b"{}]"
        with contextlib.suppress(httpx.TransportError):  # it is closed while we still send
            assert centre.visitor().post(path, content=body).status_code in (401, 413), path
    assert centre.memory - before < MEGABYTES * 1_000_000


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"},
        {"origin": "http://127.0.0.1@evil.example"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"},
        {"origin": "http://evil.example", "content_type": "text/plain"},
    ],
)  # fmt: skip
def test_pages_of_others_write_nothing_with_our_cookie(headers: dict[str, str], centre: Centre) -> None:
    seat = centre.people["seat"]
    foreign = centre.visitor(cookie=f"daoxue_seat={seat.token}", **headers)
    said = foreign.post("/api/me/ready", content=b'{"ready": false}')
    assert (said.status_code, said.json()["code"]) == (403, "foreign")
    if "origin" in headers:
        with centre.socket("/api/live", cookie=f"daoxue_seat={seat.token}", origin=headers["origin"]) as page:
            assert closed(page) == 4401


def test_what_only_looks_like_a_session_is_none(centre: Centre) -> None:
    token = centre.people["administrator"].token
    for each in ("x", token[:-1], token + "x", token.swapcase(), "' OR 1=1 --", "null", "\u00e9", "x" * 5_000):
        for headers in ({"authorization": f"Bearer {each}"}, {"cookie": f"daoxue_seat={each}"}):
            with httpx.Client(base_url=centre.url) as client:
                raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
                assert client.get("/api/people", headers=raw).status_code == 401, headers


def test_a_session_ends_with_its_page(centre: Centre, newcomer: Insider) -> None:
    page = opened(newcomer)
    assert newcomer.ask("POST", "/logout").status_code == 200
    assert newcomer.ask("GET", "/me").status_code == 401
    Resident(centre, "127.0.1.2").say("转人工，我换了电话")
    code, told = ended(page)
    assert code == 4401
    assert "换了电话" not in told

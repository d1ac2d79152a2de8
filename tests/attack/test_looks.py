"""From outside, against a real process: whatever shows somebody's words to one who has nothing to do with them is written down."""

from collections.abc import Collection, Iterator
from typing import Any

import pytest

from tests.attack.centre import Centre, Insider, Resident, frame

WORDS = "蓝色海豚昨天在医院哭了"  # nobody else says this
PART = "海豚"


@pytest.fixture(scope="module")
def tickets(centre: Centre) -> dict[str, str]:
    """One that the seat has, and one that waits."""
    told = Resident(centre, "127.60.1.1")
    ref = told.ticket()
    seat = centre.people["seat"]
    seat.post(f"/tickets/{ref}/take")
    told.say(WORDS)
    seat.post(f"/tickets/{ref}/messages", {"id": "m", "text": f"您说{WORDS}，我记下了"})
    seat.post(f"/tickets/{ref}/note", {"text": f"{WORDS}，要紧"})
    seat.post(f"/tickets/{ref}/draft")
    other = Resident(centre, "127.60.2.1")
    waiting = other.ticket()
    other.say(WORDS)
    return {"open": ref, "waiting": waiting}


def looks(centre: Centre, who: Insider) -> list[dict[str, Any]]:
    """The lines on what somebody has looked at, the newest first."""
    found = centre.people["auditor"].get("/audit")["lines"]
    return [each for each in found if each["actor"] == who.name and each["action"] != "refused"]


def last(centre: Centre, who: Insider) -> int:
    """The number of the newest of them."""
    return max((each["id"] for each in looks(centre, who)), default=0)


def is_named(centre: Centre, who: Insider, since: int, refs: Collection[str]) -> bool:
    """Whether a later line says whose words they were: a ticket's, or those that were drawn or answered by nobody."""
    lines = [f"{each['subject']} {each['detail']}".split() for each in looks(centre, who) if each["id"] > since]
    return any({"conversations", "unanswered", *refs} & set(each) for each in lines)


def ways(centre: Centre, ref: str) -> Iterator[tuple[str, str, Any]]:
    """All that may show a ticket, or what was said in it, without changing whose it is."""
    for method, path in centre.operations:
        if method == "GET" and path not in ("/login/oidc", "/login/oidc/back", "/audit"):
            yield method, path.replace("{ref}", ref).replace("{kind}", "xlsx"), None
    yield "GET", f"/search?q={PART}", None
    for state in ("waiting", "open", "mine", "snoozed", "callback", "closed"):
        yield "GET", f"/tickets?state={state}", None
    yield "POST", f"/tickets/{ref}/note", {"text": "看一眼"}
    yield "PUT", f"/tickets/{ref}/tags", {"tags": ["看一眼"]}
    yield "POST", f"/tickets/{ref}/reveal", {"reason": "要回电话"}
    yield "POST", f"/tickets/{ref}/whisper", {"text": "看一眼"}
    yield "POST", f"/tickets/{ref}/draft", {}
    yield "POST", f"/tickets/{ref}/pass", {}


@pytest.mark.parametrize("state", ["open", "waiting"])
@pytest.mark.parametrize("role", ["colleague", "supervisor", "editor", "administrator"])
def test_no_words_are_shown_without_a_line(role: str, state: str, centre: Centre, tickets: dict[str, str]) -> None:
    who = centre.colleague if role == "colleague" else centre.people[role]
    shown = 0
    for method, path, body in ways(centre, tickets[state]):
        before = last(centre, who)
        answer = who.ask(method, path, body)
        if answer.status_code == 200 and PART in answer.text:
            shown += 1
            # A list that is asked for again names what is new in it; the rest stands in a line of minutes ago.
            again = path.startswith(("/search", "/tickets?"))
            assert is_named(centre, who, 0 if again else before, tickets.values()), (method, path, answer.text[:300])
    assert (shown > 2) is (role in ("colleague", "supervisor"))


def test_what_a_page_hears_is_written_down_too(centre: Centre, tickets: dict[str, str]) -> None:
    """And what it hears of a colleague's ticket without having it open is no word."""
    who = centre.colleague
    with centre.socket("/api/live?since=0", authorization=f"Bearer {who.token}") as page:
        assert frame(page)["type"] == "hello"
        heard = []
        page.send('{"type":"ping"}')
        while (each := frame(page))["type"] != "pong":
            heard.append(each)
        waits = [each["ref"] for each in heard if each["type"] == "event" and each["ticket"]["about"]]
        assert tickets["waiting"] in waits
        lines = [each for each in centre.people["auditor"].get("/audit")["lines"] if each["action"] == "ticket.told"]
        named = {ref for each in lines if who.name in each["detail"].split() for ref in each["subject"].split()}
        assert named >= set(waits), "each of them by its name"
        of_open = [each for each in heard if each["ref"] == tickets["open"]]
        assert of_open
        assert PART not in str(of_open)
        before = last(centre, who)
        page.send(f'{{"type":"watch","ref":"{tickets["open"]}"}}')
        page.send('{"type":"ping"}')
        while frame(page)["type"] != "pong":
            pass
        assert last(centre, who) > before


@pytest.mark.parametrize("reason", ["", "  ", "\u3000\u3000", "\u200b\u200b\u200b", "\n\t", "\u2060\ufeff"])
def test_a_reason_is_one(reason: str, centre: Centre, tickets: dict[str, str]) -> None:
    seat, supervisor = centre.people["seat"], centre.people["supervisor"]
    assert seat.ask("POST", f"/tickets/{tickets['open']}/reveal", {"reason": reason}).status_code == 422
    card = {"card": "620801047296", "reason": reason}
    assert seat.ask("POST", "/counter/learner", card).status_code == 422
    group = seat.get("/counter/classes")["classes"][0]["id"]
    assert seat.ask("POST", "/counter/enrolments", card | {"id": "e", "group": group}).status_code == 422
    assert supervisor.ask("POST", "/counter/reversals", card | {"entry": 1, "note": reason}).status_code == 422


def test_what_nobody_did_is_not_in_the_audit_and_nobody_rewrites_it(centre: Centre) -> None:
    admin = centre.people["administrator"]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert admin.ask(method, "/audit").status_code in (404, 405)
    for days in (1, 0, -1, 179, 10**9, 1e400 if False else 10**20):
        assert admin.ask("PUT", "/retention", {"messages": 30, "audit": days}).status_code == 422, days

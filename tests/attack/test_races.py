"""From outside, against a real process on each database: two who do at the same moment what only one may."""

import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

import httpx

from tests.attack.centre import Centre, Insider, Resident

ROUNDS = 6
CARD = "620801047296"
Asks = Callable[[], httpx.Response]


def together(*asks: Asks) -> list[httpx.Response]:
    """What all of them get, asked at the same moment."""
    gate, answers = threading.Barrier(len(asks)), dict[int, httpx.Response]()

    def ask(nth: int) -> None:
        gate.wait()
        answers[nth] = asks[nth]()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(asks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[n] for n in range(len(asks))]


def does(who: Insider, ref: str, what: str, body: object = None) -> Asks:
    return partial(who.ask, "POST", f"/tickets/{ref}/{what}", {} if body is None else body)


def test_a_ticket_has_one_owner_and_an_answer_one_author(either: Centre) -> None:
    people = [either.people["seat"], either.colleague, either.people["supervisor"]]
    for n in range(ROUNDS):
        ref = Resident(either, f"127.70.{n}.1").ticket()
        took = together(*(does(who, ref, "take") for who in people))
        assert Counter(each.status_code for each in took) == {200: 1, 409: 2}
        owner = people[[each.status_code for each in took].index(200)]
        said = together(*(does(who, ref, "messages", {"id": "same", "text": who.name}) for who in people))
        assert [each.status_code for each in said] == [200 if each is owner else 409 for each in people]
        texts = [each["text"] for each in people[2].get(f"/tickets/{ref}")["messages"] if each["author"] == "seat"]
        assert texts == [owner.name]
        again = together(*[does(owner, ref, "messages", {"id": "same", "text": "又一句"})] * 4)
        assert {each.json()["seq"] for each in again} == {said[people.index(owner)].json()["seq"]}
        ended = together(*[does(owner, ref, "close", {"result": "answered"})] * 3)
        assert {each.status_code for each in ended} <= {200, 409}
        assert [each["kind"] for each in people[2].get(f"/tickets/{ref}")["events"]].count("closed") == 1


def test_a_ticket_that_is_closed_and_written_into_at_once_loses_no_word(either: Centre) -> None:
    seat, boss = either.people["seat"], either.people["supervisor"]
    for n in range(ROUNDS):
        resident = Resident(either, f"127.71.{n}.1")
        ref = resident.ticket()
        seat.post(f"/tickets/{ref}/take")
        said = together(does(seat, ref, "close", {"result": "answered"}), partial(resident.post, "还有一句要紧话"))
        assert [each.status_code for each in said] == [200, 200], [each.text for each in said]
        shown = boss.get(f"/tickets/{ref}")
        assert sum("还有一句要紧话" in each["text"] for each in shown["messages"]) == 1
        if shown["ticket"]["state"] != "closed":
            boss.post(f"/tickets/{ref}/take-over")
            boss.post(f"/tickets/{ref}/close", {"result": "answered"})


def test_an_answer_is_called_back_once_and_does_not_leave(either: Centre) -> None:
    resident, seat = Resident(either, "127.72.1.1"), either.people["seat"]
    ref = resident.ticket()
    seat.post(f"/tickets/{ref}/take")
    for n in range(ROUNDS):
        body = {"id": f"held-{n}", "text": f"第{n}句", "recallable": True}
        assert seat.post(f"/tickets/{ref}/messages", body)["due_at"]
        back = together(*[does(seat, ref, f"messages/held-{n}/call-back")] * 3)
        assert Counter(each.status_code for each in back)[200] == 1
    seat.post(f"/tickets/{ref}/messages", {"id": "last", "text": "最后一句"})
    texts = [each["text"] for each in seat.get(f"/tickets/{ref}")["messages"] if each["author"] == "seat"]
    assert texts == ["最后一句"]
    seat.post(f"/tickets/{ref}/close", {"result": "answered"})


def test_a_place_is_given_once(either: Centre) -> None:
    """The same card, by two seats, for one class."""
    seat = either.people["seat"]
    group = seat.get("/counter/classes")["classes"][0]["id"]
    body = {"card": CARD, "reason": "本人在服务台", "group": group}
    asks = [
        partial(who.ask, "POST", "/counter/enrolments", body | {"id": f"e{n}{who.name}"})
        for n in range(2)
        for who in (seat, either.colleague)
    ]
    said = together(*asks)
    assert {each.status_code for each in said} <= {200, 409, 422}, [each.text for each in said]
    record = seat.post("/counter/learner", {"card": CARD, "reason": "看报名"})
    assert [each["id"] for each in record["enrolments"]].count(group) <= 1


def test_a_first_message_sent_many_times_at_once_is_one(either: Centre) -> None:
    """By a page that makes its token, over lines that are cut."""
    for n in range(ROUNDS):
        visitor, client = secrets.token_urlsafe(24), either.visitor(f"127.73.{n}.1")
        post = partial(client.post, "/channels/webchat", json={"id": "first", "text": "转人工", "visitor": visitor})
        said = together(*[post] * 5)
        assert {each.status_code for each in said} == {200}, [each.text for each in said]
        assert len({(each.json()["visitor"], each.json()["ack"]["seq"]) for each in said}) == 1
        assert len({ref for each in said for ref in re.findall(r"\d{4}-\d{5}", each.text)}) == 1

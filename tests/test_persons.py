"""Who is one person to the desk: only who has proven it. What residents say of themselves joins nobody."""

import pytest

from daoxue.app import App
from store import search
from tests.desk_client import Desk
from tests.talk import Resident

PHONE = "13911112222"
SECRET = "我因为抑郁症在市立医院看病"


async def called_back(app: App, *said: str) -> tuple[Resident, str]:
    """A stranger at a browser of their own who leaves the number."""
    resident = Resident(app)
    for text in (*said, "请给我回电话"):
        await resident.say(text)
    ref = (await resident.receipt(PHONE)).ticket
    assert ref
    return resident, ref


async def test_the_same_number_left_by_two_is_no_person(either_app: App) -> None:
    desk = Desk(either_app)
    seat, admin = await desk.person(), await desk.person("administrator")
    _, hers = await called_back(either_app, SECRET)
    _, his = await called_back(either_app, "你好")
    assert (await seat.get(f"/tickets/{his}"))["others"] == []
    await seat.post(f"/tickets/{his}/take")
    assert (await seat.get(f"/tickets/{hers}"))["ticket"]["owner"] is None
    assert SECRET not in str(await admin.post(f"/residents/{his}/export"))
    await seat.post(f"/tickets/{his}/close", {"result": "answered"})
    proof = await admin.post(f"/residents/{his}/erase", {"why": "own_wish"})
    assert proof["tickets"] == 1
    assert SECRET in str(await admin.post(f"/residents/{hers}/export"))


async def test_a_number_that_somebody_left_is_found_by_it(either_app: App) -> None:
    seat = await Desk(either_app).person()
    _, first = await called_back(either_app)
    _, second = await called_back(either_app)
    await either_app.desk.search.index(list(either_app.live.changed))
    found = await seat.get(f"/search?q={PHONE}")
    assert {each["ticket"]["ref"] for each in found["found"]} == {first, second}


async def test_what_another_process_left_unindexed_is_found_after_the_next_start(
    either_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.search.TOGETHER", 2)
    seat = await Desk(either_app).person()
    residents = [Resident(either_app) for _ in range(5)]
    for each in residents:
        await each.say("学习卡掉进湖里了")
    refs = {(await each.receipt("转人工")).ticket for each in residents[1:]}
    either_app.live.changed.clear()
    await either_app.desk.search.work()
    assert {each["ticket"]["ref"] for each in (await seat.get("/search?q=掉进湖里"))["found"]} == refs
    left = await either_app.database.read(lambda t: search.behind(t, 1, 1 + search.newest(t)))
    assert left == []


async def test_who_proved_it_is_one_person_in_two_places(either_app: App) -> None:
    admin = await Desk(either_app).person("administrator")
    home, library, stranger = (Resident(either_app) for _ in range(3))
    await home.prove()
    await library.prove()
    home_ref, library_ref, other = [(await each.receipt("转人工")).ticket for each in (home, library, stranger)]
    copy = await admin.post(f"/residents/{home_ref}/export")
    assert {each["ref"] for each in copy["tickets"]} == {home_ref, library_ref}
    assert {each["ref"] for each in (await admin.post(f"/residents/{other}/export"))["tickets"]} == {other}


async def test_who_speaks_for_two_is_neither_of_them(either_app: App) -> None:
    admin = await Desk(either_app).person("administrator")
    family, one = Resident(either_app), Resident(either_app)
    await family.prove(1)
    await family.prove(2)
    await one.prove(1)
    theirs, own = [(await each.receipt("转人工")).ticket for each in (family, one)]
    assert {each["ref"] for each in (await admin.post(f"/residents/{own}/export"))["tickets"]} == {own}
    assert {each["ref"] for each in (await admin.post(f"/residents/{theirs}/export"))["tickets"]} == {theirs}

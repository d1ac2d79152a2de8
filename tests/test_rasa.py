"""A Rasa server as the engine: what residents say is never a command to it, what it says is believed only when it can be,
and nobody waits for one that is away."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channel import ChannelHealth
from daoxue.logs import silence
from integrations.breaker import FAILURES, REST
from integrations.rasa import MOST, Rasa, RasaError, RasaSettings, as_words, ranked
from nlu.judgement import Ranked
from players.rasa import VERSION, RasaServer
from tests.conftest import free_port
from tests.official import behind

TOKEN = "rasa-token"
KNOWN = frozenset({"thanks", "site_hours", "faq/parking", "faq/toilet", "cmd/yes"})
MEANS = {
    "车停哪": {"faq/parking": 0.6, "faq/toilet": 0.2, "site_hours": 0.1, "cmd/yes": 0.1},
    "谢谢": {"thanks": 0.9, "faq/parking": 0.1},
    "随便": {"site_hours": 0.2, "thanks": 0.1},
    "别人的": {"weather": 0.9, "faq/stocks": 0.1},
    "一半": {"weather": 0.5, "thanks": 0.4, "faq/stocks": 0.1},
}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class There:
    server: RasaServer
    client: Rasa
    clock: Clock

    async def first(self, text: str) -> Ranked | None:
        [found] = await self.client.rank([text])
        return found[0] if found else None


@pytest.fixture
async def there() -> AsyncIterator[There]:
    server, port, clock = RasaServer(MEANS, {"thanks": 1.0}, TOKEN), free_port(), Clock()
    client = Rasa(RasaSettings(f"http://127.0.0.1:{port}", 0.5), TOKEN, KNOWN, clock)
    async with behind(server.app(), port):
        yield There(server, client, clock)
        await client.close()


def shares(found: list[Ranked] | None) -> Mapping[str, float]:
    assert found is not None
    assert [each.probability for each in found] == sorted((each.probability for each in found), reverse=True)
    return {each.label: round(each.probability, 6) for each in found}


@pytest.mark.parametrize("selectors", ["own", "default", "none"])
async def test_a_label_has_the_share_of_its_intent_that_the_selector_gives_it(there: There, selectors: str) -> None:
    there.server.selectors = selectors
    parking, thanks = await there.client.rank(["车停哪", "谢谢"])
    assert shares(parking) == MEANS["车停哪"]
    assert shares(thanks) == MEANS["谢谢"]


async def test_what_it_is_not_sure_of_stands_behind_its_fallback(there: There) -> None:
    assert shares((await there.client.rank(["随便"]))[0]) == MEANS["随便"]
    there.server.otherwise = {}
    assert await there.client.rank(["…"] * FAILURES) == [None] * FAILURES
    assert there.client.alarm is None, "a text of which it knows nothing is no failure"


async def test_labels_that_are_not_ours_are_dropped(there: There) -> None:
    assert shares((await there.client.rank(["一半"]))[0]) == {"thanks": 0.4}
    assert await there.client.rank(["别人的"]) == [None]
    assert there.client.alarm == "its model has none of our intents"


@pytest.mark.parametrize(
    "text",
    ["/restart", "/thanks", ' /thanks@0.9{"a": "b"}', "　/faq", "\x1c/back", "\n\t/session_start", "//a", "/"],
)
async def test_a_resident_gives_it_no_commands(there: There, text: str) -> None:
    assert (await there.first(text)) == Ranked("thanks", 1.0)
    assert there.server.commands == []
    assert there.server.asked == [text.strip().replace("/", "／", 1)]


@given(st.text(st.sampled_from(" \t\n\x1c\x85　\u2003\u200b/／a{}@")), st.text(max_size=8))
def test_words_reach_it_as_they_were_said_but_for_one_slash(start: str, rest: str) -> None:
    text = start + rest
    sent = as_words(text)
    assert not sent.strip().startswith("/")
    assert as_words(sent) == sent
    assert sent == text or (text.strip().startswith("/") and sent == text.replace("/", "／", 1))


@pytest.mark.parametrize(
    "fault", ["slow", "down", "html", "huge", "broken", "wrong", "nan", "beyond", "deep", "unloaded"]
)
async def test_where_it_fails_the_embedded_engine_is_asked(there: There, fault: str) -> None:
    there.server.fault = fault
    began = time.monotonic()
    assert await there.client.rank(["谢谢", "车停哪"]) == [None, None]
    assert time.monotonic() - began < 2
    assert there.client.alarm
    there.server.fault = "none"
    assert await there.first("谢谢") == Ranked("thanks", 0.9)
    assert there.client.alarm is None


async def test_all_that_is_asked_together_waits_no_longer_than_one(there: There) -> None:
    there.server.fault = "slow"
    began = time.monotonic()
    assert await there.client.rank(["谢谢"] * 50) == [None] * 50
    assert time.monotonic() - began < 2
    assert len(there.server.asked) <= 8, "what would come too late is not even sent"
    there.server.fault = "none"
    assert all(await there.client.rank(["谢谢"] * 4))


async def test_one_that_fails_is_left_alone_until_one_call_finds_it_well(there: There) -> None:
    there.server.fault = "down"
    for _ in range(3 * FAILURES):
        assert await there.first("谢谢") is None
    assert len(there.server.asked) == FAILURES
    there.clock.now += REST + 1
    there.server.fault = "slow"
    assert await asyncio.gather(*(there.first("谢谢") for _ in range(10))) == [None] * 10
    assert len(there.server.asked) == FAILURES + 1, "one finds out"
    there.server.fault = "none"
    assert await there.first("谢谢") is None
    there.clock.now += REST + 1
    for _ in range(3):
        assert await there.first("谢谢") == Ranked("thanks", 0.9)


async def test_a_call_that_is_given_up_does_not_keep_it_closed_for_ever(there: There) -> None:
    there.server.fault = "down"
    for _ in range(FAILURES):
        await there.first("谢谢")
    there.clock.now += REST + 1
    there.server.fault = "slow"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(there.client.rank(["谢谢"]), 0.1)
    there.server.fault = "none"
    assert await there.first("谢谢") is None
    there.clock.now += REST + 1
    assert await there.first("谢谢") == Ranked("thanks", 0.9)


async def test_one_text_that_it_cannot_read_does_not_count_against_it(there: There) -> None:
    for _ in range(3 * FAILURES):
        assert await there.client.rank(["谢谢", "别人的"]) == [
            [Ranked("thanks", 0.9), Ranked("faq/parking", 0.1)],
            None,
        ]


async def test_nothing_is_asked_of_it_for_nothing(there: There) -> None:
    assert await there.client.rank([]) == []
    assert there.server.asked == []


async def test_connections_are_kept(there: There) -> None:
    for _ in range(20):
        await there.first("谢谢")
    assert len(there.server.peers) == 1


async def test_the_token_is_needed_and_stands_in_no_log(there: There, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    silence()
    there.server.token = "another"
    assert await there.first("谢谢") is None
    assert there.client.alarm == "refused: RASA_TOKEN is not the server's"
    assert (await there.client.health(0)).alarm == there.client.alarm
    ours = [str(vars(each)) for each in caplog.records if each.name != "uvicorn.access"]
    assert ours
    assert all(TOKEN not in each and "谢谢" not in each for each in ours)


async def test_its_health_is_told_with_its_model(there: There) -> None:
    fine = ChannelHealth(None, version=VERSION, model="fb2911eca23e4cb5")
    assert await there.client.health(0) == fine
    there.server.fault = "unloaded"
    found = await there.client.health(0)
    assert (found.alarm, found.version) == ("no model is loaded", VERSION)


async def test_an_address_where_nobody_is() -> None:
    client = Rasa(RasaSettings(f"http://127.0.0.1:{free_port()}", 0.5), "", KNOWN)
    assert await client.rank(["谢谢"]) == [None]
    assert str((await client.health(0)).alarm).startswith("no answer")
    await client.close()


_confidences = st.one_of(st.floats(0, 1), st.floats(), st.integers(-1, 2), st.none())
_labels = st.one_of(st.sampled_from([*sorted(KNOWN), "faq", "cmd", "nlu_fallback", "faq/", "weather", ""]), st.none())
_rankings = st.lists(st.fixed_dictionaries({"name": _labels, "confidence": _confidences}), max_size=5)
_selectors = st.dictionaries(
    st.sampled_from(["faq", "cmd", "default", "all_retrieval_intents"]),
    st.one_of(
        st.fixed_dictionaries(
            {"ranking": st.lists(st.fixed_dictionaries({"intent_response_key": _labels, "confidence": _confidences}))}
        ),
        st.lists(st.sampled_from(["faq", "cmd"])),
    ),
)


@given(st.fixed_dictionaries({"intent_ranking": _rankings, "response_selector": _selectors}))
def test_whatever_it_answers_what_counts_is_a_ranking_of_ours(answer: dict[str, object]) -> None:
    try:
        found = ranked(json.dumps(answer).encode(), KNOWN)
    except RasaError:
        return
    assert set(shares(found)) <= KNOWN
    assert len({each.label for each in found}) == len(found)
    assert all(0 <= each.probability <= 1 for each in found)


@given(st.binary())
def test_bytes_that_are_no_answer_are_refused(content: bytes) -> None:
    with pytest.raises(RasaError):
        ranked(content, KNOWN)


def test_an_answer_has_an_end() -> None:
    many = {"intent_ranking": [{"name": "thanks", "confidence": 0.1}] * (MOST + 1)}
    with pytest.raises(RasaError):
        ranked(json.dumps(many).encode(), KNOWN)

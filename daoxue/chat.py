"""`daoxue chat`: talk in the terminal, rendered as a channel would; scripts and JSON lines for those who test."""

import asyncio
import json
import re
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from bot.comprehension import Candidate, Understanding
from bot.inbox import Receipt
from bot.messages import Inbound, Reply
from daoxue.app import App
from store import conversations


class ChatLine(Struct, forbid_unknown_fields=True):
    """A line of JSON on standard input; `after_minutes` moves the clock of the conversation on."""

    text: str
    channel: str = "webchat"
    sender: Annotated[str, Meta(min_length=1, max_length=64)] = "resident"
    after_minutes: Annotated[float, Meta(ge=0, le=1_000_000)] = 0


class Talk:
    """Residents of this run: each (channel, sender) is a conversation of its own, new with every run."""

    def __init__(self, app: App, clock: Callable[[], float] = time.time) -> None:
        self._app = app
        self._clock = clock
        self._run = secrets.token_hex(8)
        self._ahead: dict[tuple[str, str], int] = {}
        self._said = 0
        self._told = {name: each.played(app.inbox) for name, each in app.desk.channels.items()}

    async def say(
        self, text: str, channel: str = "webchat", sender: str = "resident", after_minutes: float = 0
    ) -> Receipt:
        key = (channel, sender)
        self._ahead[key] = self._ahead.get(key, 0) + int(after_minutes * 60_000)
        self._said += 1
        at = int(self._clock() * 1000) + self._ahead[key]
        inbound = Inbound(channel=channel, address=f"chat-{self._run}-{sender}", id=str(self._said), text=text, at=at)
        receipt = await self._told[channel](inbound)
        await self._app.outbox.settle(receipt.conversation, receipt.last_seq)
        return receipt


def replies_of(receipt: Receipt) -> list[Reply]:
    return [answer.message.reply for answer in receipt.answers]


def as_json(receipt: Receipt) -> dict[str, object]:
    """The line that stands for one turn."""
    replies = replies_of(receipt)
    tasks = receipt.state.tasks
    return {
        "replies": [
            {
                "text": reply.text,
                "options": [{"key": option.key, "label": option.label} for option in reply.options],
                "cards": [{"title": card.title, "lines": list(card.lines)} for card in reply.cards],
            }
            for reply in replies
        ],
        "awaiting": tasks[-1].asked if tasks else None,
        "speaker": receipt.speaker,
        "ticket": receipt.ticket,
        "topic": receipt.state.topic,
        "sources": [reply.source for reply in replies if reply.source],
    }


async def talk_json(app: App) -> int:
    """One message a line on standard input, one JSON line a turn."""
    talk = Talk(app)
    status = 0
    for number, raw in enumerate(sys.stdin, 1):
        line = raw.rstrip("\r\n")
        if not line.strip():
            continue
        try:
            message = msgspec.json.decode(line, type=ChatLine) if line.lstrip().startswith("{") else ChatLine(line)
        except msgspec.DecodeError as error:
            print(json.dumps({"error": f"line {number}: {error}"}, ensure_ascii=False), flush=True)
            status = 1
            continue
        if message.channel not in app.desk.channels:
            print(json.dumps({"error": f"line {number}: there is no channel {message.channel}"}), flush=True)
            status = 1
            continue
        receipt = await talk.say(message.text, message.channel, message.sender, message.after_minutes)
        print(json.dumps(as_json(receipt), ensure_ascii=False), flush=True)
    return status


async def talk_freely(app: App, channel: str) -> int:
    """A person at the keyboard."""
    talk = Talk(app)
    seen: tuple[int, int] | None = None
    print("导学 · 直接说您想问的；空行看坐席有没有新回复；/quit 结束。这里说的和居民说的一样算数：转人工会真的开工单。")
    while True:
        try:
            text = await asyncio.to_thread(input, "> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return 0
        if text.strip() == "/quit":  # as where a platform is played
            return 0
        if not text.strip() and seen:
            seen = await _catch_up(app, seen)
            continue
        receipt = await talk.say(text, channel)
        for line in app.desk.channels[channel].render(replies_of(receipt)):
            print(line)
        seen = (receipt.conversation, receipt.last_seq)


async def _catch_up(app: App, seen: tuple[int, int]) -> tuple[int, int]:
    rows = await app.database.read(lambda t: conversations.messages(t, seen[0], seen[1] + 1, 1 << 30))
    for row in rows:
        print(f"[{row.author}] {msgspec.json.decode(row.body)['reply']['text']}")
    return seen[0], rows[-1].seq if rows else seen[1]


async def play(app: App, path: Path, script: str, channel: str, clock: Callable[[], float] = time.time) -> int:
    """Plays a transcript: `> ` says, `< ` expects a substring or /regex/ of the turn's answer, `! ` expects it absent,
    `? 3` expects so many choices or more, `@ 40` moves the clock on by minutes, `# ` is a comment. Expected is what the
    channel says, or the text that it makes that of. Prints what differs; 1 if anything did."""
    talk = Talk(app, clock)
    replies: list[Reply] = []
    answer = said = ""
    wrong = after = 0
    for number, raw in enumerate(script.splitlines(), 1):
        line = raw.strip()
        kind, rest = line[:1], line[1:].strip()
        if kind == ">":
            receipt = await talk.say(rest, channel, after_minutes=after)
            replies = replies_of(receipt)
            said = "\n".join(app.desk.channels[channel].render(replies))
            answer = "\n".join([said, *(reply.text for reply in replies)])
            after = 0
        elif kind == "@":
            after = int(rest)
        elif kind == "?" and sum(len(reply.options) for reply in replies) < int(rest):
            wrong += 1
            print(f"{path}:{number}: expected: {rest} choices")
        elif (kind == "<" and not matches(rest, answer)) or (kind == "!" and matches(rest, said)):
            wrong += 1
            print(f"{path}:{number}: {'expected' if kind == '<' else 'not expected'}: {rest}")
            print("".join(f"    | {each}\n" for each in said.splitlines() or ["(nothing was said)"]), end="")
        elif line and kind not in {"<", "!", "?", "#"}:
            print(f"{path}:{number}: not understood: {line}; a line begins with >, <, !, ?, @ or #")
            wrong += 1
    print(f"{path}: {'ok' if not wrong else f'{wrong} differ'}")
    return 1 if wrong else 0


def matches(expected: str, answer: str) -> bool:
    if len(expected) > 2 and expected[0] == expected[-1] == "/":
        return re.search(expected[1:-1], answer, re.DOTALL) is not None
    return expected in answer


def label_of(candidate: Candidate) -> str:
    if candidate.question:
        return f"faq/{candidate.question}"
    return candidate.intent or f"entry:{candidate.entry}"


def parsed(heard: Understanding) -> dict[str, object]:
    """What `daoxue nlu parse` writes of one text. A standard question is the intent `faq/<id>`, one of
    the centre's own `entry:<id>`."""
    named = [
        {"intent": label_of(each), "topic": each.topic, "confidence": round(each.score, 4)}
        for each in heard.candidates[:5]
    ]
    best = named[0] if named and float(str(named[0]["confidence"])) >= heard.lines.ask else None
    return {
        "text": heard.text,
        "topic": heard.topic,
        "intent": best["intent"] if best else None,
        "confidence": named[0]["confidence"] if named else 0.0,
        "topic_confidence": round(heard.topic_probability, 4),
        "entities": [
            {
                "kind": each.kind,
                "value": each.value,
                "start": each.start,
                "end": each.end,
                "text": heard.text[each.start : each.end],
            }
            for each in heard.entities
        ],
        "alternatives": named[1:],
    }

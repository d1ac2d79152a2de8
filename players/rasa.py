"""A Rasa server to try the service against: what version 3.6 answers to `/model/parse`, `/status` and `/version`.

It reads a message as Rasa does, commands included, knows by heart what texts mean, and misbehaves on demand.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

VERSION = "3.6.21"
THRESHOLD = 0.3  # below which a fallback stands before the ranking
LONGEST = 10  # intents and responses that a ranking has at most
Meaning = Mapping[str, float]  # confidence by label
_COMMAND = re.compile(r"^/(?P<intent>[^{@]+)(?P<confidence>@[0-9.]+)?(?P<entities>{.+})?")


@dataclass
class RasaServer:
    """`means` gives what a text means to the model; any other text means `otherwise`.

    `selectors`: own (one a retrieval intent), default (one for all), none (as if trained with the whole labels).
    `fault`: none, slow, down, html, huge, broken, wrong, nan, beyond, deep, unloaded.
    """

    means: Mapping[str, Meaning]
    otherwise: Meaning = field(default_factory=dict)
    token: str = ""
    selectors: str = "own"
    fault: str = "none"
    asked: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    refused: int = 0
    peers: set[object] = field(default_factory=set)  # the connections that it was asked over

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/model/parse", self._parse, methods=["POST"]),
                Route("/status", self._status),
                Route("/version", self._version),
            ]
        )

    async def _version(self, _: Request) -> Response:
        return JSONResponse({"version": VERSION, "minimum_compatible_version": VERSION})

    async def _status(self, request: Request) -> Response:
        model = {"model_file": "nlu.tar.gz", "model_id": "fb2911eca23e4cb5", "num_active_training_jobs": 0}
        return self._barred(request) or JSONResponse(model)

    def _barred(self, request: Request) -> Response | None:
        if self.token and request.query_params.get("token") != self.token:
            self.refused += 1
            return _failure(401, "NotAuthenticated", "User is not authenticated.")
        if self.fault == "unloaded":
            return _failure(409, "Conflict", "No agent loaded.")
        return None

    async def _parse(self, request: Request) -> Response:
        self.peers.add(request.client)
        if (barred := self._barred(request)) is not None:
            return barred
        try:
            text = (await request.json())["text"].strip()
        except (ValueError, KeyError, TypeError, AttributeError):
            return _failure(500, "ParsingError", "An unexpected error occurred.")
        self.asked.append(text)
        return await self._misbehave() or JSONResponse(self._read(text))

    async def _misbehave(self) -> Response | None:
        match self.fault:
            case "slow":
                await asyncio.sleep(5)
            case "down":
                return Response("upstream is away", 503)
            case "html":
                return HTMLResponse("<html>login</html>")
            case "huge":
                return Response(b'{"intent_ranking": [' + b" " * 5_000_000 + b"]}", media_type="application/json")
            case "broken":
                return Response(b'{"intent_ranking": [{"name": "a"', media_type="application/json")
            case "wrong":
                return JSONResponse({"intent_ranking": [{"name": 7, "confidence": "much"}]})
            case "nan":
                return Response(b'{"intent_ranking": [{"name": "thanks", "confidence": NaN}]}')
            case "deep":
                return Response(b'{"intent_ranking": [], "more": ' + b"[" * 100_000)
            case "beyond":
                return JSONResponse({"intent_ranking": [{"name": "thanks", "confidence": 1.5}]})
        return None

    def _read(self, text: str) -> dict[str, object]:
        if command := _COMMAND.match(text):
            self.commands.append(text)
            intent = {"name": command["intent"].strip(), "confidence": float((command["confidence"] or "@1")[1:])}
            return {"text": text, "intent": intent, "entities": [], "intent_ranking": [intent]}
        meaning = self.means.get(text, self.otherwise)
        ranking = [{"name": name, "confidence": confidence} for name, confidence in self._ranking(meaning)]
        return {
            "text": text, "intent": ranking[0], "entities": [], "text_tokens": [], "intent_ranking": ranking,
            "response_selector": self._selected(meaning),
        }  # fmt: skip

    def _ranking(self, meaning: Meaning) -> list[tuple[str, float]]:
        intents: dict[str, float] = defaultdict(float)
        for label, confidence in meaning.items():
            intents[label if self.selectors == "none" else label.partition("/")[0]] += confidence
        best = _best(intents)
        return best if best and best[0][1] >= THRESHOLD else [("nlu_fallback", THRESHOLD), *best]

    def _selected(self, meaning: Meaning) -> dict[str, object]:
        retrieval = [label for label in meaning if "/" in label]
        names = sorted({label.partition("/")[0] for label in retrieval})
        if self.selectors == "none":
            return {"all_retrieval_intents": []}
        if self.selectors == "default":
            return {"all_retrieval_intents": names, "default": _selector(meaning, retrieval)}
        own = {name: [label for label in retrieval if label.startswith(f"{name}/")] for name in names}
        return {"all_retrieval_intents": names, **{name: _selector(meaning, labels) for name, labels in own.items()}}


def _best(confidences: Meaning) -> list[tuple[str, float]]:
    return sorted(confidences.items(), key=lambda each: -each[1])[:LONGEST]


def _selector(meaning: Meaning, labels: Sequence[str]) -> dict[str, object]:
    whole = sum(meaning[label] for label in labels) or 1.0
    ranking = [
        {"confidence": share, "intent_response_key": label}
        for label, share in _best({label: meaning[label] / whole for label in labels})
    ]
    first = ranking[0] if ranking else {"confidence": 0.0, "intent_response_key": None}
    told = {"responses": [{"text": "…"}], "utter_action": f"utter_{first['intent_response_key']}", **first}
    return {"response": told, "ranking": ranking}


def _failure(status: int, reason: str, message: str) -> JSONResponse:
    told = {
        "version": VERSION,
        "status": "failure",
        "message": message,
        "reason": reason,
        "details": {},
        "code": status,
    }
    return JSONResponse(told, status)

"""The API that an account calls, behind a port."""

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from players.twilio.account import Text, sid
from players.twilio.call import Call
from players.twilio.carrier import LONGEST, Carrier


def server(carrier: Carrier) -> Starlette:
    """The API of the account."""
    api, base = TwilioApiPlayed(carrier), f"/2010-04-01/Accounts/{carrier.account}"
    return Starlette(
        routes=[
            Route(f"{base}.json", api.account),
            Route(f"{base}/Balance.json", api.balance),
            Route(f"{base}/Messages.json", api.send, methods=["POST"]),
            Route(f"{base}/Calls.json", api.ring, methods=["POST"]),
            Route(f"{base}/Calls/{{id}}.json", api.update, methods=["POST"]),
            Route(f"{base}/Recordings/{{id}}", api.recording),
        ]
    )


class TwilioApiPlayed:
    """Each method answers a call."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def _refused(self, request: Request) -> Response | None:
        expected = httpx.BasicAuth(self._carrier.account, self._carrier.token)._auth_header
        if request.headers.get("authorization") != expected:
            return JSONResponse({"code": 20003, "message": "Authenticate", "status": 401}, 401)
        if self._carrier.faults:
            status, code = self._carrier.faults.pop(0)
            if code == 0:
                return Response("<html>bad gateway</html>", status)
            return JSONResponse({"code": code, "message": "as asked", "status": status}, status)
        return None

    async def account(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse(
            {"sid": self._carrier.account, "status": self._carrier.status, "type": "Full"}
        )

    async def balance(self, request: Request) -> Response:
        told = {"account_sid": self._carrier.account, "balance": self._carrier.balance, "currency": "USD"}
        return self._refused(request) or JSONResponse(told)

    async def send(self, request: Request) -> Response:
        self._carrier.requests["Messages"] += 1
        if (refused := self._refused(request)) is not None:
            return refused
        async with request.form() as form:
            to, body, of = str(form.get("To", "")), str(form.get("Body", "")), str(form.get("From", ""))
            if of != self._carrier.number:
                return JSONResponse({"code": 21606, "message": "From is not yours", "status": 400}, 400)
            if not to.startswith("+"):
                return JSONResponse({"code": 21211, "message": "To is no number", "status": 400}, 400)
            if not 0 < len(body) <= LONGEST:
                return JSONResponse({"code": 21617, "message": "Body", "status": 400}, 400)
            text = Text(sid("SM"), to, body, str(form.get("StatusCallback", "")))
        self._carrier.texts.append(text)
        return JSONResponse({"sid": text.sid, "status": "queued", "num_segments": "1"}, 201)

    async def ring(self, request: Request) -> Response:
        self._carrier.requests["Calls"] += 1
        if (refused := self._refused(request)) is not None:
            return refused
        async with request.form() as form:
            call = Call(
                self._carrier, sid("CA"), str(form.get("From", "")), str(form.get("To", "")), "outbound-api", str(form.get("Url", "")),
                str(form.get("StatusCallback", "")),
            )  # fmt: skip
        self._carrier.ringing.append(call)
        return JSONResponse({"sid": call.sid, "status": "queued"}, 201)

    async def update(self, request: Request) -> Response:
        """Has a call in progress go on elsewhere: whoever it was put together with is left."""
        if (refused := self._refused(request)) is not None:
            return refused
        call = self._carrier.calls.get(request.path_params["id"])
        if call is None or call.state == "ended":
            return JSONResponse({"code": 21220, "message": "not in progress", "status": 400}, 400)
        async with request.form() as form:
            url = str(form.get("Url", ""))
        asyncio.get_running_loop().call_soon(lambda: self._carrier.moves.append(asyncio.ensure_future(call.move(url))))
        return JSONResponse({"sid": call.sid, "status": "in-progress"})

    async def recording(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = self._carrier.recordings.get(request.path_params["id"].removesuffix(".mp3"))
        return Response(found, media_type="audio/mpeg") if found else Response("", 404)

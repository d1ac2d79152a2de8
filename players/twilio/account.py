"""An account towards its webhooks: what it is asked is signed as the provider signs it."""

import secrets
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx
from twilio.request_validator import RequestValidator

from players.twilio.twiml import TwimlError, read

WITHIN = 15.0  # seconds for a document


def sid(kind: str) -> str:
    return kind + secrets.token_hex(16)


@dataclass
class Text:
    """A text on its way to a telephone, or on its screen."""

    sid: str
    to: str
    body: str
    callback: str = ""


class CarrierAccount:
    """An account of the provider's. `url` is where its webhooks are."""

    def __init__(self, url: str = "", *, repeat: bool = False) -> None:
        self.url = url
        self.account = sid("AC")
        self.token = secrets.token_hex(16)
        self.number = "+15005550006"
        self.repeat = repeat  # every request comes twice, and must be answered the same
        self.texts: list[Text] = []
        self.requests: Counter[str] = Counter()
        self.api = ""
        self._validator = RequestValidator(self.token)

    async def post(self, url: str, form: dict[str, str], *, waiting: bool = False) -> ElementTree.Element:
        """Asks for a document. Raises `TwimlError`."""
        form = {"AccountSid": self.account, "ApiVersion": "2010-04-01", **form, "SomethingNew": ""}
        token = secrets.token_hex(8)
        text = await self._once(url, form, token)
        if self.repeat and await self._once(url, form, token) != text:
            raise TwimlError("the provider's retry was answered otherwise")
        return read(text, waiting=waiting)

    async def _once(self, url: str, form: dict[str, str], token: str) -> str:
        self.requests[urlsplit(url).path] += 1
        signature = self._validator.compute_signature(url, form)
        headers = {
            "x-twilio-signature": str(signature), "content-type": "application/x-www-form-urlencoded",
            "i-twilio-idempotency-token": token,
        }  # fmt: skip
        async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as client:
            answer = await client.post(url, content=urlencode(form), headers=headers)
        if answer.status_code != 200:
            raise TwimlError(f"11200: HTTP {answer.status_code}")
        if not answer.headers["content-type"].startswith("text/xml"):
            raise TwimlError("12300: content type")
        return answer.text

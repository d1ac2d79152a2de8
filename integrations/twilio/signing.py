"""Only what Twilio signed is read.

The signature is over the address that Twilio was told and every parameter as it was sent. So the address is put together
from our own settings and the raw path, never from a header that a proxy or an attacker has changed, and parameters
without a value stay. Source: twilio.com/docs/usage/security.
"""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from prometheus_client import Counter
from starlette.types import Receive, Scope
from twilio.request_validator import RequestValidator

from bot.edge import BodyError, body_of

LARGEST = 65_536  # bytes of a request
MOST = 200  # parameters; there are about thirty, and new ones come without notice
REFUSED = Counter("daoxue_twilio_refused", "Requests not proven to come from Twilio, by reason", ["why"])


class SignatureError(Exception):
    """Not proven to come from Twilio. The message is a word for the counter."""


class Verifier:
    """Knows the account's token, and the address that Twilio was given."""

    def __init__(self, account: str, token: str, public_url: str) -> None:
        self._account = account
        self._validator = RequestValidator(token)
        self._public_url = public_url

    async def form(self, scope: Scope, receive: Receive) -> dict[str, str]:
        """The parameters of a request. Raises `SignatureError`."""
        headers = {
            name: value for name, value in scope["headers"] if name in (b"x-twilio-signature", b"content-length")
        }
        signature = headers.get(b"x-twilio-signature", b"").decode("latin-1")
        if scope["method"] != "POST" or not signature:
            raise SignatureError("unsigned")
        if not headers.get(b"content-length", b"0").isdigit() or int(headers.get(b"content-length", b"0")) > LARGEST:
            raise SignatureError("size")
        try:
            body = await body_of(receive, LARGEST)
            pairs = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST, encoding="utf-8", errors="strict"
            )
        except BodyError as error:
            raise SignatureError(str(error)) from error
        except ValueError as error:  # also what is not text
            raise SignatureError("form") from error
        form = dict(pairs)
        if len(form) < len(pairs):
            raise SignatureError("form")
        if not hmac.compare_digest(self._expected(scope, form).encode(), signature.encode("latin-1")):
            raise SignatureError("signature")
        if form.get("AccountSid") != self._account:
            raise SignatureError("account")
        return form

    def _expected(self, scope: Scope, form: Mapping[str, str]) -> str:
        path = scope.get("raw_path") or scope["path"].encode()
        query = scope["query_string"]
        address = (
            self._public_url
            + path.partition(b"?")[0].decode("latin-1")
            + ("?" + query.decode("latin-1") if query else "")
        )
        expected: str = self._validator.compute_signature(address, form)
        return expected

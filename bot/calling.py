"""The client that everything of ours calls others with over httpx."""

from typing import Any

import httpx


class HttpClient(httpx.AsyncClient):
    """httpx's, of which every failure is an `httpx.HTTPError`.

    Where the other side hangs up in the very moment that it is connected to, uvloop has no socket any more and anyio asks it
    for its peer: an AttributeError, which those who call expect from nobody.
    """

    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:  # as httpx types what it passes on
        try:
            return await super().send(request, **how)
        except AttributeError as error:
            if error.obj is not None or error.name not in ("getpeername", "family"):
                raise
            raise httpx.ConnectError("hung up", request=request) from error

"""Which page a browser speaks for."""

import logging

from starlette.types import Scope

log = logging.getLogger(__name__)


class Origins:
    """Our own pages, by the host they were asked of and by `server.public_url` (`own`, its host)."""

    def __init__(self, own: str) -> None:
        self._own = own.encode()
        self._told = False  # that another one was refused

    def is_foreign(self, scope: Scope) -> bool:
        """Whether a browser sent this for a page of another site. The widget on such a page is a frame of ours."""
        origin = host = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == b"host":
                host = value
        foreign = origin is not None and origin.rpartition(b"//")[2] not in (host, self._own)
        if foreign and not self._told:
            self._told = True
            log.warning("a page of another site was refused; where it is ours, server.public_url has to name it")
        return foreign

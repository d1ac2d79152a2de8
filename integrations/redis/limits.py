"""Redis as the tally of limits: one script, which counts for all keys or for none."""

from collections.abc import Sequence
from typing import cast

from accounts.sharing import CountingError
from integrations.redis.addresses import RedisAddress
from integrations.redis.clients import ERRORS, client, close

# The clock is Redis's own, so that no process's counts; a key goes by itself when all of it is there again.
_ADD = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = {}
for i, key in ipairs(KEYS) do
  local more = tonumber(ARGV[i])
  if more < 0 then
    redis.call('DEL', key)
    left[i] = 0
  else
    local till = math.max(tonumber(redis.call('GET', key) or '0'), now) + more
    left[i] = till - now
    if left[i] > 0 then
      redis.call('SET', key, string.format('%.0f', till), 'PX', left[i])
    end
  end
end
return left
"""


class RedisTally:
    """`centre` is in every key, in braces: a cluster keeps them together."""

    def __init__(self, address: RedisAddress, centre: str) -> None:
        self._client = client(address)
        self._centre = centre

    async def add(self, taken: Sequence[tuple[str, int]]) -> Sequence[int]:
        keys = [f"{{daoxue:{self._centre}}}:{key}" for key, _ in taken]
        try:
            left = await self._client.eval(_ADD, len(keys), *keys, *(str(ms) for _, ms in taken))
        except ERRORS as error:
            raise CountingError(type(error).__name__) from error
        return cast("list[int]", left)

    async def close(self) -> None:
        await close(self._client)

"""The rules of the dialogue, by what they are about; `bot.dialogue` puts them in order.

A rule looks at a turn and either answers it, which ends the turn, or leaves it to the next. Its docstring says what it
is, in a line that a newcomer reads.
"""

from collections.abc import Awaitable, Callable

from bot.running import Runner
from bot.turn import Turn

Rule = Callable[[Runner, Turn], Awaitable[bool]]

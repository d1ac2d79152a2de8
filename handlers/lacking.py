"""What this centre has nothing on record of: said to be so, never asked for and never made up."""

from typing import Literal

from bot.turn import Turn

Kind = Literal["organisations", "courses", "activities", "items"]


def lacks(turn: Turn, *kinds: Kind) -> bool:
    """Whether something that the answer needs is not on record; then that was said, with a person one key away."""
    lacking = next((kind for kind in kinds if not getattr(turn.catalogue, kind)), None)
    if lacking is None:
        return False
    turn.unanswered = True
    turn.say(f"lacking.{lacking}")
    turn.suggest("human")
    return True

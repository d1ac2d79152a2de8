"""How far places are. Pure."""

import math
from collections.abc import Iterable

from bot.turn import CHOICES
from knowledge.catalogue import Organisation


def is_located(place: Organisation) -> bool:
    """Whether anybody has written down where it is: no place of ours is at the equator south of Ghana."""
    return bool(place.north or place.east)


def by_distance(spot: tuple[float, float], places: Iterable[Organisation]) -> list[Organisation]:
    """The nearest of them."""
    return sorted(places, key=lambda place: (metres(spot, place), place.id))[:CHOICES]


def metres(spot: tuple[float, float], place: Organisation) -> float:
    """Distance over ground; on a district's scale the earth is flat."""
    north = (spot[0] - place.north) * 111_320
    east = (spot[1] - place.east) * 111_320 * math.cos(math.radians(spot[0]))
    return math.hypot(north, east)

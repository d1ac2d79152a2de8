"""The slots that handlers ask for or use, each declared once."""

from bot.slots import Slot
from knowledge.catalogue import Catalogue


def _is_street_or_site(value: str, catalogue: Catalogue) -> bool:
    place = catalogue.organisations.get(value)
    return place is not None and place.level != "college"


def _is_reachable(value: str, catalogue: Catalogue) -> bool:
    """Whether somebody is called there: 400 and 800 numbers only take calls."""
    return value[0] in "01"


CLASS = Slot("class", ("class",), focus=True)
COURSE = Slot("course", ("course",))
THIS_COURSE = Slot("course", ("course",), focus=True)
THEME = Slot("theme", ("theme",), accepts=lambda value, catalogue: value in catalogue.words_of_themes)
ORG = Slot("org", ("org",))
HERE = Slot("org", ("org",), focus=True)
VILLAGE = Slot("org", ("org",), prompt="village", accepts=_is_street_or_site)
HOME = Slot("org", ("org",), prompt="home", accepts=_is_street_or_site)
WHEN = Slot("when", ("when",))
DAY = Slot("when", ("when",), prompt="day")
AUDIENCE = Slot("audience", ("audience",))
FEE = Slot("fee", ("fee",))
TEACHER = Slot("teacher", ("teacher",))
PHONE = Slot("phone", ("phone",), accepts=_is_reachable)
MOBILE = Slot("phone", ("phone",), prompt="mobile")
MAIL = Slot("mail", ("mail",))
NOT_COURSE = Slot("not_course", ("course",), refuses=True)
NOT_ORG = Slot("not_org", ("org",), refuses=True)
NOT_WHEN = Slot("not_when", ("when",), refuses=True)
NOT_CLASS = Slot("not_class", refuses=True)  # that were told, and are not wanted
NOT_ONLINE = Slot("not_online", refuses=True)
NOT_ABOUT = Slot("not_about", refuses=True)
POINTS = Slot("points", ("points",))
ITEM = Slot("item", ("item",))
MATTER = Slot("matter", ("matter",))
# Never filled from words, and never kept: keyed in on the telephone, or taken out of the message where it is typed.
CARD = Slot("card", proves="card")
TYPED_CARD = Slot("card_typed", proves="card")
CODE = Slot("code", proves="code")
CHOICE = Slot("class", ("class",), prompt="which_class")
LEARNER = Slot("learner")
ABOUT = Slot("about")  # the words in which it was asked first
DETAIL = Slot("detail", free=True)
WISH = Slot("detail", free=True, prompt="wish")
QUESTION = Slot("question", free=True)
SERVICE = Slot("service", ("service",), free=True)

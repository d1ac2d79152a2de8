"""The centre itself: what it is called, and what it says in words of its own. A record of the catalogue, as its places
are; where there is none yet, the settings say it (`centre` in config.yml)."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from knowledge.colours import LEGIBLE, contrast, lightened

Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^\S([^\n]*\S)?$")]
Said = Annotated[str, Meta(max_length=60, pattern=r"^(\S([^\n]*\S)?)?$")]  # may be empty
Text = Annotated[str, Meta(min_length=1, max_length=1000)]
Colour = Annotated[str, Meta(pattern=r"^(#[0-9a-f]{6})?$")]  # #rrggbb, may be empty
UNNAMED, UNNAMED_IN_ENGLISH = "学习中心", "the learning centre"


class TextForms(Struct, frozen=True, forbid_unknown_fields=True):
    """A text with the forms that differ from it. `{name}` stands for a value."""

    text: Text
    spoken: Text | None = None
    short: Text | None = None


WHITE, DARK = "#ffffff", "#1a2320"  # the grounds of the chat page, in the light and in the dark
OwnTexts = Mapping[str, str | TextForms]  # by key, as in `bot/texts`


class CentreInEnglish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Name
    bot: Name = "assistant"
    district: Said = ""
    platform: Name = "learning platform"


class Centre(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="centre"):
    """There is one. `texts` are said instead of those that come with us, by language and key."""

    id: Literal["centre"] = "centre"
    name: Name = UNNAMED
    bot: Name = "智能助手"
    district: Said = ""
    hotline: Said = ""
    address: Said = ""
    platform: Name = "学习平台"  # what residents call the site or app they learn on
    colour: Colour = ""  # of what is to be pressed on the chat page; empty: as it comes
    head_colour: Colour = ""  # of the ground of its head; letters there are white
    logo: Annotated[bytes, Meta(max_length=100_000)] = b""  # a JPEG, drawn anew from what was given; may be empty
    texts: dict[str, dict[str, str | TextForms]] = field(default_factory=dict)
    en: CentreInEnglish | None = None

    @property
    def colour_in_the_dark(self) -> str:
        """Of what is to be pressed where the page is dark."""
        return self.colour and lightened(self.colour, DARK)

    def problems(self) -> list[str]:
        """What is wrong with it, for whoever writes it."""
        return [
            f"{name}: {colour} 太浅，白字看不清，请选深一些的颜色"
            for name, colour in (("colour", self.colour), ("head_colour", self.head_colour))
            if colour and contrast(colour, WHITE) < LEGIBLE
        ]

    def values(self, language: str) -> dict[str, str]:
        """What stands for `{centre}` and so on in texts of this language."""
        chinese = {"centre": self.name, "bot": self.bot, "district": self.district, "platform": self.platform}
        if language != "en":
            return chinese
        if self.en is None:
            name = UNNAMED_IN_ENGLISH if self.name == UNNAMED else self.name
            return chinese | {"centre": name, "bot": "assistant", "platform": "learning platform"}
        bracketed = f"{self.en.name} ({self.name})"
        return {"centre": bracketed, "bot": self.en.bot, "district": self.en.district, "platform": self.en.platform}

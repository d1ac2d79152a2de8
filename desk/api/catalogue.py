"""The catalogue, and the centre itself, looked at and changed in place."""

from typing import Annotated

from fastapi import Depends, Request, UploadFile
from msgspec import Struct

from desk.api.answers import Answering
from desk.api.given import Now, TheCataloguing
from desk.api.guard import LARGEST_FILE, may
from desk.api.knowledge import Revision
from desk.people import Seat
from knowledge.catalogue import Record
from knowledge.centre import Centre

router = Answering(tags=["目录 catalogue"])
Keeper = Annotated[Seat, Depends(may("catalogue.write"))]


class CatalogueShown(Struct, frozen=True):
    records: list[Record]


class TextShown(Struct, frozen=True):
    """What residents read or hear under a key where the centre says nothing of its own; `en` may be lacking."""

    key: str
    zh: str
    en: str | None


class CentreShown(Struct, frozen=True):
    """What holds now: the record, or the settings where there is none; and the texts that come with us."""

    centre: Centre
    texts: list[TextShown]


@router.get("/centre")
async def centre(seat: Keeper, cataloguing: TheCataloguing) -> CentreShown:
    chinese, english = cataloguing.given("zh"), cataloguing.given("en")
    return CentreShown(cataloguing.centre, [TextShown(key, zh, english.get(key)) for key, zh in chinese.items()])


@router.post("/centre/logo", max_body_size=LARGEST_FILE)
async def show_logo(file: UploadFile, seat: Keeper, cataloguing: TheCataloguing, now: Now) -> Revision:
    """A PNG, JPEG or WebP; it is drawn anew, small, and shown at `/logo` and on the pages."""
    return Revision(await cataloguing.show(await file.read(), seat.name, now))


@router.delete("/centre/logo")
async def drop_logo(seat: Keeper, cataloguing: TheCataloguing, now: Now) -> Revision:
    """Pages show the mark that comes with us again."""
    return Revision(await cataloguing.show(None, seat.name, now))


@router.get("/catalogue/{kind}")
async def records(kind: str, seat: Keeper, cataloguing: TheCataloguing) -> CatalogueShown:
    """`kind` is centre, organisation, theme, course, class, activity, rule, bank, category, item or office."""
    return CatalogueShown(await cataloguing.all(kind))


@router.put("/catalogue/{kind}/{id}")
async def put(
    kind: str, id: str, request: Annotated[Request, Record], seat: Keeper, cataloguing: TheCataloguing, now: Now
) -> Revision:
    """The record as it is now to be; residents hear it from the next question on. Refused where it does not fit the rest.
    A centre keeps its logo; what stands under a theme or a category goes with its new name."""
    return Revision(await cataloguing.put(kind, id, await request.body(), seat.name, now))


@router.delete("/catalogue/{kind}/{id}")
async def drop(kind: str, id: str, seat: Keeper, cataloguing: TheCataloguing, now: Now) -> Revision:
    """Takes it out; refused while another record needs it."""
    return Revision(await cataloguing.drop(kind, id, seat.name, now))

"""Tokens with which other systems act as an account: made by whom the account is, seen and ended by administrators too."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request
from msgspec import Struct
from pydantic import Field

from desk.api.answers import NOTHING, Answering, NothingToTell
from desk.api.given import Now, ThePeople, TheSignIn
from desk.api.guard import caller_of, may
from desk.api.session import Handwritten, Owner, Strict
from desk.people import Seat
from desk.signing import NewToken
from store.people import SessionRow

router = Answering(tags=["令牌 tokens"])
Keeper = Annotated[Seat, Depends(may("token.write"))]


class TokenWanted(Strict):
    """What it is for; one's password, and a code where there is a second factor."""

    label: Annotated[str, Handwritten] = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=200)
    code: str = Field("", max_length=10)


class TokenShown(Struct, frozen=True):
    id: str
    seat: str
    label: str
    created_at: int
    used_at: int
    expires_at: int


class TokenList(Struct, frozen=True):
    tokens: list[TokenShown]


class Token(Struct, frozen=True):
    token: str


def _shown(found: Sequence[SessionRow]) -> TokenList:
    return TokenList(
        [
            TokenShown(each.digest, each.seat, each.label, each.created_at, each.used_at, each.expires_at)
            for each in found
        ]
    )


@router.get("/me/tokens")
async def own_tokens(seat: Owner, people: ThePeople) -> TokenList:
    """Those that act as oneself, whoever made them; the tokens themselves are not kept."""
    return _shown([each for each in await people.tokens() if each.seat == seat.name])


@router.post("/me/tokens")
async def add_token(request: Request, body: TokenWanted, seat: Owner, signing: TheSignIn, now: Now) -> Token:
    """A token that acts as oneself for a year, shown this once. It may what one may, but for accounts, tokens, webhooks and
    erasures: those are for people."""
    new = NewToken(body.label, body.password, body.code)
    return Token(await signing.add_token(seat.name, new, now, caller_of(request)))


@router.delete("/me/tokens/{id}")
async def drop_own_token(id: str, seat: Owner, people: ThePeople, now: Now) -> NothingToTell:
    await people.drop_token(id, seat.name, now, own=True)
    return NOTHING


@router.get("/tokens")
async def tokens(seat: Keeper, people: ThePeople) -> TokenList:
    """Everybody's."""
    return _shown(await people.tokens())


@router.delete("/tokens/{id}")
async def drop_token(id: str, seat: Keeper, people: ThePeople, now: Now) -> NothingToTell:
    await people.drop_token(id, seat.name, now, own=False)
    return NOTHING

"""What operations take and answer, described in OpenAPI by the very types that msgspec reads and writes."""

import functools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute

from desk import feed
from desk.api.guard import LARGEST, GuardedRoute

JSON = "application/json"
_REFS = "#/components/schemas/{name}"
Schema = dict[str, Any]  # JSON


class NothingToTell(msgspec.Struct, frozen=True):
    """It is done."""


NOTHING = NothingToTell()


class Misfit(msgspec.Struct, frozen=True):
    """Where in a request something is wrong, and what; never the value."""

    where: str
    what: str


class Refused(msgspec.Struct, frozen=True):
    """What was not done, and why: `code` for programs, `text` for people. `errors` tells where the request is wrong."""

    code: str
    text: str
    errors: list[Misfit] = []


REFUSED, UNREACHABLE, UNUSABLE = "4XX", "502", "503"  # the answers that are a `Refused`
_REFUSALS: dict[int | str, Schema] = {
    REFUSED: {"description": "It was refused"}, UNUSABLE: {"description": "The database cannot be used now; `text` says why"},
}  # fmt: skip
# For `responses` of an operation that asks something of another system.
OUTSIDE: dict[int | str, Schema] = {UNREACHABLE: {"description": "The other system did not do it"}}


def as_json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type=JSON)


def files(*media: str) -> dict[int | str, Schema]:
    """For `responses` of an operation whose answer is a file."""
    return {200: {"content": {each: {"schema": {"type": "string", "format": "binary"}} for each in media}}}


class Answering(APIRouter):
    """A router whose functions' return types are the answers: `-> Board`. One that makes its response itself says what is
    in it, `-> Annotated[Response, Board]`, and one that reads its request itself what it reads."""

    def add_api_route(self, path: str, endpoint: Callable[..., Awaitable[object]], **options: Any) -> None:
        @functools.wraps(endpoint)
        async def written(*given: object, **named: object) -> Response:
            answer = await endpoint(*given, **named)
            return answer if isinstance(answer, Response) else as_json(answer)

        says_nothing = (
            get_type_hints(endpoint, include_extras=True)["return"] is Response
        )  # a file, or the way to somewhere else
        media = {"response_class": Response} if says_nothing else {}
        most = options.get("max_body_size") or LARGEST
        options["responses"] = _REFUSALS | (options.get("responses") or {})
        fixed = {"response_model": None, "route_class_override": GuardedRoute, "max_body_size": most}
        super().add_api_route(path, written, **options | fixed | media)


class Described(FastAPI):
    """An application that describes what its routers answer."""

    routers: Sequence[Answering] = ()

    def openapi(self) -> Schema:
        if self.openapi_schema is None:
            schema = super().openapi()
            _describe(schema, [each for router in self.routers for each in router.routes if isinstance(each, APIRoute)])
        assert self.openapi_schema is not None
        return self.openapi_schema


def _describe(schema: Schema, routes: Sequence[APIRoute]) -> None:
    """Writes into it what each operation takes and answers, and the frames of the live feed."""
    slots = [slot for route in routes for slot in _slots(schema, route)]
    kinds = [*(kind for _, kind in slots), feed.Frame]
    shapes, components = msgspec.json.schema_components(kinds, schema_hook=_anything, ref_template=_REFS)
    for (content, _), shape in zip(slots, shapes, strict=False):
        content[JSON] = {"schema": shape}
    known = schema["components"]["schemas"]
    assert not known.keys() & components.keys(), known.keys() & components.keys()
    known |= components


def _anything(kind: type) -> Schema:
    if kind is object:
        return {"description": "whatever JSON can say"}
    raise NotImplementedError  # by which msgspec is told that the hook does not know it either


def _slots(schema: Schema, route: APIRoute) -> Iterator[tuple[Schema, object]]:
    """Each `content` of an operation that is to be described, with its type."""
    hints = get_type_hints(route.endpoint, include_extras=True)
    answer = _held(hints.pop("return"), Response)
    for method in route.methods or ():
        operation = schema["paths"][route.path_format][method.lower()]
        for refusal in operation["responses"].keys() & {REFUSED, UNREACHABLE, UNUSABLE}:
            yield operation["responses"][refusal].setdefault("content", {}), Refused
        if answer is not None:
            yield operation["responses"]["200"].setdefault("content", {}), answer
        for hint in hints.values():
            if get_origin(hint) is Annotated and get_args(hint)[0] is Request:
                operation["requestBody"] = {"required": True, "content": {}}
                yield operation["requestBody"]["content"], _held(hint, Request)


def _held(hint: object, carrier: type) -> object:
    """What a response or request is said to hold; None where nothing is said."""
    if get_origin(hint) is Annotated and get_args(hint)[0] is carrier:
        held: object = get_args(hint)[1]
        return held
    return None if hint is carrier else hint

"""The forum's API behind a port, as an account with a key calls it."""

import asyncio
from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from players.forum import Discussion, Forum, ForumRefusedError, Json, Member, Written

NEAR = 20  # posts that a topic is shown with
CAUGHT = "<html><body><h1>502 Bad Gateway</h1></body></html>"
INVALID_KEY = "You are not permitted to view the requested resource. The API username or key is invalid."
_DONE: Mapping[object, object] = {"lost": 502, "silent": "hang"}  # faults of what was done, and how they look
Work = Callable[[Request, Member, Json], Json]


def server(forum: Forum) -> Starlette:
    """The forum's API."""
    api = ForumApiPlayed(forum)
    return Starlette(
        routes=[
            Route("/t/{topic:int}/posts.json", api.answering("posts", api.posts)),
            Route("/t/{topic:int}/{number:int}.json", api.answering("topic", api.topic)),
            Route("/posts/{post:int}.json", api.answering("post", api.post)),
            Route("/c/{category:int}/show.json", api.answering("category", api.category)),
            Route("/posts.json", api.answering("reply", api.reply), methods=["POST"]),
            Route("/session/current.json", api.answering("session", api.session)),
            Route("/{rest:path}", lambda _: HTMLResponse(CAUGHT, 404)),
        ]
    )


class ForumApiPlayed:
    """Each method takes the request with who asks and the body, and gives the result, or raises `ForumRefusedError`."""

    def __init__(self, forum: Forum) -> None:
        self._forum = forum

    def answering(self, kind: str, work: Work) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            forum = self._forum
            forum.calls[kind] += 1
            fault = forum.faults[kind].pop(0) if forum.faults[kind] else None
            try:
                if fault is not None and fault not in _DONE:
                    return await _failing(fault)
                who = self._who(request)
                given = await request.json() if request.method == "POST" else {}
                result = work(request, who, given)
            except ForumRefusedError as no:
                return _no(no)
            if fault in _DONE:
                forum.lost.append(forum.topics[int(given["topic_id"])].posts[-1])
                return await _failing(_DONE[fault])
            return JSONResponse(result)

        return answer

    def _who(self, request: Request) -> Member:
        """Raises `ForumRefusedError`: the key is looked at first, then the account, then how often it asks."""
        member = self._forum.members.get(request.headers.get("api-username", ""))
        if request.headers.get("api-key") != self._forum.key or member is None:
            raise ForumRefusedError(403, INVALID_KEY, "invalid_access")
        self._forum.count_call()
        return member

    def topic(self, request: Request, who: Member, given: Json) -> Json:
        topic = self._forum.readable(request.path_params["topic"])
        there = self._there(topic)
        at = min(range(len(there)), key=lambda i: abs(there[i].number - request.path_params["number"]), default=0)
        begin = max(0, at - NEAR // 4)
        return {
            "id": topic.id, "title": topic.title, "fancy_title": topic.title, "category_id": topic.category,
            "archetype": topic.archetype, "closed": topic.closed, "archived": topic.archived, "visible": topic.visible, "deleted_at": None,
            "posts_count": len(there), "post_stream": self._stream(request, there[begin : begin + NEAR]) | {"stream": [each.id for each in there]},
        }  # fmt: skip

    def posts(self, request: Request, who: Member, given: Json) -> Json:
        topic = self._forum.readable(request.path_params["topic"])
        asked = {int(id) for id in request.query_params.getlist("post_ids[]")}
        return {
            "id": topic.id,
            "post_stream": self._stream(request, [each for each in self._there(topic) if each.id in asked]),
        }

    def post(self, request: Request, who: Member, given: Json) -> Json:
        id = request.path_params["post"]
        found = next((post for topic in self._forum.topics.values() for post in topic.posts if post.id == id), None)
        if found is None or found.deleted:
            raise ForumRefusedError(404, "The requested URL or resource could not be found.", "not_found")
        self._forum.readable(found.topic.id)
        return self._forum.shown(found)

    def category(self, request: Request, who: Member, given: Json) -> Json:
        id = request.path_params["category"]
        if id not in self._forum.categories:
            raise ForumRefusedError(404, "The requested URL or resource could not be found.", "not_found")
        return {"category": {"id": id, "name": "提问", "slug": "ask"}}

    def reply(self, request: Request, who: Member, given: Json) -> Json:
        return self._forum.create(who, given)

    def session(self, request: Request, who: Member, given: Json) -> Json:
        return {"current_user": {"id": who.id, "username": who.username}}

    def _there(self, topic: Discussion) -> list[Written]:
        """What who is no staff sees."""
        return [each for each in topic.posts if not each.deleted]

    def _stream(self, request: Request, posts: list[Written]) -> Json:
        shown = [self._forum.shown(each) for each in posts]
        if request.query_params.get("include_raw") is None:
            shown = [{name: value for name, value in each.items() if name != "raw"} for each in shown]
        return {"posts": shown}


def _no(no: ForumRefusedError) -> Response:
    body: Json = {"errors": [no.words]}
    if no.kind:
        body["error_type"] = no.kind
    if no.extras:
        body["extras"] = no.extras
    headers = {"retry-after": str(no.extras["wait_seconds"])} if "wait_seconds" in no.extras else None
    return JSONResponse(body, no.status, headers=headers)


async def _failing(fault: object) -> Response:
    if isinstance(fault, ForumRefusedError):
        raise fault
    if fault == "hang":
        await asyncio.sleep(60)
    if fault == "maintenance":
        return HTMLResponse("<html><body>Discourse is down for maintenance.</body></html>", 200)
    return HTMLResponse(CAUGHT, fault if isinstance(fault, int) else 502)

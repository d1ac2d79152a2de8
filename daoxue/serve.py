"""`daoxue serve`: the process, from the lock on its database to its orderly end."""

import asyncio
import contextlib
import ctypes
import gc
import importlib
import logging
import os
import resource
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from types import FrameType
from urllib.parse import quote

import uvicorn
import uvloop
from prometheus_client import REGISTRY
from prometheus_client.core import Metric, SummaryMetricFamily
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

import web
from accounts.limits import networks
from bot.edge import safely
from daoxue import check
from daoxue.app import App, compose
from daoxue.config import Config, ConfigError, public_url
from daoxue.following import NOBODY, Following, following
from daoxue.logs import set_up_logs
from daoxue.operations import Operations
from daoxue.outside import misfits, unreachable
from daoxue.parent import READY, Parent
from daoxue.patience import PatientProtocol, PatientSocket
from daoxue.preparing import prepare
from daoxue.proxies import Forwarding
from daoxue.workers import workers
from desk import files
from desk.errors import SignInError
from desk.parts import Desk
from store import alone, attachments, room
from store.database import Database
from store.migrate import is_current

log = logging.getLogger("daoxue")
STEPS = ("accepted", "understood", "thought", "committed", "delivering", "delivered")
FILES = 65_536  # open files wanted: one a socket
FRAME = 65_536  # bytes of a socket's frame before the connection is cut; what is over our own limit gets a word
AFTER_START = 2.0  # seconds
_M_ARENA_MAX = -8  # of malloc.h
LOOPBACK = "127.0.0.1"  # where each of several processes is asked for its figures
GRACE = 10  # seconds for turns in work when stopping

DESCRIPTION = "/api/openapi.json"


class StopWatch(Collector):
    """Observes the steps of turns. Turns interleave where they are understood together and where they are committed,
    so a step is timed from the last one seen: right in the sum, not for the single turn.

    Two additions a step: a histogram for each would cost more than some of the steps.
    """

    def __init__(self) -> None:
        self._spent = dict.fromkeys(STEPS, 0.0)
        self._seen = dict.fromkeys(STEPS, 0)
        self._last = time.perf_counter()

    def observe(self, step: str) -> None:
        if step not in self._spent:
            return  # no step of a turn
        now = time.perf_counter()
        self._spent[step] += now - self._last
        self._seen[step] += 1
        self._last = now

    def collect(self) -> Iterator[Metric]:
        """For Prometheus."""
        steps = SummaryMetricFamily(
            "daoxue_turn_step_seconds", "Time up to the end of a step of a turn", labels=["step"]
        )
        for step in STEPS[1:]:
            steps.add_metric([step], self._seen[step], self._spent[step])
        yield steps


class LateApi:
    """The desk's API, loaded beside the first turns: its framework is half a second that no resident should wait for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loaded: ASGIApp | None = None
        self._loading = asyncio.Lock()

    async def load(self) -> ASGIApp:
        async with self._loading:
            if self._loaded is None:
                module = await asyncio.to_thread(importlib.import_module, "desk.api")
                self._loaded = await asyncio.to_thread(module.build, self._desk)
        assert self._loaded is not None
        return self._loaded

    async def run(self) -> None:
        """Has it ready before anybody asks, once the first turns have been answered."""
        await asyncio.sleep(AFTER_START)
        await self.load()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._loaded or await self.load())(scope, receive, send)


async def not_found(request: Request, error: Exception) -> Response:
    """For programs in the form of the API's refusals; it never gets an address with a line end in it to refuse."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"code": "not_found", "text": "没有这个地址", "errors": []}, 404)
    return PlainTextResponse("没有这一页。请从首页 / 进入。\nThere is no such page. Please start at /.\n", 404)


def routes(app: App, api: ASGIApp) -> list[BaseRoute]:
    """All that is served."""
    operations = Operations(app, os.environ.get("OPERATIONS_TOKEN", ""))

    async def file(request: Request) -> Response:
        found = await app.database.read(lambda t: attachments.get(t, request.path_params["id"]))
        if found is None:
            return PlainTextResponse("没有这个文件，或者已经删除。\n", 404)
        name, kind, body = found
        way = "inline" if kind in files.SHOWN else "attachment"
        return Response(body, media_type=kind, headers={
            "content-disposition": f"{way}; filename*=UTF-8''{quote(name)}", "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox", "cache-control": "no-store", "referrer-policy": "no-referrer",
        })  # fmt: skip

    described = Mount("/api", operations.inside(api, DESCRIPTION))
    served: list[BaseRoute] = [Route("/files/{id}", file), *operations.routes, described, *web.desk()]
    served = [route for each in app.channels.values() for route in each.routes] + served
    return sorted(served, key=lambda route: isinstance(route, Mount) and not route.path)  # what is at the root, last


async def stopping(app: App) -> None:
    """After the last turn, each step whatever became of those before it: the workers end and what they have under way, what is kept in memory is
    written, connections end, the database last. What could not be delivered stays in the outbox."""
    app.database.hurry()
    try:
        await app.watch.stop()
        await safely("queue not ended", app.queue.stop(), None)
        await safely("outbox not flushed", app.outbox.flush(), None)
        await safely("usage not written", app.inbox.usage.flush(), None)
        for part in (*app.channels.values(), app.rasa, app.platform, *app.hints, app.sharing):
            if part is not None:
                await safely("not closed", part.close(), None)
    finally:
        app.database.close()


class Front:
    """Residents' messages go straight to their channel, which answers for everything itself; all else goes through the
    framework, whose layers are a twentieth of a turn."""

    def __init__(self, behind: ASGIApp, channels: Mapping[str, ASGIApp]) -> None:
        self._behind = behind
        self._channels = channels

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and (channel := self._channels.get(scope["path"])):
            await channel(scope, receive, send)
        else:
            await self._behind(scope, receive, send)


def application(app: App, follows: Following = NOBODY) -> ASGIApp:
    """The ASGI application around composed parts."""

    api = LateApi(app.desk)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        app.watch.start(workers(app))
        loading = asyncio.create_task(api.run())
        yield
        loading.cancel()
        await stopping(app)

    posts = {path: post for each in app.channels.values() for path, post in each.posts.items()}
    front = Front(Starlette(routes=routes(app, api), lifespan=lifespan, exception_handlers={404: not_found}), posts)
    names = {path: name for name, each in app.channels.items() for path in each.posts}
    settings = app.config.server
    return Forwarding(follows.webhooks(front, names), networks(settings.trusted_proxies), settings.public_url)


def serve(config: Config) -> int:
    """Runs until a signal ends it; 0 then."""
    if not os.isatty(0):  # a terminal that is closed says the same, and ends it
        signal.signal(signal.SIGHUP, _goes_on)
    with _ours(config) as listening:
        began = time.perf_counter()
        prepare(config)
        uvloop.run(_serve(config, [listening], began))
    return 0


def _goes_on(*_: object) -> None:
    """`systemctl reload` must not end what serves alone."""
    log.warning("one process is not renewed while it serves: restart it, or run several (--workers)")


def serve_with(config: Config, command: Sequence[str], count: int) -> int:
    """The same with so many processes, each of them started by `command`. Raises `ConfigError` where the database does not
    take so many."""
    if config.database.embedded:
        raise ConfigError(
            f"--workers {count}: SQLite 只给一个进程用。先 daoxue move --to postgresql://… 搬到 PostgreSQL，把 database.url 改成它，再加"
            " --workers · SQLite is for one process: move to PostgreSQL first (daoxue move --to …), set database.url to it"
        )
    room.check(config.database.url, count)
    with _ours(config) as shared, contextlib.ExitStack() as held:
        own = [held.enter_context(_listen(LOOPBACK, config.server.port + 1 + place)) for place in range(count)]
        return asyncio.run(Parent(command, shared, own).run())


def serve_inherited(config: Config, parent: int, *listening: int, first: bool) -> int:
    """One of several processes, by the handles that the parent gave it. The first does what is done once; a later one does
    too where it is of a newer version. Raises `DatabaseError` where the others could not go on then."""
    set_up_logs(config.log.level)
    began = time.perf_counter()
    if first or not is_current(config.database.url):
        prepare(config)
    sockets = [socket.socket(fileno=each) for each in listening]
    uvloop.run(_serve(config, sockets, began, socket.socket(fileno=parent), greets=first))
    return 0


@contextlib.contextmanager
def _ours(config: Config) -> Iterator[socket.socket]:
    """The database and the port."""
    set_up_logs(config.log.level)
    for problem in (*unreachable(config), *misfits(config)):
        log.warning(problem)
    _raise_limit()
    with alone.serving(config.database.url), _listen(config.server.host, config.server.port) as listening:
        yield listening


class EndingServer(uvicorn.Server):
    """A server that does not wait for the database any more once it is asked to end. `serving` is set when it answers."""

    def __init__(self, config: uvicorn.Config, database: Database) -> None:
        super().__init__(config)
        self._database = database
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._database.hurry()
        super().handle_exit(sig, frame)


def server(app: App, follows: Following = NOBODY) -> EndingServer:
    """The web server around composed parts."""
    settings = app.config.server
    return EndingServer(
        uvicorn.Config(
            application(app, follows), host=settings.host, port=settings.port, loop="none", http=PatientProtocol, ws=PatientSocket,
            ws_max_size=FRAME, ws_per_message_deflate=False, access_log=False, log_config=None, backlog=2048,
            timeout_graceful_shutdown=GRACE, server_header=False, proxy_headers=False,
        ),
        app.database,
    )  # fmt: skip


async def _serve(
    config: Config,
    listening: list[socket.socket],
    began: float,
    parent: socket.socket | None = None,
    *,
    greets: bool = True,
) -> None:
    _share_heaps()
    watch = StopWatch()
    REGISTRY.register(watch)
    follows = following(config)

    def both(step: str) -> None:
        watch.observe(step)
        follows.observe(step)

    app = await compose(config, both, follow=follows.follow)
    log.info("starting", extra={"seconds": round(time.perf_counter() - began, 2), "address": public_url(config)})
    gc.collect()
    gc.freeze()  # what was loaded stays: looking through it for garbage again and again would cost a tenth of a turn
    gc.set_threshold(20_000, 20, 20)
    if greets:
        await _greet(app)
    serving = server(app, follows)

    def end(*_: object) -> None:
        serving.should_exit = True

    # The server raises once more, when it has ended, what asked it to: an orderly end is none by a signal.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, end)
    told = asyncio.create_task(_follow(parent, serving)) if parent is not None else None
    await serving.serve(sockets=listening)
    if told is not None:
        told.cancel()
    await asyncio.to_thread(follows.close)


async def _follow(parent: socket.socket, serving: EndingServer) -> None:
    """Tells the parent when it serves, and ends with it, however that ended."""
    parent.setblocking(False)
    loop = asyncio.get_running_loop()
    await serving.serving.wait()
    with contextlib.suppress(ConnectionError):
        await loop.sock_sendall(parent, READY)
        await loop.sock_recv(parent, 1)
    serving.should_exit = True


async def _greet(app: App) -> None:
    """What whoever has started it should know."""
    config, url = app.config, public_url(app.config)
    await _first_accounts(app)
    today = datetime.now(config.zone).date()
    leaving = await app.database.read(check.leaving)
    if unanswered := check.lacking(app.library.entries.values(), app.library.catalogue, today, leaving):
        print(
            f"提醒：{len(unanswered)} 个常问的问题还没有答案，或者答案快要到期、下线，daoxue check 会逐条列出",
            flush=True,
        )
    print(f"导学已启动：{url}/ （网页对话） · {url}/desk/ （坐席台） · {url}/healthz · {url}/metrics", flush=True)


async def _first_accounts(app: App) -> None:
    """Where there is no administrator yet: one, and with the sample centre somebody of each role, each with a password
    that is shown this once."""
    known = await app.desk.people.all()
    if any(each.may("people.write") for each in known):
        return
    roles = (
        ("admin", "administrator"), ("ban", "supervisor"), ("li", "seat"), ("wang", "seat"), ("zhou", "editor"), ("shen", "auditor"),
    )  # fmt: skip
    wanted = roles if app.config.sample and not known else roles[:1]
    print("坐席台的首批账号（一次性密码只显示这一次，登录后请修改）：")
    for name, role in wanted:
        try:
            password = await app.desk.people.add(name, role, int(time.time() * 1000), "serve")
        except SignInError:
            continue  # another process starts at the same moment, and made it
        print(f"  {name:6} {role:14} {password}", flush=True)


def _listen(host: str, port: int) -> socket.socket:
    """The port, taken before anything is said about it. Raises `ConfigError`."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"server.host/server.port: {host}:{port} 用不了（{error.strerror}）；换一个端口，例如 DAOXUE_SERVER__PORT=8001 daoxue serve"
        ) from error
    return listening


def _share_heaps() -> None:
    """glibc gives every thread a heap of its own, of which what is freed elsewhere stays with it: a dozen megabytes of an hour
    of talk. Two are enough for threads that wait for each other anyhow (mallopt(3); other C libraries have no such thing)."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _raise_limit() -> None:
    """As many open files as we may have: every page holds one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

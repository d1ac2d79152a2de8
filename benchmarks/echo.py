"""A bare Starlette echo on the same server settings: what a turn's cost is measured against."""

import sys

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/json")


def main() -> None:
    app = Starlette(routes=[Route("/", echo, methods=["POST"])])
    settings = uvicorn.Config(
        app, port=int(sys.argv[1]), loop="none", http="httptools", access_log=False, log_config=None
    )
    uvloop.run(uvicorn.Server(settings).serve())


if __name__ == "__main__":
    main()

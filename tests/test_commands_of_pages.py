"""The commands of the pages, done as they stand: a page in its order, in one sample centre, beside its service and with the
platforms played. What cannot be done so is named in `tests/pages.py`."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp

from players import telegram, telegram_api
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from tests import messenger, official
from tests.conftest import free_port
from tests.pages import PAGES, WALKED, Shell, blocks, commands, serving
from tests.place import furnished
from tests.test_mine import CARD

SERVICE = "127.0.0.1:8000"  # as pages have it
TYPED = "积分会过期吗\n/quit\n"  # where a command listens


@contextlib.contextmanager
def standing(api: ASGIApp) -> Iterator[str]:
    """A platform that is played, in a thread of its own; its address."""
    port = free_port()
    web = uvicorn.Server(uvicorn.Config(api, port=port, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=web.run)
    thread.start()
    try:
        while not web.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        web.should_exit = web.force_exit = True
        thread.join()


@pytest.fixture(scope="module")
def platforms() -> Iterator[dict[str, str]]:
    """What stands in the environment of a centre that is connected to them."""
    account, bot = WechatPlatform(), telegram.TelegramPlatform()
    with standing(wechat_api.server(account)) as base, standing(telegram_api.server(bot)) as bots:
        yield {
            **official.environment(account), **messenger.environment(bot), "DAOXUE_CHANNELS__WECHAT__ENABLED": "true",
            "DAOXUE_CHANNELS__WECHAT__API_BASE": base, "DAOXUE_CHANNELS__TELEGRAM__ENABLED": "true",
            "DAOXUE_CHANNELS__TELEGRAM__API_BASE": bots, "DAOXUE_SERVER__PUBLIC_URL": "https://learn.example.cn",
            "DAOXUE_SERVER__TRUSTED_PROXIES": '["127.0.0.1"]',
            # To read what texts mean is half of what a service does as it starts, and several start here.
            "DAOXUE_NLU__ENCODER": "none",
        }  # fmt: skip


@dataclass
class Centre:
    """Where pages are done one after the other; what was given already is not given again, but to the shell itself."""

    shell: Shell
    service: str
    given: set[str] = field(default_factory=set)

    def do(self, line: str) -> None:
        if line in self.given and line.startswith(("daoxue ", "curl ")):
            return
        if "$TICKET" in line and not self.shell.given["TICKET"]:
            self.shell.given["TICKET"] = self.done_with()
        status, said = self.shell(line.replace(SERVICE, self.service))
        assert status == 0, (line, said)
        self.given.add(line)

    def done_with(self) -> str:
        """The one ticket that there is, closed."""
        [ref] = re.findall(r"^\d{4}-\d{5}", self.shell("daoxue desk list --state waiting")[1], re.M)
        for step in ("take", "close"):
            assert self.shell(f"daoxue desk {step} {ref}")[0] == 0
        return str(ref)


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory, models: Path, platforms: dict[str, str]) -> Iterator[Centre]:
    folder = tmp_path_factory.mktemp("pages")
    place = furnished(folder / "my-centre", models)
    (place.folder / "config.yml").write_text(f"nlu: {{folder: {models}}}\n", encoding="utf-8")
    with serving(place.folder) as (url, _):
        shell = Shell(folder, place.folder, platforms | {"CARD": CARD, "TICKET": ""}, TYPED)
        yield Centre(shell, url.removeprefix("http://"))


def put_files(page: str, folder: Path) -> None:
    """What a page shows as a file: a block whose first line is a `#` and its name."""
    for _, content in blocks(page):
        if named := re.match(r"# ([\w-]+\.\w+)\n", content):
            (folder / named[1]).write_text(content[named.end() :], encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES if page not in WALKED and commands(page)])
def test_every_command_of_a_page_can_be_given(page: str, centre: Centre) -> None:
    put_files(page, centre.shell.here)
    for line in commands(page):
        centre.do(line)

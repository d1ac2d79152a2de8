"""What stands in deploy/ for those who watch: rules and dashboards name figures that there are, and a real Prometheus that
asks a running service takes and answers all of them."""

import asyncio
import contextlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest
import yaml
from msgspec.structs import replace
from prometheus_client import REGISTRY

from daoxue.app import App, compose
from daoxue.config import Config, Server
from daoxue.serve import StopWatch, server
from store import queue
from store.queue import NewRow
from tests.conftest import free_port, lacking
from tests.official import up
from tests.service import ROOT
from tests.test_running import TELLING

DEPLOY = ROOT / "deploy"
BOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
ALERTS = yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
OTHERS = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"}


def queries(board: Path) -> list[str]:
    panels = json.loads(board.read_text("utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def named_by(board: Path) -> dict[str, set[str]]:
    """The labels by which the lines of each query are told apart."""
    panels = json.loads(board.read_text("utf-8"))["panels"]
    targets = [target for panel in panels for target in panel.get("targets", ())]
    return {each["expr"]: set(re.findall(r"{{(\w+)}}", each.get("legendFormat", ""))) for each in targets}


NAMED = {query: labels for board in BOARDS for query, labels in named_by(board).items()}
ASKED = [(board.stem, query) for board in BOARDS for query in queries(board)] + [
    (rule["alert"], rule["expr"]) for rule in ALERTS
]


def names(query: str) -> set[str]:
    """Of the figures in it."""
    return set(re.findall(r"\b(?:daoxue|process)_[a-z_]+|\bup\b", query))


def figures() -> set[str]:
    """The names of all series that we may give."""
    assert TELLING
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
    known = [*REGISTRY.collect(), *StopWatch().collect()]
    return {f"{each.name}{end}" for each in known for end in suffixes.get(each.type, ("",))}


@pytest.mark.parametrize(("place", "query"), ASKED)
def test_only_figures_that_there_are_are_asked_for(place: str, query: str) -> None:
    assert names(query)
    assert names(query) <= figures() | OTHERS


def test_every_figure_of_ours_is_on_a_dashboard() -> None:
    shown = {name for board in BOARDS for query in queries(board) for name in names(query)}
    for name in {each.name for each in REGISTRY.collect() if each.name.startswith("daoxue_")}:
        assert any(each.startswith(name) for each in shown), name


def test_dashboards_are_whole() -> None:
    boards = [json.loads(board.read_text("utf-8")) for board in BOARDS]
    assert len({board["uid"] for board in boards}) == len(boards) == 2
    for board in boards:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        places = [panel["gridPos"] for panel in board["panels"]]
        cells = [
            (x, y)
            for at in places
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        ]
        assert len(cells) == len(set(cells)), "no panel lies upon another"
        assert all(x < 24 for x, _ in cells)
        for panel in board["panels"]:
            assert re.search(r"[\u4e00-\u9fff]", panel["title"]), panel["title"]
            assert panel["type"] == "row" or panel["datasource"]["uid"] == "${datasource}"


def promtool(*arguments: str | Path) -> str:
    if shutil.which("promtool") is None:
        lacking("promtool (package prometheus)")
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_the_rules_and_the_configuration() -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", DEPLOY / "alerts.yml")
    assert "valid prometheus config" in promtool("check", "config", DEPLOY / "prometheus.yml")


# Of each rule: what it looks at, minute by minute, and when it rings of that. A second series stands beside where one is needed.
RINGING = {
    "DaoxueAway": (['up{job="daoxue"}', "1 0 0 0"], "3m"),
    "DaoxueDatabase": (['daoxue_database_outage{outage="full"}', "0 1"], "1m"),
    "DaoxueConnections": (
        ['daoxue_database_connections{of="all"}', "95x10", 'daoxue_database_connections{of="most"}', "97x10"],
        "7m",
    ),
    "DaoxueDisk": (["daoxue_disk_free_bytes", "2e9 9e8"], "1m"),
    "DaoxueWorker": (['daoxue_worker_troubled{worker="queue"}', "1x10"], "6m"),
    "DaoxueHints": (['daoxue_hints_well{by="redis"}', "0x10"], "6m"),
    "DaoxueErrors": (['daoxue_errors_total{part="x",error="y",instance="i"}', "0+5x10"], "10m"),
    "DaoxueDanger": (["daoxue_danger_waiting", "1x5"], "2m"),
    "DaoxueDangerUnheeded": (["daoxue_danger_unheeded_total", "0 0 1 1"], "3m"),
    "DaoxueTicketsLate": (["daoxue_tickets_oldest_seconds", "0 1900"], "1m"),
    "DaoxueNobodyThere": (['daoxue_seats_present{ready="yes"}', "0x10"], "6m"),
    "DaoxueQueueLate": (['daoxue_queue_oldest_seconds{lane="sms"}', "0 700"], "1m"),
    "DaoxueGivenUp": (["daoxue_queue_given_up", "0 0 1 1"], "3m"),
    "DaoxueRefused": (
        ['daoxue_turns_total{ended="refused"}', "0+3x120", 'daoxue_turns_total{ended="answered"}', "0+7x120"],
        "100m",
    ),
    "DaoxueLimited": (['daoxue_limited_total{limit="messages"}', "0+20x20"], "15m"),
    "DaoxueForged": (['daoxue_wechat_refused_total{why="signature"}', "0+3x20", 'daoxue_twilio_refused_total{why="x"}', "0x20"], "15m"),
}  # fmt: skip


def test_every_rule_rings_when_it_should_and_not_in_a_quiet_hour(tmp_path: Path) -> None:
    assert set(RINGING) == {rule["alert"] for rule in ALERTS}
    cases = []
    for rule in ALERTS:
        series, at = RINGING[rule["alert"]]
        pairs = [{"series": name, "values": values} for name, values in zip(series[::2], series[1::2], strict=True)]
        quiet = [{"series": each["series"], "values": _quiet(each["series"])} for each in pairs]
        count = f"count(ALERTS{{alertname='{rule['alert']}',alertstate='firing'}})"
        told = [{"expr": f"{count} > bool 0", "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]}]
        cases += [
            {"interval": "1m", "input_series": pairs, "promql_expr_test": told},
            {"interval": "1m", "input_series": quiet, "promql_expr_test": [{"expr": count, "eval_time": "60m"}]},
        ]
    test = tmp_path / "test.yml"
    test.write_text(
        yaml.safe_dump({"rule_files": [str(DEPLOY / "alerts.yml")], "evaluation_interval": "1m", "tests": cases})
    )
    assert "SUCCESS" in promtool("test", "rules", test)


def _quiet(series: str) -> str:
    """An hour in which all is well."""
    good = {
        "up": "1",
        "daoxue_hints": "1",
        "daoxue_disk": "5e9",
        "daoxue_seats": "2",
        'daoxue_database_connections{of="most"': "97",
    }
    return next((f"{value}x90" for begins, value in good.items() if series.startswith(begins)), "0x90")


class Prometheus:
    """One of the system's package, that asks a service every half second."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, query: str) -> list[dict[str, object]]:
        asked = query.replace("$__rate_interval", "10s").replace("$instance", ".*")
        answer = httpx.get(f"{self._url}/api/v1/query", params={"query": asked}, trust_env=False).json()
        assert answer["status"] == "success", (query, answer)
        result: list[dict[str, object]] = answer["data"]["result"]
        return result

    def firing(self) -> set[str]:
        alerts = httpx.get(f"{self._url}/api/v1/alerts", trust_env=False).json()["data"]["alerts"]
        return {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}


@contextlib.contextmanager
def prometheus(folder: Path, target: int) -> Iterator[Prometheus]:
    if shutil.which("prometheus") is None:
        lacking("prometheus")
    settings = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
    settings["global"] |= {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "200ms"}
    settings["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{target}"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    shutil.copy(DEPLOY / "alerts.yml", folder)
    port = free_port()
    command = [
        "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/-/ready", trust_env=False).status_code == 200:
                    break
            time.sleep(0.05)
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        process.kill()  # nothing of it is kept
        process.wait(20)


@pytest.fixture
async def served(config: Config) -> AsyncIterator[App]:
    watch = StopWatch()
    REGISTRY.register(watch)
    app = await compose(replace(config, server=Server(port=free_port())), watch.observe)
    async with up(server(app)):
        yield app
    REGISTRY.unregister(watch)
    app.database.close()


async def say(app: App, text: str, number: int) -> None:
    url = f"http://127.0.0.1:{app.config.server.port}/channels/webchat"
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(url, json={"visitor": None, "id": f"m{number}", "text": text})
    assert answer.status_code == 200, answer.text


TEXTS = ("你们几点开门", "积分会过期吗", "我要找人工", "书法班什么时候上课")
# What has no series before it happens, or not on SQLite.
SELDOM = re.compile(
    r"wechat|wecom|telegram|forum|mails|twilio|sms_machines|limited|errors_total|connections|danger_unheeded.*1d|> 0$|desk_sockets|hints"
)


async def test_a_real_prometheus_answers_every_query_of_a_running_service(served: App, tmp_path: Path) -> None:
    with prometheus(tmp_path, served.config.server.port) as asked:
        shown = {query for place, query in ASKED if place in ("service", "people") and not SELDOM.search(query)}
        for number in range(60):
            await say(served, TEXTS[number % len(TEXTS)], number)
            await asyncio.sleep(0.3)
            shown = {query for query in shown if not await asyncio.to_thread(asked.ask, query)}
            if not shown:
                break
        assert not shown, "nothing is shown of these"
        for _, query in ASKED:
            for line in await asyncio.to_thread(asked.ask, query):
                assert NAMED.get(query, set()) <= cast("dict[str, str]", line["metric"]).keys(), query
        assert await asyncio.to_thread(asked.firing) == set()


async def test_the_alarm_of_the_queue_rings_for_what_is_late_and_not_for_closed_pages(
    served: App, tmp_path: Path
) -> None:
    long_ago = int(time.time() * 1000) - 3_600_000
    of_page = NewRow("message", "message:1:1", "webchat", b"", long_ago)
    of_text = NewRow("nobody works it", "1", "sms", b"", long_ago)
    with prometheus(tmp_path, served.config.server.port) as asked:
        await served.database.write(lambda t: queue.put(t, of_page))
        await asyncio.sleep(1.5)
        assert "DaoxueQueueLate" not in await asyncio.to_thread(asked.firing)
        await served.database.write(lambda t: queue.put(t, of_text))
        for _ in range(50):
            if "DaoxueQueueLate" in await asyncio.to_thread(asked.firing):
                return
            await asyncio.sleep(0.2)
        raise AssertionError("it did not ring")

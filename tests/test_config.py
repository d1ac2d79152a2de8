"""Settings: everything that is wrong is named by its path, before a port opens."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from bot.texts import Texts
from daoxue.check import _texts
from daoxue.config import SETTINGS, Config, ConfigError, read
from store import migrating
from store.migrate import HEAD, is_current, upgrade
from tests.service import ROOT, ran


def test_the_file_we_ship_holds_the_defaults() -> None:
    assert read(ROOT / "config.yml", {}) == Config()


@pytest.mark.parametrize(("text", "told"), [
    ("server: {prot: 1}", "server.prot: unknown setting"),
    ("serber: {}", "serber: unknown setting"), ("server: {port: eighty}", "server.port: Expected"),
    ("server: {port: 99999}", "server.port"), ("database: {url: mysql://x}", "database.url"), ("server: 7", "server: Expected `object`"), ("- 1", "not a mapping"),
    ("centre: {timezone: Mars/Base}", "centre.timezone: there is no time zone"), ("desk: {hours: [{days: [9], opens: '08:00', closes: '09:00'}]}", "desk.hours"),
    ("desk: {hours: [{days: [1], opens: '18:00', closes: '09:00'}]}", "desk.hours: closes"),
    ("desk: {hours: [{days: [1], opens: '8am', closes: '09:00'}]}", "opens"),
    ("centre: {colour: 很蓝}", "centre.colour: 要写成 #0b6e5f"), ("centre:\n  colour: #0b6e5f", "centre.colour: 空着"),
    ("nlu: {engine: magic}", "nlu.engine"), ("nlu: {rasa: {base: localhost}}", "nlu.rasa.base"), ("nlu: {rasa: {seconds: 0}}", "nlu.rasa.seconds"),
    ("log: {level: loud}", "log.level"), (": :", "not readable"), ("sample: perhaps", "sample"),
])  # fmt: skip
def test_what_is_wrong_is_named(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(path, {})
    assert told in str(caught.value)


def test_the_environment_overrides(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text("", encoding="utf-8")
    environment = {
        "DAOXUE_SERVER__PORT": "9000",
        "DAOXUE_DATABASE__URL": "postgresql://a@b/c",
        "DAOXUE_DESK__ALWAYS_OPEN": "true",
    }
    config = read(path, environment)
    assert (config.server.port, config.database.url, config.desk.always_open) == (9000, "postgresql://a@b/c", True)
    with pytest.raises(ConfigError, match=r"server\.nonsense"):
        read(path, {"DAOXUE_SERVER__NONSENSE": "1"})


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read(tmp_path / "none.yml", {})


def test_without_a_file_that_anybody_named_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read(SETTINGS, {}) == Config()
    assert read(SETTINGS, {"DAOXUE_SERVER__PORT": "9000"}).server.port == 9000
    with pytest.raises(ConfigError, match="no such file"):
        read(tmp_path / SETTINGS, {})


def test_migrating_twice_is_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    assert not is_current(url)
    upgrade(url)
    upgrade(url)
    assert is_current(url)


def daoxue(
    config: Config, *arguments: str, said: str = "", port: int = 8000, more: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        **more,
        "DAOXUE_DATABASE__URL": config.database.url,
        "DAOXUE_NLU__FOLDER": config.nlu.folder,
    }
    environment |= {"DAOXUE_DESK__ALWAYS_OPEN": "true", "DAOXUE_SERVER__PORT": str(port)}
    return ran(arguments, ROOT, environment, said)


def test_check(config: Config) -> None:
    done = daoxue(config, "check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_file_that_is_named_has_to_be_there(config: Config, tmp_path: Path) -> None:
    done = daoxue(config, "check", "--config", str(tmp_path / "config.yml"))
    assert (done.returncode, "daoxue init" in done.stderr) == (2, True)


def test_a_text_that_is_said_and_nowhere_written_is_found() -> None:
    texts = Texts()
    for known in texts.languages.values():
        assert isinstance(known, dict)
        del known["taken_back"]
    [found] = _texts(texts, {})
    assert re.fullmatch(r"bot/rules/tasks\.py:\d+: the text taken_back is in no file of bot/texts", found)


def test_parse(config: Config) -> None:
    done = daoxue(config, "nlu", "parse", said="下周三晚上青禾街道有书法班吗\n\n今天买哪只股票能涨\n")
    first, empty, last = map(json.loads, done.stdout.splitlines())
    assert first["topic"] == "training_info"
    assert {"org", "course", "when"} <= {entity["kind"] for entity in first["entities"]}
    assert all(first["text"][entity["start"] : entity["end"]] == entity["text"] for entity in first["entities"])
    assert 0 < first["confidence"] <= 1
    assert empty["intent"] is None
    assert last["topic"] == "out_of_scope"


def test_parse_on_a_given_day(config: Config) -> None:
    done = daoxue(config, "nlu", "parse", "--today", "2027-03-10", said="后天晚上有书法班吗\n")
    values = [entity["value"] for entity in json.loads(done.stdout)["entities"] if entity["kind"] == "when"]
    assert values == ["2027-03-12/2027-03-12//17:30-22:00/fixed/"]
    wrong = daoxue(config, "nlu", "parse", "--today", "2027-02-30", said="明天\n")
    assert wrong.returncode == 2
    assert "2027-02-30" in wrong.stderr
    assert "YYYY-MM-DD" in wrong.stderr
    assert wrong.stdout == ""


def test_chat_in_json_plays_several_residents_and_moves_the_clock(config: Config) -> None:
    lines = [
        {"text": "有书法班吗", "sender": "a"}, {"text": "转人工", "sender": "b"}, {"text": "2", "sender": "a"},
        {"text": "1", "sender": "a", "after_minutes": 60}, {"text": "x", "sender": "a", "colour": "red"},
    ]  # fmt: skip
    done = daoxue(config, "chat", "--json", said="\n".join(json.dumps(line) for line in lines))
    listed, human, chosen, stale, wrong = map(json.loads, done.stdout.splitlines())
    assert [option["key"] for option in listed["replies"][0]["options"]] == ["1", "2", "3"]
    assert human["speaker"] == "queue"
    assert human["ticket"]
    assert chosen["replies"][0]["cards"]
    assert "过了一会儿" in stale["replies"][0]["text"]
    assert "colour" in wrong["error"]
    assert done.returncode == 1


def test_a_script_that_differs_ends_with_1(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("> 积分会过期吗\n< 学分不过期\n", encoding="utf-8")
    assert daoxue(config, "chat", "--script", str(path)).returncode == 0
    path.write_text("> 积分会过期吗\n< 火星\n", encoding="utf-8")
    assert daoxue(config, "chat", "--script", str(path)).returncode == 1
    assert daoxue(config, "chat", "--script", str(tmp_path / "none")).returncode == 2


def test_the_desk_in_the_terminal(config: Config) -> None:
    daoxue(config, "chat", "--json", said="转人工\n")
    (ticket,) = map(json.loads, daoxue(config, "desk", "list", "--json").stdout.splitlines())
    ref = ticket["ref"]
    assert json.loads(daoxue(config, "desk", "take", ref, "--seat", "小李", "--json").stdout)["owner"] == "小李"
    refused = daoxue(config, "desk", "take", ref, "--seat", "小王")
    assert refused.returncode == 2
    assert "小李" in refused.stderr
    assert daoxue(config, "desk", "reply", ref, "您好", "--seat", "小李").returncode == 0
    assert daoxue(config, "desk", "close", ref, "--seat", "小李").returncode == 0
    assert daoxue(config, "desk", "list").stdout == ""


def test_evaluations(config: Config, tmp_path: Path) -> None:
    train, test = tmp_path / "train.tsv", tmp_path / "test.tsv"
    train.write_text("".join(f"a\t几点开门{n}\nb\t学分怎么算{n}\noos\t股票{n}\n" for n in range(9)), encoding="utf-8")
    test.write_text("a\t几点关门\nb\t学分\noos\t天气\n", encoding="utf-8")
    done = daoxue(config, "nlu", "evaluate", "--train", str(train), "--test", str(test), "--json")
    figures = json.loads(done.stdout.splitlines()[-1])
    keys = {
        "accuracy",
        "macro_f1",
        "in_scope_accuracy",
        "oos_recall",
        "oos_precision",
        "auroc",
        "oos_recall_at_5pct",
        "mcc",
        "ece",
        "fit_seconds",
        "us_per_parse",
        "ece_with_strays",
        "texts",
        "intervals",
        "lines",
        "oos_lines",
        "reliability",
    }
    assert keys <= set(figures)
    entries, queries = tmp_path / "entries.tsv", tmp_path / "queries.tsv"
    entries.write_text("1\t积分会过期吗\t会\n2\t怎么报名\n", encoding="utf-8")
    queries.write_text("1\t积分过期\n2\t报名怎么弄\n-\t火星\n", encoding="utf-8")
    done = daoxue(config, "knowledge", "evaluate", "--entries", str(entries), "--queries", str(queries), "--json")
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["recall_at_1"] == 1
    assert {
        "recall_at_3",
        "recall_at_10",
        "mrr_at_10",
        "auroc",
        "right_at_90pct_refused",
        "build_seconds",
        "us_per_query",
    } <= set(figures)
    queries.write_text("no tab\n", encoding="utf-8")
    done = daoxue(config, "knowledge", "evaluate", "--entries", str(entries), "--queries", str(queries))
    assert done.returncode == 2
    assert "queries.tsv:1" in done.stderr


def test_a_second_service_on_an_embedded_database_is_refused(config: Config) -> None:
    lock = Path(config.database.url.removeprefix("sqlite:///") + ".lock")
    import fcntl

    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refused = daoxue(config, "serve")
    assert refused.returncode == 2
    assert "PostgreSQL" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_taken_is_told(config: Config) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = daoxue(config, "serve", port=taken.getsockname()[1])
    assert refused.returncode == 2
    assert "DAOXUE_SERVER__PORT" in refused.stderr
    assert refused.stdout == ""


def test_channels_that_nobody_can_reach_are_told_by_check_and_at_the_start(config: Config) -> None:
    """The start says so though it goes on: who tries things out has no address yet."""
    on = {f"DAOXUE_CHANNELS__{name}__ENABLED": "true" for name in ("WECHAT", "TWILIO")}
    with socket.socket() as taken:  # so that it ends as soon as it has said what of its settings does not go together
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for command in ("check", "serve"):
            done = daoxue(config, command, port=taken.getsockname()[1], more=on)
            told = [each for each in (done.stdout + done.stderr).splitlines() if "server.public_url: 没有填" in each]
            for name in ("channels.wechat", "channels.twilio"):
                assert any(name in each for each in told), (command, name)


def test_the_newest_migration_is_the_one_that_starts_look_for() -> None:
    assert migrating.head() == HEAD


@pytest.mark.parametrize("given", ["10.0.0.1/8", "here", "300.0.0.1"])
def test_a_network_is_one(given: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(f'server: {{unlimited: ["10.0.0.0/8", "{given}"]}}')
    with pytest.raises(ConfigError, match=r"server\.unlimited\[1\]"):
        read(path, {})

"""What pages say is there: their commands are done or named as done elsewhere; settings, files, links, pages and options
that they speak of exist."""

import argparse
import json
import re
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

import yaml

from daoxue import cli
from daoxue.config import read
from integrations.channels import CHANNELS
from tests.pages import ELSEWHERE, MACHINE, PAGES, WALKED, blocks, every_command, text
from tests.service import ROOT

DECISIONS = [f"docs/decisions/{path.name}" for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
SETTINGS = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))


@cache
def tracked() -> tuple[str, ...]:
    """What is in git, or would be with the next commit."""
    told = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return tuple(each for each in told.stdout.split("\0") if each and not each.endswith("node_modules"))


@cache
def sources() -> str:
    """All that is run, as one text."""
    return "\n".join(
        (ROOT / each).read_text("utf-8")
        for each in tracked()
        if (each.endswith((".py", ".vue", ".ts", ".js")) and not each.startswith("tests/")) or each == "Makefile"
    )


def prose(page: str) -> str:
    """Without blocks."""
    return re.sub(r"^ *```.*?^ *```", "", text(page), flags=re.S | re.M)


def quoted(page: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def told(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{page}: {each}" for page, wrong in found.items() for each in wrong)


# Commands.


def test_no_block_hides_a_command() -> None:
    wrong = {page: [content for language, content in blocks(page) if not language] for page in PAGES}
    assert not any(wrong.values()), f"blocks without a language:\n{told(wrong)}"


def test_what_is_done_elsewhere_is_in_a_page_and_in_a_test() -> None:
    lines = [line for page in PAGES for line in every_command(page)]
    assert [each for each in (*ELSEWHERE, *MACHINE) if not any(re.fullmatch(each, line) for line in lines)] == []
    for reason in ELSEWHERE.values():
        for module, name in re.findall(r"\b(test_\w+)(?:::(test_\w+))?", reason):
            assert f"def {name}" in (ROOT / "tests" / f"{module}.py").read_text("utf-8"), reason
    for page, path in WALKED.items():
        assert f'commands("{page}")' in (ROOT / path).read_text("utf-8")


def test_make_knows_its_targets() -> None:
    lines = {line for page in PAGES for line in every_command(page) if line.startswith("make ")}
    assert {"make serve", "make test"} <= lines
    for line in sorted(lines):
        done = subprocess.run([*line.split(), "-n"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stderr)


def known(words: list[str]) -> bool:
    """Whether there is such a command with such options."""
    parser = cli._parser()
    for word in words:
        inner = [each.choices for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
        if word.startswith("-"):
            if not any(word in each.option_strings for each in parser._actions):
                return False
        elif inner:
            if word not in inner[0]:
                return False
            parser = inner[0][word]
    return True


def ways(words: list[str]) -> list[list[str]]:
    """`desk list|show REF` is two commands."""
    if not words:
        return [[]]
    return [[each, *rest] for each in re.split(r"\\?\|", words[0]) for rest in ways(words[1:])]


def test_commands_in_sentences_are_there() -> None:
    wrong: dict[str, list[str]] = {}
    for page in [*PAGES, "config.yml"]:
        for each in re.findall(r"`((?:/opt/daoxue/bin/)?daoxue [^`\n]+)`", prose(page)):
            words = re.sub(r"[\[\]]|=\S+", " ", each.partition("daoxue ")[2]).split()
            if not all(known(way) for way in ways(words)):
                wrong.setdefault(page, []).append(each)
    assert not wrong, told(wrong)


# Settings and the environment.


def is_setting(path: str) -> bool:
    here = SETTINGS
    for name in path.split("."):
        if not isinstance(here, dict) or name not in here:
            return False
        here = here[name]
    return True


def test_settings_are_there() -> None:
    texts = (ROOT / "bot/texts/zh.yml").read_text("utf-8")
    wrong: dict[str, list[str]] = {}
    for page in PAGES:
        for each in re.findall(rf"(?<![\w./])((?:{'|'.join(SETTINGS)})(?:\.[a-z_]+)+)", prose(page)):
            is_text = f"\n{each}:" in texts
            is_file = each.endswith((".py", ".md", ".yml", ".vue", ".service", ".key", ".db", ".cn", ".tsv"))
            if not (is_setting(each) or is_text or is_file):
                wrong.setdefault(page, []).append(each)
        for each in re.findall(r"DAOXUE_([A-Z_]+[A-Z])", text(page)):
            if not is_setting(each.lower().replace("__", ".")):
                wrong.setdefault(page, []).append(f"DAOXUE_{each}")
    assert not wrong, told(wrong)


def test_names_of_the_environment_are_read_somewhere() -> None:
    wrong: dict[str, list[str]] = {}
    for page in PAGES:
        there = sources() + "".join(content for _, content in blocks(page))
        for each in re.findall(r"(?<![\w.$<(-])[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9](?![\w(])", prose(page)):
            if not each.startswith("DAOXUE_") and not re.search(rf"\b{each}\b", there):
                wrong.setdefault(page, []).append(each)
    assert not wrong, told(wrong)


def test_settings_in_blocks_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    for page in PAGES:
        for _, content in blocks(page):
            begins = re.match(r"(\w+):\n", content)
            if begins and begins[1] in SETTINGS and page != "docs/add-a-channel.md":  # its channel is its own test's
                file.write_text(content, "utf-8")
                read(file, {}, CHANNELS)


# Files, links, pages.


def test_files_are_there() -> None:
    heads = {each.partition("/")[0] for each in tracked()} - {"var"}
    wrong: dict[str, list[str]] = {}
    for page in PAGES:
        for path in (each.partition(":")[0].rstrip("/") for each in quoted(page)):
            if not re.fullmatch(r"[\w/-][\w./*-]*", path) or path.startswith("web/desk/dist"):
                continue
            shape = re.escape(path).replace(r"\*", "[^/]*")
            whole = path.partition("/")[0] in heads and "/" in path
            if whole and not any(re.match(shape + "(/|$)", each) for each in tracked()):
                wrong.setdefault(page, []).append(path)
            by_name = "/" not in path and path.endswith((".py", ".vue", ".ts", ".service", ".timer"))
            if by_name and not any(each.endswith(f"/{path}") for each in tracked()):
                wrong.setdefault(page, []).append(path)
    assert not wrong, told(wrong)


def test_names_in_files_are_there() -> None:
    """`bot/inbox.py: receive` is in that file."""
    wrong: dict[str, list[str]] = {}
    for page in PAGES:
        for named in quoted(page):
            found = re.fullmatch(r"([\w/]+/\w+\.py): (\w+)", named)
            if found is None or found[1] not in tracked():
                continue
            if not re.search(rf"\b{found[2]}\b", (ROOT / found[1]).read_text("utf-8")):
                wrong.setdefault(page, []).append(named)
    assert not wrong, told(wrong)


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [Path(each).name.partition("-")[0] for each in DECISIONS]
    assert len(set(numbers)) == len(numbers)
    heads = [int(number) for number in (re.match(r"# (\d+)\.", prose(each))[1] for each in DECISIONS)]  # type: ignore[index]
    assert heads == [int(number) for number in numbers]


def anchors(path: str) -> set[str]:
    """Of the headings of a page, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", prose(path), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_links_lead_somewhere() -> None:
    wrong: dict[str, list[str]] = {}
    for page in (*PAGES, *DECISIONS, "CHANGELOG.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (ROOT / page).parent.joinpath(name).resolve() if name else ROOT / page
            is_there = target.exists() and target.is_relative_to(ROOT)
            if not is_there or (anchor and anchor not in anchors(str(target.relative_to(ROOT)))):
                wrong.setdefault(page, []).append(link)
    assert not wrong, told(wrong)


def test_addresses_are_served() -> None:
    views = set(re.findall(r"path: '(/[a-z]*)", (ROOT / "web/desk/src/main.ts").read_text("utf-8")))
    operations = set(json.loads((ROOT / "web/desk/openapi.json").read_text("utf-8"))["paths"])
    shapes = [re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(each)) + r"(\?.*)?$") for each in operations]
    wrong: dict[str, list[str]] = {}
    for page in PAGES:
        for each in quoted(page):
            path = re.sub(
                r"^(GET|POST|PUT|DELETE) |^https?://(…|<server\.public_url>|\{public_url\})|^\{public_url\}", "", each
            )
            if path.startswith("/desk/"):
                is_there = path.removeprefix("/desk") in views
            elif path.startswith("/api/"):
                is_there = any(shape.match(path) or shape.match(path.removeprefix("/api")) for shape in shapes) or (
                    f'"{path}"' in sources()
                )
            elif path.startswith(("/channels/", "/healthz", "/readyz", "/metrics")):
                is_there = f'"{path}"' in sources() or f'{path.rpartition("/")[2]}"' in sources()
            else:
                continue
            if not is_there:
                wrong.setdefault(page, []).append(each)
    assert not wrong, told(wrong)


def test_what_is_to_be_pressed_at_the_desk_is_there() -> None:
    """管理 → 渠道 and the like: each of the names is one that the page shows."""
    shown = set(re.findall(r"'([^'\n]*[一-鿿][^'\n]*)'", sources()))
    wrong: dict[str, list[str]] = {}
    for page in PAGES:
        for trail in re.findall(r"(?:管理|知识|服务台)(?: ?(?:→|·|—) ?[一-鿿]+)+", text(page)):
            names = re.split(r" ?[→·—] ?", trail)
            if not all(any(each == name or each.startswith(name) for each in shown) for name in names):
                wrong.setdefault(page, []).append(trail)
    assert not wrong, told(wrong)


def test_words_that_staff_are_told_to_look_for_are_said() -> None:
    """“下线”, “密钥不在” and whatever else a page for staff has in quotes: of the desk, of a command, of the bot."""
    said = sources() + text("bot/texts/zh.yml")
    others = {"授权码", "A CALL COMES IN"}  # on the pages of vendors
    wrong: dict[str, list[str]] = {}
    for page in ("docs/editing.md", "docs/incidents.md", "docs/retention.md", "docs/first-hour.md"):
        for each in set(re.findall("“([^”]+)”", text(page))) - others:
            if not all(part in said for part in re.split(r" ?[→·] ?", each)):
                wrong.setdefault(page, []).append(each)
    assert not wrong, told(wrong)


# Data.


def is_data(path: str) -> bool:
    """Neither code nor prose, nor what says how to build and run these."""
    code = (
        ".py",
        ".md",
        ".vue",
        ".ts",
        ".js",
        ".mjs",
        ".html",
        ".css",
        ".lock",
        ".toml",
        ".mako",
        ".service",
        ".timer",
    )
    ours = (
        "config.yml",
        "requirements/rasa.txt",
        "LICENSE",
        "Makefile",
        "Containerfile",
    )
    builds = re.search(r"(^|/)(\.|package(-lock)?\.json$|tsconfig\.json$)", path)
    return not (path.endswith(code) or path in ours or builds or path.startswith("deploy/"))


def rows(page: str) -> list[list[str]]:
    """Of all tables whose first column is in backticks."""
    lines = re.findall(r"^\| (`.*) \|$", text(page), re.M)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def fnmatched(shape: str) -> re.Pattern[str]:
    """`*` within a folder, `**` in those below it as well."""
    return re.compile(re.escape(shape).replace(r"\*\*", ".*").replace(r"\*", "[^/]*"))


def test_every_data_file_has_an_origin_and_a_licence() -> None:
    table = {row[0].strip("`"): row for row in rows("docs/data.md")}
    assert all(len(row) == 4 and all(row) for row in table.values())
    of_packages = {name for name in table if "/" not in name}
    for path in filter(is_data, tracked()):
        fits = [shape for shape in table if fnmatched(shape).fullmatch(path)]
        assert len(fits) == 1, (path, fits)
        assert table[fits[0]][3] == "Apache-2.0"
    for shape in table.keys() - of_packages:
        assert any(fnmatched(shape).fullmatch(path) for path in tracked()), shape
    locked = (ROOT / "requirements/run.lock").read_text("utf-8")
    for name in of_packages:
        assert f"\n{name}==" in locked, name
        told = metadata.metadata(name)
        said = f"{told['License-Expression'] or ''} {told['License'] or ''}".replace("GPLv2+", "GPL-2.0-or-later")
        assert table[name][3] in said, (name, said)


# Keys.


def test_every_secret_stands_in_the_table_of_keys() -> None:
    names = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text("docs/keys.md")))
    stanzas = [stanza.settings() for channel in CHANNELS.values() for stanza in channel.stanzas]
    wanted = {name for settings in stanzas for name in settings.secrets}
    wanted |= set(re.findall(r'environ(?:\.get)?[\[(]"([A-Z_]+(?:KEY|TOKEN|SECRET|PASSPHRASE))"', sources()))
    wanted |= set(re.findall(r"(?:WECHAT|MAIL)_[A-Z_]+(?:OLD|PASSWORD)\b", text("config.yml")))
    assert len(wanted) >= 20
    assert wanted <= names, wanted - names

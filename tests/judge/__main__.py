"""`python -m tests.judge [SET…] [--show] [--json] [--record]`: the figures of the sets beside the recorded ones."""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.judge import figures
from tests.judge.figures import Figure, Scored
from tests.judge.scoring import SETS
from tests.judge.stage import stage

MODELS = Path("var/judge")  # beside the service's own: it keeps one, and this may be another


async def judge(names: Sequence[str], folder: Path, models: Path) -> dict[str, Scored]:
    """Plays the sets of these names, on a database in `folder`."""
    async with stage(folder, models) as played:
        return {name: await SETS[name](played) for name in names}


def main() -> None:
    arguments = _parser().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scored = asyncio.run(judge(arguments.sets or list(SETS), Path(folder), MODELS))
    found = [figure for each in scored.values() for figure in each.figures]
    if arguments.show:
        for name, each in scored.items():
            print(f"{name}:", *each.wrong, sep="\n   ")
    if arguments.json:
        print(json.dumps(as_object(found), ensure_ascii=False))
    else:
        print(*figures.table(figures.compare(found, figures.read_recorded())), sep="\n")
    if arguments.record:
        figures.record(found)


def as_object(found: Sequence[Figure]) -> dict[str, dict[str, float]]:
    """The figures by name."""
    return {each.name: {"count": round(each.count, 2), "of": each.of, "share": round(each.share, 4)} for each in found}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.judge", description="the figures of the development sets")
    parser.add_argument("sets", nargs="*", type=_set, metavar="SET", help=f"of {', '.join(SETS)}; else all")
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--show", action="store_true", help="also what went wrong, item by item")
    told.add_argument("--json", action="store_true", help="the figures as one JSON object")
    parser.add_argument("--record", action="store_true", help="these are the figures to compare with from now on")
    return parser


def _set(name: str) -> str:
    if name not in SETS:
        raise argparse.ArgumentTypeError(f"there is no set {name}")
    return name


if __name__ == "__main__":
    main()

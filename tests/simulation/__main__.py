"""`python -m tests.simulation --seed 7 --histories 1000`: plays histories until one of them is wrong, and tells it."""

import argparse
import os
import sys
import time

from tests.simulation.place import place
from tests.simulation.story import tell


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first history; the next one has the next number")
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="no history is begun after that")
    parser.add_argument("--show", action="store_true", help="tells every history")
    asked = parser.parse_args()
    began, deaths, messages, played = time.monotonic(), 0, 0, 0
    with place() as here:
        for seed in range(asked.seed, asked.seed + asked.histories):
            if time.monotonic() - began > asked.seconds:
                break
            told = tell(here, seed)
            played, deaths, messages = played + 1, deaths + told.deaths, messages + told.messages
            if asked.show or told.problems:
                print("\n".join(told.lines))
            if told.problems:
                print(f"\nHistory {seed} is wrong, after {played}:")
                print("\n".join(f"- {each}" for each in told.problems))
                print(f"\nAgain: python -m tests.simulation --seed {seed} --histories 1")
                return 1
    took = time.monotonic() - began
    print(
        f"{played} histories from seed {asked.seed} in {took:.0f} s ({played / took * 60:.0f} a minute):"
        f" {messages} messages, {deaths} deaths, nothing wrong"
    )
    return 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # else sets of names are gone through in another order each time
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            os.environ | {"PYTHONHASHSEED": "0"},
        )
    sys.exit(main())

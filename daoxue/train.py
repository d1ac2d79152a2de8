"""`python -m daoxue.train FILE`: learns from label and text, tab-separated on standard input, and writes the model."""

import sys
from pathlib import Path

from nlu.training import train


def main() -> None:
    lines = sys.stdin.buffer.read().decode().splitlines()
    examples = [(label, text) for label, _, text in (line.partition("\t") for line in lines)]
    train(examples).save(Path(sys.argv[1]))


if __name__ == "__main__":
    main()

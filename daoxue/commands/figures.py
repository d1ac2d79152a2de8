"""What the commands that measure share."""

import argparse
import json

from daoxue.config import read
from daoxue.resolved import encoder_of
from daoxue.table import Figures, table
from nlu.encoder import Encoder


def meaning(arguments: argparse.Namespace) -> Encoder | None:
    """The encoder of the command; where it is the operator's, from the folder that the settings name."""
    kind = arguments.encoder or "use"
    return encoder_of(kind, read(arguments.config).nlu.encoder_path if kind == "onnx" else "")


def tell_figures(arguments: argparse.Namespace, figures: Figures) -> int:
    """The figures, as one JSON object in the last line."""
    if not arguments.json:
        print(*table(figures), sep="\n")
    print(json.dumps(figures.as_object()))
    return 0

"""`daoxue` and `python -m daoxue`: the commands, once it is sure that what they are made of is ours."""

import importlib
import os
import sys

from daoxue.ours import strangers


def main() -> None:
    """Entry point. Ends where a package of somebody else would be imported for ours."""
    if found := list(strangers()):
        sys.exit("\n".join(found))
    if not {"", os.getcwd()} & set(sys.path):
        # Our children (`python -m …`) see what we see: nothing of the folder that we are started in.
        os.environ["PYTHONSAFEPATH"] = "1"
    importlib.import_module("daoxue.cli").main()  # which imports them all


if __name__ == "__main__":
    main()

"""Whether the packages that we are made of are ours: they stand beside us wherever we are installed, under names that
somebody else may have taken as well (decision 34)."""

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
PACKAGES = ("accounts", "bot", "desk", "handlers", "integrations", "knowledge", "nlu", "store", "web")
_NAME = "daoxue"


def strangers() -> Iterator[str]:
    """Which of our packages Python would take from elsewhere, a line each."""
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        found = Path(spec.origin).resolve() if spec and spec.origin else None
        if found != HOME / name / "__init__.py":
            yield (
                f"{name}: {found or '找不到'}：不是导学的（应在 {HOME / name}）；请把导学装进单独的环境，如 pipx install。"
                f" Not Daoxue's, which is in {HOME}: install it into an environment of its own"
            )


def shared() -> Iterator[str]:
    """What somebody else has installed into folders of ours, a line each: one may have written over the other."""
    owners = importlib.metadata.packages_distributions()
    for name in PACKAGES:
        others = sorted({each for each in owners.get(name, ()) if each != _NAME})
        if others:
            yield (
                f"{name}: {'、'.join(others)} 也装在这个文件夹里；请把导学装进单独的环境，如 pipx install。"
                " Others have installed into this folder of Daoxue's: install it into an environment of its own"
            )

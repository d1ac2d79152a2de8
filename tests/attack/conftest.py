from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attack.centre import Centre, laid, running
from tests.conftest import created


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory, sample_file: Path) -> Iterator[Centre]:
    """One for the attacks of a module."""
    with running(laid(tmp_path_factory.mktemp("centre"), sample_file)) as started:
        yield started


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sample_file: Path
) -> Iterator[Centre]:
    """The same on each database."""
    folder = laid(tmp_path_factory.mktemp("either"), sample_file)
    if request.param == "sqlite":
        with running(folder) as started:
            yield started
        return
    server: str = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("sample_in_postgres")
    with running(folder, DAOXUE_DATABASE__URL=created(server, template)) as started:
        yield started

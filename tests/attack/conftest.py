from collections.abc import Iterator

import pytest

from tests.attack.centre import Centre, running
from tests.conftest import created


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """One for the attacks of a module."""
    with running(tmp_path_factory.mktemp("centre")) as started:
        yield started


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """The same on each database."""
    folder = tmp_path_factory.mktemp("either")
    if request.param == "sqlite":
        with running(folder) as started:
            yield started
        return
    server: str = request.getfixturevalue("postgres")
    with running(folder, DAOXUE_DATABASE__URL=created(server)) as started:
        yield started

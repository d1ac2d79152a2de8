from collections.abc import Iterator

import pytest

from tests.attack.centre import Centre, running


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """One for the attacks of a module."""
    with running(tmp_path_factory.mktemp("centre")) as started:
        yield started

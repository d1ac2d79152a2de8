"""The real Rasa, trained on a few rows: what the player of it answers, it answers too."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from benchmarks.rasa import project, real
from integrations.rasa import Rasa, RasaSettings
from nlu.questions import read
from players.rasa import VERSION
from tests.conftest import free_port

TOKEN = "rasa-token"
TAUGHT = {
    "thanks": ["谢谢", "多谢了", "谢谢您", "太感谢了"],
    "site_hours": ["几点开门", "周末开不开门", "几点关门", "中午开门吗"],
    "faq/parking": ["怎么停车", "停车收费吗", "车停在哪里", "有没有停车位"],
    "faq/toilet": ["厕所在哪", "洗手间怎么走", "哪里有卫生间", "厕所在几楼"],
    "cmd/yes": ["是的", "对的", "好的就这样", "嗯对"],
    "cmd/no": ["不要", "不用了", "算了不要", "不对"],
}
ROWS = [(label, text) for label, texts in TAUGHT.items() for text in texts]


@pytest.fixture(scope="module")
def python() -> Path:
    found = real.interpreter()
    if found is None:
        pytest.skip(real.LACKING)
    return found


@pytest.fixture(scope="module")
def base(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a model of these rows."""
    folder, port = tmp_path_factory.mktemp("rasa"), free_port()
    project.write(folder, ROWS, epochs=60)
    real.train(python, folder)
    with real.serving(python, folder, port, TOKEN):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def rasa(base: str) -> AsyncIterator[Rasa]:
    client = Rasa(RasaSettings(base, 10), TOKEN, frozenset(TAUGHT))
    yield client
    await client.close()


async def test_it_ranks_what_it_was_taught(rasa: Rasa) -> None:
    found = await rasa.rank([text for _, text in ROWS])
    assert rasa.alarm is None
    assert [each[0].label if each else None for each in found] == [label for label, _ in ROWS]
    for each in found:
        assert each is not None
        assert sum(one.probability for one in each) == pytest.approx(1, abs=0.01)


async def test_it_takes_no_commands(rasa: Rasa) -> None:
    said = ["/thanks", "　/cmd", '/faq{"a": "b"}', "\x1c/site_hours@0.7", "/restart"]
    for found in await rasa.rank(said):
        assert found is not None
        assert found[0].probability < 1, "a command has full confidence and stands alone"
        assert len(found) > 1


async def test_it_tells_its_health_and_its_token_is_asked_for(rasa: Rasa, base: str) -> None:
    told = await rasa.health(0)
    assert (told.alarm, told.version) == (None, VERSION)
    assert told.model
    stranger = Rasa(RasaSettings(base, 10), "another", frozenset(TAUGHT))
    assert await stranger.rank(["谢谢"]) == [None]
    assert stranger.alarm == "refused: RASA_TOKEN is not the server's"
    await stranger.close()


def test_our_data_is_valid_to_it(python: Path, tmp_path: Path) -> None:
    project.write(tmp_path, project.some(read().examples, 5), epochs=1)
    told = real.validate(python, tmp_path).printed
    assert "not used in any" not in told
    assert "not listed in your domain" not in told
    assert "no matching response" not in told

"""Which tests are run against the mutants of a module."""

from pathlib import Path

from tests import mutants
from tests.test_layers import modules


def test_a_module_has_its_row_else_the_tests_that_import_or_name_it() -> None:
    assert mutants.tests_of("desk/hours.py") == ["tests/test_desk.py", "tests/test_desk_api.py"], "its row"
    assert {"tests/test_one_queue.py", "tests/test_danger.py"} <= {*mutants.tests_of("store/queue.py")}, (
        "from store import queue"
    )
    assert "tests/test_rasa.py" in mutants.tests_of("integrations/rasa.py")
    assert mutants.tests_of(Path("nlu", "nowhere.py").as_posix()) == []


def test_any_module_may_be_asked_for() -> None:
    found = {each for _, path in modules() for each in mutants.tests_of(path.relative_to(mutants.ROOT).as_posix())}
    assert all((mutants.ROOT / each).is_file() for each in found)

"""Which activity a word hints at."""

from datetime import date

import pytest

from daoxue.app import App
from knowledge.activities import Subjects


@pytest.mark.parametrize(("said", "id"), [
    ("义诊什么时候", "weekend-clinic"), ("春联哪天写", "spring-couplet"), ("手机摄影", "salon-photo"), ("手机", ""), ("换书和义诊", ""),
    ("书法", ""),
])  # fmt: skip
async def test_a_word_that_one_name_has_and_no_other(said: str, id: str, app: App) -> None:
    assert Subjects(app.library.catalogue.activities.values()).hinted(said) == id


async def test_what_is_over_is_hinted_at_no_more(app: App) -> None:
    clinic = app.library.catalogue.activities["weekend-clinic"]
    for day, hinted in ((clinic.last_day, clinic.id), (date(2100, 1, 1), "")):
        assert app.comprehension.understand("义诊什么时候", day).hinted == hinted

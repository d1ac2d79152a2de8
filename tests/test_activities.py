"""Which activity a word hints at, and when those of the sample are."""

from datetime import date, timedelta

import pytest

from daoxue.app import App
from knowledge.activities import Subjects
from knowledge.catalogue import Activity
from knowledge.files import read_sample


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


@pytest.mark.parametrize("ahead", range(7))
def test_what_is_on_at_weekends_is_on_then(ahead: int) -> None:
    today = date(2026, 11, 23) + timedelta(days=ahead)  # from a Monday
    known = {each.name: each for each in read_sample(today).records if isinstance(each, Activity)}
    swap = known["周末换书集市"]
    assert (swap.first_day.isoweekday(), swap.last_day.isoweekday()) == (6, 7)
    assert timedelta(0) < swap.first_day - today <= timedelta(7)
    assert known["电脑手机义务维修"].first_day.isoweekday() == 7

"""The times of turns, as Prometheus reads them."""

from hypothesis import given
from hypothesis import strategies as st

from bot.took import BOUNDS, TurnTimes


@given(st.lists(st.floats(0, 20)))
def test_each_is_counted_in_every_bucket_that_holds_it(times: list[float]) -> None:
    took = TurnTimes()
    for each in times:
        took.observe("sms", each)
    [told] = took.collect()
    found = {sample.labels["le"]: sample.value for sample in told.samples if sample.name.endswith("_bucket")}
    assert set(found) == ({*map(str, BOUNDS), "+Inf"} if times else set())
    for bound, count in found.items():
        assert count == sum(each <= float(bound) for each in times)
    count, total = (
        next((sample.value for sample in told.samples if sample.name.endswith(end)), 0.0) for end in ("_count", "_sum")
    )
    assert count == len(times)
    assert abs(total - sum(times)) < 1e-6

"""Telephone numbers in any usual spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.phones import find
from nlu.text import fold

mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@given(
    mobiles, st.sampled_from(["", "+86", "+86 ", "0086", "86-", "(+86)"]), st.sampled_from(["", " ", "-", ".", "－"])
)
def test_a_mobile_is_one_however_it_is_written(number: str, country: str, gap: str) -> None:
    written = f"打{country}{number[:3]}{gap}{number[3:7]}{gap}{number[7:]}吧"
    assert [phone.number for phone in find(fold(written))] == [number]


@given(
    mobiles,
    st.sampled_from(["零一二三四五六七八九", "零幺二三四五六七八九", "〇幺两三四五六七八九", "０１２３４５６７８９"]),
)
def test_a_mobile_is_read_out(number: str, digits: str) -> None:
    assert [phone.number for phone in find(fold(number.translate(str.maketrans("0123456789", digits))))] == [number]


@given(st.lists(mobiles, min_size=2, max_size=5), st.sampled_from([" ", "，", "、", "/", "和"]))
def test_several_side_by_side(numbers: list[str], between: str) -> None:
    assert [phone.number for phone in find(fold(between.join(numbers)))] == numbers


@given(st.text(alphabet="0123456789+-() 转一二三幺", max_size=60))
def test_no_text_breaks_the_finding(text: str) -> None:
    for phone in find(fold(text)):
        assert 0 <= phone.start < phone.end <= len(text)
        assert len(phone.number) >= 10


@pytest.mark.parametrize(("said", "number"), [
    ("0519-86901234转802", "051986901234-802"), ("051986901234", "051986901234"), ("（0519）86901234", "051986901234"), ("0519 8690 1234", "051986901234"),
    ("+86 519 86901234", "051986901234"), ("0086-519-86901234", "051986901234"), ("010-65001234-8001", "01065001234-8001"),
    ("零五一九八六九零一二三四", "051986901234"),
    ("025-86901234分机12", "02586901234-12"), ("400-123-4567", "4001234567"), ("8001234567", "8001234567"), ("1 3 8 0 0 1 3 8 0 0 0", "13800138000"),
    ("13800138000一会儿打", "13800138000"), ("拨3 13800138000", "13800138000"),
])  # fmt: skip
def test_phones(said: str, number: str) -> None:
    assert [phone.number for phone in find(fold(said))] == [number]


@pytest.mark.parametrize(
    "said",
    ["620801047296", "2026-11-20", "12345", "0519-123", "138001380001", "1234567890", "320102194901011234", "没有电话"],
)
def test_no_phones(said: str) -> None:
    assert find(fold(said)) == []

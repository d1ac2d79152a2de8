"""What the schema says of itself: a decision about every column, and a page for people that says the same."""

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from accounts.vault import Vault
from bot.texts import Texts
from desk import printing
from store import copying, erasing, keys
from store.personal import DAYS, End, Lasting, Personal, Sort, StoredAs, Whose, found_by, personal, tagged
from store.schema import metadata
from tests.service import ROOT

PAGE = ROOT / "docs" / "privacy.md"
COLUMNS = [column for table in metadata.sorted_tables for column in table.c]
# Found by something that is no column: the queue's order, the beginning of a draft's id.
BY_HAND = {"queue", "entry", "entry_version"}
KEPT = {
    Lasting.TALK: "最后一句话之后的天数 days after the last word", Lasting.AUDIT: "审计的天数 days of the audit", Lasting.DAY: "1 天 day",
    Lasting.WEEK: "7 天 days", Lasting.MONTH: "30 天 days", Lasting.YEAR: "365 天 days", Lasting.ACCOUNT: "到账户注销 the account's end",
    Lasting.UNTIL_CHANGED: "到撤回或更换 until changed", Lasting.RECORDS: "按档案规定 as records",
}  # fmt: skip
FORM = {
    StoredAs.CLEAR: "**明文 in clear**", StoredAs.SEALED: "加密 sealed", StoredAs.CLOSED: "加密 closed", StoredAs.DIGEST: "带钥摘要 keyed digest",
    StoredAs.HASH: "散列 hash",
}  # fmt: skip
WHOSE = {
    Whose.RESIDENT: "居民 resident", Whose.LEARNER: "学员 learner", Whose.SEAT: "员工 staff", Whose.CENTRE: "中心 centre",
}  # fmt: skip
ENDS = {End.GONE: "删行 row goes", End.BLANK: "清空 blanked", End.STAYS: "留 stays"}
KINDS = {
    Sort.WORDS: "话 words", Sort.ADDRESS: "联系方式 address", Sort.NAME: "是谁 name", Sort.FACT: "事实 fact",
    Sort.TRACE: "外部编号 trace", Sort.SECRET: "秘密 secret",
}  # fmt: skip


def lines() -> list[str]:
    """The table of the page, as the tags have it: columns of a table with the same decision in one line."""
    found: dict[tuple[str, Personal], list[str]] = {}
    for column in COLUMNS:
        if (tag := personal(column)) is not None:
            found.setdefault((column.table.name, tag), []).append(column.name)
    told = []
    for (table, tag), names in found.items():
        whose, kind, kept, end, form = tag
        told.append(
            f"| `{table}` | {', '.join(names)} | {WHOSE[whose]} | {KINDS[kind]} | {FORM[form]} | {KEPT[kept]} | {ENDS[end]} |"
        )
    return told


def test_every_column_is_decided() -> None:
    assert [f"{column.table.name}.{column.name}" for column in COLUMNS if "personal" not in column.info] == []


def test_a_column_without_a_decision_is_told() -> None:
    table = Table("later", MetaData(), Column("phone", Text), Column("at", BigInteger))
    with pytest.raises(KeyError):
        personal(table.c.phone)


def test_what_is_to_go_can_be_found() -> None:
    """Whatever is somebody's and goes when they do hangs on what they are found by."""
    lost = [
        table.name
        for table in metadata.sorted_tables
        for whose in (Whose.RESIDENT, Whose.LEARNER)
        if any(tag.end is not End.STAYS for _, tag in tagged(table, whose)) and found_by(table, whose) is None
    ]
    assert set(lost) == BY_HAND


def test_what_is_kept_for_a_fixed_time_goes_after_it() -> None:
    timed = {
        table.name
        for table in metadata.sorted_tables
        for _, tag in tagged(table, *Whose)
        if tag.kept in {*DAYS, Lasting.AUDIT}
    }
    assert timed == set(erasing.LAPSING)


# What these are made of stands beside them (`store/keys.py`); other digests are gone within a week.
REMADE = {"learner.card", "learner.phone", "binding.person", "binding.digest", "consent.person", "ticket.person"}


def test_every_digest_is_made_anew_or_gone_when_the_key_changes() -> None:
    short = {table.name for table in keys.SHORT_LIVED}
    digests = {
        f"{column.table.name}.{column.name}"
        for column in COLUMNS
        if (tag := personal(column)) is not None and tag.form is StoredAs.DIGEST and column.table.name not in short
    }
    assert digests == REMADE


def test_no_address_name_or_secret_stands_in_clear() -> None:
    """Of residents and learners; of staff, names do."""
    clear = {
        f"{column.table.name}.{column.name}"
        for column in COLUMNS
        if (tag := personal(column)) is not None
        and tag.form is StoredAs.CLEAR
        and (tag.kind is Sort.SECRET or (tag.kind in (Sort.ADDRESS, Sort.NAME) and tag.whose is not Whose.SEAT))
    }
    assert clear == {"attachment.id"}, "who knows the address of a file may fetch it: it is handed out with the message"


def test_the_copy_has_a_heading_in_words_for_everything() -> None:
    names = {name for each in copying.COPIED.values() for names, _ in each.values() for name in names}
    tables = {table for each in copying.COPIED.values() for table in each}
    assert (names | tables) - printing.WORDS.keys() == set()


def test_the_page_says_what_the_schema_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    told = [line for line in page.splitlines() if line.startswith("| `")]
    assert told == lines(), "\n".join(["docs/privacy.md must hold:", *lines()])


def test_what_is_said_in_the_open_names_the_page() -> None:
    for path in (ROOT / "README.md", ROOT / "docs" / "accounts.md"):
        told = path.read_text(encoding="utf-8")
        assert "privacy.md" in told, path
        assert "消息原文不加密" in told, path
    for language, words in (("zh", "不加密"), ("en", "not encrypted")):
        texts = Texts()
        for key in ("welcome", "why"):
            assert words in texts.line(language, key, kept=180, centre="", bot="", offers=""), (language, key)
    text = next(column for column in COLUMNS if str(column) == "message.body")
    assert (tag := personal(text)) is not None
    assert tag.form is StoredAs.CLEAR, "and so it is"


def test_the_same_is_never_closed_the_same_twice() -> None:
    vault = Vault([bytes(range(32))])
    assert vault.shut(b"{}") != vault.shut(b"{}")
    assert vault.unshut(vault.shut(b"{}")) == vault.unshut(b"{}") == b"{}"
    assert vault.shut(b"") == b""

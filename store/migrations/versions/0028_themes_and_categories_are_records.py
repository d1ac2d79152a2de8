"""What courses and items are sorted by becomes records, which a centre changes: those that it names and that came with us until
now, with the words that came with them, and what it called them in texts of its own, where that can be a name."""

import json
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

# Kind, id, name, English name, what residents call it.
_GIVEN = (
    ("theme", "science-internet", "科学素质与互联网学习", "Science and the internet", "互联网 科学素质 科普类"),
    ("theme", "job-skills", "职业技能", "Job skills", "技能培训 职业培训 技能班 手艺 学门技术 学个技术 学技术 一技之长"),
    ("theme", "smart-ageing", "老年智慧生活", "Smart living for older people", "老年课程 智慧生活 智慧助老"),
    ("theme", "family-education", "家庭教育指导", "Family education", "家庭教育 教育孩子 辅导孩子 育儿 带孩子 亲子课"),
    ("theme", "rural-revival", "乡村振兴", "Rural revival", "农业技术 农技 农村实用技术 实用技术 农民培训"),
    ("theme", "crafts", "非遗传承", "Traditional crafts", "非遗 手工 传统工艺"),
    ("theme", "ethics-law", "道德与法治", "Ethics and law", "法律方面 普法"),
    ("theme", "arts", "人文艺术", "Arts", "艺术 音乐 才艺 乐器"),
    ("theme", "health-fitness", "康养健身", "Health and fitness", "健身 锻炼 养生保健 运动类 体育"),
    ("theme", "community-safety", "社区治理与应急管理", "Community life and emergencies", "应急 社区治理 安全知识"),
    ("category", "training", "教育培训", "Training", ""),
    ("category", "careers", "就业升学", "Careers", ""),
    ("category", "community-life", "社区生活", "Community life", ""),
    ("category", "goods", "消费", "Goods", ""),
)  # fmt: skip
_NAMED_BY = {"course": "theme", "item": "category"}
_GONE = ("theme.", "category.")  # keys of texts
_LABEL = re.compile(r"[^\s{}]([^\n{}]{0,38}[^\s{}])?")  # what a record can be called; in braces stood values
Text = str | dict[str, str]


def upgrade() -> None:
    record = sa.table("record", *map(sa.column, ("kind", "id", "revision", "body", "by")))
    rows = [row for row in op.get_bind().execute(sa.select(record)) if row.body]
    centre = next((row for row in rows if row.kind == "centre"), None)
    said = json.loads(centre.body) if centre else {}
    texts: dict[str, dict[str, Text]] = said.get("texts", {})
    named: dict[tuple[str, str], list[sa.Row[Any]]] = {}
    for row in rows:
        if (kind := _NAMED_BY.get(row.kind)) is not None:
            named.setdefault((kind, json.loads(row.body)[kind]), []).append(row)
    taken = {kind: _words(kind) | {name for of, name in named if of == kind} for kind in _NAMED_BY.values()}
    for kind, id, name, en, words in _GIVEN:
        if not (below := named.get((kind, name), [])):
            continue
        key, others = f"{kind}.{name}", taken[kind] - {name, en, *words.split()}
        called = _own(texts.get("zh", {}).get(key), name, others)
        english = _own(texts.get("en", {}).get(key), en, others)
        taken[kind] |= {called, english}
        aliases = [each for each in dict.fromkeys((name, *words.split())) if each != called]
        body = {"kind": kind, "id": id, "name": called, "aliases": aliases, "en": {"name": english}}
        op.bulk_insert(record, [{**_row(below[0]), "kind": kind, "id": id, "body": _written(body)}])
        if called != name:
            for row in below:
                _rewrite(record, row, {**json.loads(row.body), kind: called})
    left = {
        language: {key: text for key, text in own.items() if not key.startswith(_GONE)}
        for language, own in texts.items()
    }
    if centre is not None and left != texts:
        _rewrite(record, centre, {**said, "texts": left})


def _words(kind: str) -> set[str]:
    """All that those that came with us are called."""
    return {word for of, _, name, en, words in _GIVEN if of == kind for word in (name, en, *words.split())}


def _own(text: Text | None, given: str, taken: set[str]) -> str:
    """What the centre's text called it, where a record can be called so and no other is; else what it was given."""
    own = (text.get("text", "") if isinstance(text, dict) else text or "").strip()
    return own if _LABEL.fullmatch(own) and own not in taken else given


def _rewrite(record: sa.TableClause, row: sa.Row[Any], body: Mapping[str, object]) -> None:
    found = sa.update(record).where(record.c.kind == row.kind, record.c.id == row.id)
    op.execute(found.values(body=_written(body)))


def _row(row: sa.Row[Any]) -> dict[str, object]:
    return {"revision": row.revision, "by": row.by}


def _written(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

"""What accuses the very person who hears it: the weights follow from the sentences; how many of an author's are heard by what
the others have taught; what a seat has the talk taken from them for, in words that no list has."""

from collections.abc import Sequence

import pytest

from daoxue.app import App
from daoxue.learning_reproach import AUTHORS, Row, learn, rows
from nlu.classifier import Classifier
from nlu.encoder import Encoder, Remembering, Use
from nlu.questions import DATA
from nlu.reproach import LABELS, LINE, Reproach, load
from nlu.text import fold
from tests.test_complaints import barred, desk, served, talked_on

__all__ = ["desk"]
HEARER, OTHER, NONE = LABELS


@pytest.fixture(scope="module")
def meaning() -> Encoder:
    return Remembering(Use())


@pytest.fixture(scope="module")
def classifier(meaning: Encoder) -> Classifier:
    return Classifier.load(DATA.parent / "model.npz", meaning)


def barring(reproach: Reproach, among: Sequence[Row]) -> dict[str, float]:
    """The share of each label that has the hearer barred."""
    found = {each: [reproach.of_hearer(fold(text)) for label, text in among if label == each] for each in LABELS}
    return {label: sum(heard) / len(heard) for label, heard in found.items()}


def test_the_weights_are_those_of_the_sentences(classifier: Classifier, meaning: Encoder) -> None:
    """Whoever changes the sentences, or how they are seen, runs `python -m daoxue.learning_reproach`."""
    among = [row for author in AUTHORS for row in rows(author)]
    kept, again = load(classifier), learn(among, classifier, meaning)
    assert list(kept.weights.terms) == list(again.weights.terms)
    apart = [abs(float(kept.shares(fold(text))[0] - again.shares(fold(text))[0])) for _, text in among[::3]]
    assert sum(apart) / len(apart) < 0.03  # after another classifier, which is learnt again more often than this


@pytest.mark.parametrize(("author", "heard", "by_words"), [(1, 0.66, 0.54), (2, 0.72, 0.56)])
def test_an_author_is_heard_by_what_others_taught(
    author: int, heard: float, by_words: float, classifier: Classifier, meaning: Encoder
) -> None:
    taught = learn([row for each in AUTHORS if each != author for row in rows(each)], classifier, meaning)
    found = barring(taught, rows(author))
    assert found[HEARER] > heard
    assert found[OTHER] < 0.04
    assert found[NONE] < 0.03
    alone = Reproach(Classifier(classifier.model, classifier.arrays, None), taught.weights)
    found = barring(alone, rows(author))
    assert found[HEARER] > by_words
    assert max(found[OTHER], found[NONE]) < 0.04


def test_what_residents_ask_is_hardly_ever_a_reproach(classifier: Classifier) -> None:
    lines = (DATA.parents[1] / "tests" / "questions.tsv").read_text("utf-8").splitlines()
    asked = [
        text for topic, _, text in (line.partition("\t") for line in lines) if topic not in {"complaint", "human_agent"}
    ]
    reproach = load(classifier)
    assert sum(reproach.of_hearer(fold(text)) for text in asked) <= len(asked) / 100
    assert LINE < reproach.shares(fold("你怎么能这样跟老人讲话"))[0] <= 1


@pytest.mark.parametrize("said", [
    "问你三遍都不理", "你的服务态度让我很寒心", "请换一位坐席，这位说话太伤人", "喊了你半天，一个字也不回，你当我不存在？", "您这个口气，我听了整晚都睡不好",
    "跟你讲道理等于白讲，麻烦叫个讲理的来", "侬当我是讨饭额是伐", "You treat me like dirt", "太极班几点，还有你刚才骂我那句话我记着呢",
])  # fmt: skip
async def test_what_no_list_has_is_heard(said: str, desk: App) -> None:
    resident, _ = await served(desk)
    await talked_on(resident, said)
    assert await barred(desk, resident) == {"chen"}


@pytest.mark.parametrize("said", [
    "你记性真好，我去年问过的你还晓得", "你莫催我，我找老花镜呢", "我骂的是这台手机，你别误会", "你们食堂那个大师傅，骂人骂得整层楼都听见",
    "昨天接我电话的嫌我啰嗦，你不一样",
    "孙小梅骂我，你帮我记一下", "你姓什么，我投诉的是舞蹈班", "慢性病那门课，你说是周几",
])  # fmt: skip
async def test_what_is_of_others_or_harmless_is_not(said: str, desk: App) -> None:
    resident, _ = await served(desk)
    await talked_on(resident, said)
    assert "chen" not in await barred(desk, resident)


async def test_who_goes_on_with_what_was_told_speaks_of_that(desk: App) -> None:
    resident, _ = await served(desk)
    await talked_on(resident, "食堂阿姨凶我|骂我老不死的")
    assert await barred(desk, resident) == set()

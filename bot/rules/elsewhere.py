"""What somebody asked on another channel, and wants to go on with here."""

import re

from bot import conversation
from bot.conversation import Task
from bot.running import Runner
from bot.turn import Turn
from store.conversations import ConversationRow

LONGEST = 60  # characters of a message that says no more than that
LATELY = 24 * 3_600_000  # ms in which one may want to go on with something
_THERE = re.compile(
    r"(?:微信|公众号|网页|网站|网上|电脑|telegram|电报|短信|电话|别的渠道|另一个渠道)[里上中那边]{0,2}(?:我|刚才|刚刚|之前|上次|跟你|和你){0,2}"
    r"(?:问|说|聊|讲|查|看)过?的|(?:asked|said|talked)[a-z ]{0,20}(?:wechat|website|telegram|web chat|phone|another channel)"
)
_AGAIN = re.compile(
    "刚才|刚刚|之前|上次|昨天|早上|上午|下午|接着|继续|那个|那件|前面|just|earlier|continue|go on|before"
)
_NAMED = frozenset({"course", "org", "theme", "activity", "item", "class"})  # a question of its own
_THEIRS = frozenset({"phone", "learner", "detail", "of"})  # slots that are not carried over


async def asked_there(run: Runner, turn: Turn) -> bool:
    """我刚才在微信问的那个: for who has proven to be the same on both, once more here; else honestly that we do not know it."""
    folded = turn.heard.folded
    if len(folded) > LONGEST or turn.inbound.choice is not None or turn.inbound.public:
        return False
    if not (_THERE.search(folded) and _AGAIN.search(folded)) or any(
        each.kind in _NAMED for each in turn.heard.entities
    ):
        return False
    said = turn.inbound
    talks = await turn.accounts.identity.others(said.channel, said.address, said.at, said.session)
    if talks is None:
        proof = turn.accounts.proof(said.channel)
        turn.say("elsewhere.unproven" if proof.typed or proof.page or proof.keyed else "elsewhere.unknown")
        turn.suggest("human")
        return True
    task = next((task for each in talks if (task := _task(run, each, said.at)) is not None), None)
    if task is None:
        turn.say("elsewhere.nothing")
        turn.suggest("human")
        return True
    turn.say("elsewhere.goes_on")
    await run.run(turn, task)
    return True


def _task(run: Runner, talk: ConversationRow, now: int) -> Task | None:
    """What was asked there last, where it was lately and is nothing private: one card may be known to a whole family."""
    state = conversation.load(talk.state)
    handler = run.row(state.last)
    if state.last is None or handler is None or handler.is_private or now - state.at > LATELY:
        return None
    return Task(state.last.intent, {name: value for name, value in state.last.slots.items() if name not in _THEIRS})

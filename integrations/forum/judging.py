"""What becomes of a post: answered for all to read where we are sure, else a person's, or nobody's business."""

from enum import Enum

from bot.turn import Turn

# Rules of the dialogue that say something without being sure what is meant, or that nothing is.
_UNSURE = {"likely", "not_sure", "name_alone", "too_long", "stray_number", "signs", "outlived", "maybe_danger"}
_SMALL_TALK = {"chitchat"}


class PostVerdict(Enum):
    """What becomes of a post."""

    ANSWER = "it is said as it would be"
    PERSON = "a person answers it"
    NOTHING = "it asks us nothing"


def judge(turn: Turn, *, asks_us: bool) -> PostVerdict:
    """`turn` is what would be said, `asks_us` whether it is said to us, and not among residents."""
    if turn.seat is not None or turn.handover is not None:
        return PostVerdict.ANSWER  # a seat has the talk; or somebody is in danger, and that does not wait
    if turn.task.intent and turn.state.topic in _SMALL_TALK and not turn.wanted:
        return PostVerdict.NOTHING
    if turn.private:
        return PostVerdict.ANSWER if asks_us else PostVerdict.NOTHING
    if is_sure(turn):
        return PostVerdict.ANSWER
    return PostVerdict.PERSON if asks_us else PostVerdict.NOTHING


def is_sure(turn: Turn) -> bool:
    """Whether it answers what was asked, with nothing left to be asked back."""
    if turn.wanted or turn.unanswered or turn.asked_back or turn.silent or not turn.said:
        return False
    waits = any(task.asked for task in turn.state.tasks)
    return not waits and not _UNSURE & set(turn.rules)

"""Which reading of a message is clear enough to be answered, and which two are asked about."""

from datetime import date

import pytest

from bot.comprehension import Candidate, Understanding
from bot.readings import LEAD, plainly
from nlu import entities
from nlu.gazetteer import Gazetteer
from nlu.judgement import Lines, Ranked

NO = Ranked("none", 0.0)
LINES = Lines(0.8, 0.5, 0.1)


def heard(*candidates: Candidate, lines: Lines = LINES) -> Understanding:
    found = entities.find("书法班", Gazetteer([]), date(2026, 11, 26))
    return Understanding("书法班", "书法班", found, candidates, 0.5, "course_faq", 0.5, NO, NO, lines)


def asked(score: float, intent: str | None = None, question: str | None = None) -> Candidate:
    return Candidate(score, "course_faq", intent, None, question)


@pytest.mark.parametrize(("behind", "clear"), [(0.0, False), (LEAD * 0.9, False), (LEAD * 1.1, True), (0.3, True)])
def test_two_close_readings_are_asked_about(behind: float, clear: bool) -> None:
    best = asked(0.6, "find_course")
    assert plainly(heard(best, asked(0.6 - behind, "course_fee"))) is (best if clear else None)
    assert plainly(heard(best, asked(0.6 - behind, question="fee"))) is (best if clear else None)


def test_the_same_twice_is_no_doubt() -> None:
    best = asked(0.6, "find_course")
    assert plainly(heard(best, asked(0.59, "find_course"))) is best
    assert plainly(heard(best, asked(0.59, "find_course"), asked(0.58, "course_fee"))) is None


def test_what_nobody_would_be_asked_about_is_no_doubt() -> None:
    best = asked(0.6, "find_course")
    assert plainly(heard(best, asked(0.59, "course_fee"), lines=Lines(0.8, 0.5, 0.595))) is best


def test_the_line_itself_is_likely_enough() -> None:
    assert plainly(heard(asked(0.5, "find_course"))) is not None
    assert plainly(heard(asked(0.49, "find_course"))) is None
    assert plainly(heard()) is None
    assert plainly(heard(asked(0.9, "emergency"))) is None, "red lines have lines of their own"

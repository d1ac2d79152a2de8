"""Courses: which there are, for whom, and help with what was taught."""

from bot import described
from bot.messages import Card
from bot.turn import CHOICES, Turn
from handlers import wording
from handlers.paging import page_of, past_the_end
from handlers.slots import COURSE, QUESTION, THIS_COURSE
from knowledge.catalogue import Course

SOURCE = "source.courses"


def _named(turn: Turn) -> list[Course]:
    """All courses that the message names: 有没有太极和书法."""
    ids = dict.fromkeys(turn.heard.values("course"))
    if not ids and (course := turn.get("course")):
        ids = {course: None}
    return [turn.catalogue.courses[id] for id in ids]


async def find_course(turn: Turn) -> None:
    named = _named(turn)
    theme = turn.get("theme")
    if named:
        for course in named[:CHOICES]:
            _introduce(turn, course)
        turn.focus("course", named[0].id)
        turn.show("course", *(course.id for course in named[:CHOICES]))
        for course in named[:CHOICES]:
            turn.offer(turn.line("label.classes_of", course=course.name), "find_class", course=course.id)
    elif theme:
        found = [course for course in turn.catalogue.courses.values() if course.theme == theme]
        if not found:
            turn.say("course.theme_empty", theme=turn.named("theme", theme), source=SOURCE)
            turn.suggest("find_course")
            return
        page = page_of(turn, found, CHOICES * 2)
        if past_the_end(turn, page):
            return
        shown = page.shown
        turn.show("course", *(course.id for course in shown))
        lines = wording.listed((course.name for course in shown), turn)
        turn.say("course.theme", theme=turn.named("theme", theme), count=len(found), lines=lines, source=SOURCE)
        for course in shown[:CHOICES]:
            turn.offer(course.name, "about_course", course=course.id)
    elif subject := wording.subject(turn.heard.folded):
        turn.say("course.unknown", subject=subject, source=SOURCE)
        described.offer(turn, "find_course")
        turn.suggest("find_course")
        turn.offer_answer("label.suggest_course", "course-suggest")
    else:
        overview(turn)


def _introduce(turn: Turn, course: Course) -> None:
    minutes = sum(lesson.minutes for lesson in course.lessons)
    lessons = tuple(
        turn.line("course.lesson", number=number, title=lesson.title, minutes=lesson.minutes)
        for number, lesson in enumerate(course.lessons, 1)
    )
    key = "course.detail" if course.mode != "线下" else "course.detail.offline"
    turn.say(
        key if course.lessons else "course.detail.untold",
        name=course.name, summary=wording.sentence(course.summary), level=turn.named("level", course.level),
        prerequisite=course.prerequisite, mode=turn.line(f"mode.{course.mode}"), lessons=len(course.lessons), minutes=minutes,
        source=SOURCE, cards=(Card(course.name, lessons),) if lessons else (),
    )  # fmt: skip


def overview(turn: Turn) -> None:
    """How many there are, by theme."""
    themes: dict[str, list[str]] = {}
    for course in turn.catalogue.courses.values():
        themes.setdefault(course.theme, []).append(course.name)
    lines = "\n".join(
        turn.line(
            "course.kind", theme=turn.named("theme", theme), names=wording.listed(names[:3], turn), count=len(names)
        )
        for theme, names in themes.items()
    )
    names = wording.listed((turn.named("theme", theme) for theme in themes), turn)
    turn.say(
        "course.overview",
        count=len(turn.catalogue.courses),
        themes=len(themes),
        names=names,
        lines=lines,
        source=SOURCE,
    )


async def about_course(turn: Turn) -> None:
    """A course's name alone; several are introduced at once."""
    if len(set(turn.heard.values("course"))) > 1:
        await find_course(turn)
        return
    course = turn.catalogue.courses[await turn.ask(COURSE)]
    turn.focus("course", course.id)
    turn.show("course", course.id)
    turn.say("about.course", course=course.name)
    turn.offer(turn.line("label.classes_of", course=course.name), "find_class", course=course.id)
    turn.offer(turn.line("label.course_intro", course=course.name), "find_course", course=course.id)
    turn.offer(turn.line("label.enrol_in", course=course.name), "enrol", course=course.id)


async def course_level(turn: Turn) -> None:
    course = turn.catalogue.courses[await turn.ask(THIS_COURSE)]
    turn.focus("course", course.id)
    turn.show("course", course.id)
    key = "course.level_zero" if course.level == "零基础" else "course.level"
    turn.say(
        key, name=course.name, level=turn.named("level", course.level), prerequisite=course.prerequisite, source=SOURCE
    )
    turn.offer(turn.line("label.classes_of", course=course.name), "find_class", course=course.id)


async def which_course(turn: Turn, standard: str) -> Course:
    """The course that is meant; what is known of the matter is said before it is asked for the first time."""
    if not turn.get("course") and "told" not in turn.task.memo and turn.answer_if_known(standard):
        turn.task.memo["told"] = "yes"
        turn.say("ask.course_too")
        raise turn.waits(COURSE)
    return turn.catalogue.courses[await turn.ask(COURSE)]


async def course_help(turn: Turn) -> None:
    """A question about what was taught goes to the teachers."""
    course = await which_course(turn, "g-question")
    question = await turn.ask(QUESTION)
    turn.task.slots["detail"] = turn.line("detail.about", what=course.name, detail=question)
    turn.say("course.help_done", course=course.name)
    await turn.hand_over("course_question", skill="teacher", topic="course_faq")

"""Own classes: how one stands, getting in, waiting, taking a place that came free, leaving. All of it personal."""

from accounts.enrolment import EnrolError, EnrolmentStatus
from accounts.identity import Bound
from bot.phrases import asks
from bot.turn import Turn
from handlers import wording
from handlers.eligibility import refused
from handlers.slots import CHOICE
from handlers.whose import bound_now, whose
from knowledge.catalogue import TrainingClass

RULES = "source.class_rules"
SHOWN = 5
ACTIVE = ("pending", "admitted", "waiting", "offered")


async def enrolment_status(turn: Turn) -> None:
    learner = await whose(turn)
    if learner is None:
        return
    found = await turn.accounts.enrolments.of(learner.id)
    turn.audits.append(("enrolments.read", f"learner {learner.id}"))
    if not found:
        turn.say("enrolment.none", name=learner.name, source=RULES)
        turn.suggest("find_class")
        return
    lines = "\n".join(f"· {_line(turn, each)}" for each in found[:SHOWN])
    turn.say("enrolment.list", name=learner.name, lines=lines, source=RULES)
    for each in found:
        if each.state == "offered":
            turn.offer(
                turn.line("label.accept", name=_name(turn, each.group)), "accept_place", learner=str(learner.id), **{"class": each.group}
            )  # fmt: skip
    if any(each.state in ACTIVE for each in found):
        turn.suggest("withdraw_me", learner=str(learner.id))


def _line(turn: Turn, standing: EnrolmentStatus) -> str:
    until = wording.moment(standing.until, turn) if standing.until else ""
    return turn.line(
        f"enrolment.{standing.state}", name=_name(turn, standing.group), until=until,
        next=standing.ahead + 1,
    )  # fmt: skip


def _name(turn: Turn, group: str) -> str:
    found = turn.catalogue.classes.get(group)
    return found.name if found else group


async def enrol_me(turn: Turn) -> None:
    """Asks once whether it is meant; the yes comes with what it is a yes to."""
    learner = await whose(turn, acts=True)
    group = turn.catalogue.classes.get(turn.get("class") or "")
    if learner is None:
        return
    if group is None:
        turn.say("enrol.no_class", source=RULES)
        turn.suggest("find_class")
        return
    if refused(turn, group):
        return
    if turn.get("sure") != "yes":
        known = next((each for each in await turn.accounts.enrolments.of(learner.id) if each.group == group.id), None)
        if known is not None and known.state in ACTIVE:
            turn.say("enrolment.known", line=_line(turn, known), source=RULES)
            return
        turn.say(
            "enrol.confirm", name=learner.name, group=group.name, first=wording.first(group, turn),
            times=wording.times(group, turn), fee=wording.fee(group, turn), source=RULES,
        )  # fmt: skip
        _sure(turn, "enrol_me", learner, group.id)
        return
    await _do(turn, learner, group)


def _sure(turn: Turn, intent: str, learner: Bound, group: str) -> None:
    turn.offer(turn.line("label.yes"), intent, learner=str(learner.id), sure="yes", **{"class": group})
    turn.offer(turn.line("label.no"), "cancelled")
    turn.confirming = True


def _key(turn: Turn) -> str:
    return f"{turn.inbound.channel}:{turn.inbound.id}"


async def _do(turn: Turn, learner: Bound, group: TrainingClass) -> None:
    by = f"{turn.inbound.channel} {learner.role}"
    try:
        standing = await turn.accounts.enrolments.enrol(learner.id, group.id, _key(turn), by, turn.inbound.at)
    except EnrolError as error:
        _refused(turn, error, group)
        return
    await turn.accounts.enrolments.refresh()
    turn.say(
        f"enrolled.{standing.state}", name=learner.name, group=group.name, first=wording.first(group, turn),
        times=wording.times(group, turn), place=wording.room(group, turn),
        materials=group.materials, fee=wording.fee(group, turn), next=standing.ahead + 1,
        until=wording.day(group.enrol_until, turn), source=RULES,
    )  # fmt: skip
    turn.focus("class", group.id)
    turn.offer(turn.line("label.enrolments"), "enrolment_status", learner=str(learner.id))


def _refused(turn: Turn, error: EnrolError, group: TrainingClass) -> None:
    day = wording.day(group.enrol_from if error.code == "not_yet" else group.enrol_until, turn)
    schools = wording.listed((wording.place(each, turn.catalogue) for each in group.schools), turn)
    turn.say(f"enrol.{error.code}", group=group.name, day=day, schools=schools, source=RULES)
    turn.offer(turn.line("label.other_classes"), "find_class", course=group.course)
    turn.suggest("human")


async def accept_place(turn: Turn) -> None:
    """Takes a place that came free: of several the one that is meant. Who asks about it is shown how it stands."""
    if turn.inbound.choice is None and asks(turn.heard.folded):
        await enrolment_status(turn)
        return
    learner = await whose(turn, acts=True)
    if learner is None:
        return
    offered = [each for each in await turn.accounts.enrolments.of(learner.id) if each.state == "offered"]
    group = turn.catalogue.classes.get(turn.get("class") or (offered[0].group if len(offered) == 1 else ""))
    if group is None and offered:
        turn.say("accept.which")
        for each in offered:
            turn.offer(_name(turn, each.group), "accept_place", learner=str(learner.id), **{"class": each.group})
        return
    if group is None:
        turn.say("accept.none", name=learner.name)
        turn.offer(turn.line("label.enrolments"), "enrolment_status", learner=str(learner.id))
        return
    try:
        await turn.accounts.enrolments.accept(learner.id, group.id, _key(turn), turn.inbound.channel, turn.inbound.at)
    except EnrolError as error:
        turn.say(f"accept.{error.code}", name=learner.name, group=group.name)
        turn.offer(turn.line("label.enrolments"), "enrolment_status", learner=str(learner.id))
        return
    turn.say(
        "enrolled.admitted", name=learner.name, group=group.name, first=wording.first(group, turn),
        times=wording.times(group, turn), place=wording.room(group, turn),
        materials=group.materials, fee=wording.fee(group, turn), source=RULES,
    )  # fmt: skip


async def withdraw_me(turn: Turn) -> None:
    """Leaving a class, after one question whether it is meant; money back is always a person's."""
    learner = await whose(turn, acts=True)
    if learner is None:
        return
    active = [each for each in await turn.accounts.enrolments.of(learner.id) if each.state in ACTIVE]
    if not active:
        turn.say("withdraw.none", name=learner.name, source=RULES)
        turn.suggest("human")
        return
    meant = [each for each in active if each.group == turn.get("class")] or (active if len(active) == 1 else [])
    if not meant:
        for each in active:
            turn.offer(_name(turn, each.group), learner=str(learner.id), **{"class": each.group})
        turn.task.slots.pop("class", None)
        await turn.ask(CHOICE)
        return
    group = turn.catalogue.classes.get(meant[0].group)
    if group is None:
        return
    if turn.get("sure") != "yes":
        turn.say("withdraw.confirm", name=learner.name, group=group.name, source=RULES)
        _sure(turn, "withdraw_me", learner, group.id)
        return
    try:
        await turn.accounts.enrolments.withdraw(learner.id, group.id, _key(turn), turn.inbound.channel, turn.inbound.at)
    except EnrolError:
        turn.say("withdraw.begun", group=group.name, source=RULES)
        await turn.hand_over("withdraw_begun", skill="enrolment", topic="enrolment")
        return
    await turn.accounts.enrolments.refresh()
    turn.say("withdraw.done", name=learner.name, group=group.name, source=RULES)
    if group.fee or group.material_fee:
        turn.say("withdraw.refund_by_person")
        turn.suggest("refund")


async def notices_on(turn: Turn) -> None:
    learner = await whose(turn)
    if learner is None:
        return
    words = turn.line("notices.on", name=learner.name)
    await turn.accounts.identity.agree_to_notices(learner.id, True, words, turn.inbound.at)
    turn.say("notices.on", name=learner.name)


async def notices_off(turn: Turn) -> None:
    """One word stops all that comes without being asked for, for everybody whom it reaches here: nobody has to prove
    anything to be left in peace."""
    identity, inbound = turn.accounts.identity, turn.inbound
    learners = [each.id for each in await bound_now(turn)]
    of_phone = turn.accounts.proof(inbound.channel).of_phone
    if of_phone:
        learners += await identity.on_phone(inbound.address.removeprefix("+86"))
    if not learners and not of_phone:
        learner = await whose(turn)
        if learner is None:
            return
        learners = [learner.id]
    words = turn.line("notices.off")
    for id in learners:
        await identity.agree_to_notices(id, False, words, inbound.at)
    turn.say("notices.off")

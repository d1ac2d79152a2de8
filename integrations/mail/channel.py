"""Mail at work: what comes in is sorted, asked and kept; what is said leaves as one mail in its thread."""

import asyncio
import contextlib
import re
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass

from prometheus_client import Counter

from accounts.limits import MAILS, MAILS_OVER
from bot.channel import Core
from bot.edge import safely
from bot.files import FileRefusedError, checked
from bot.inbox import Receipt, numbered
from bot.keeping import kept
from bot.locks import Locks
from bot.messages import CONTINUE, Arrived, Card, Inbound, Numbered, Reply
from bot.queue import Done, Failed, Later, Lost, Outcome
from bot.redlines import endangers
from integrations.mail import authentication, headers, questions, quoting, reading
from integrations.mail.letters import Letters, OwnLetter, SentMail
from integrations.mail.reading import Mail
from integrations.mail.rendering import Answered, Writer, is_replied, subject
from integrations.mail.sending import MailRefusal, Postman, SendError
from integrations.mail.settings import CHANNEL, MailSettings
from integrations.mail.sorting import MailSort, sort
from store import attachments, conversations, deliveries, outbox
from store.conversations import ConversationRow
from store.outbox import DueRow, Span
from store.transaction import Transaction

TAKEN = Counter("daoxue_mails", "Mails that came in, by what they are", ["sort"])
SMALL = 65_536  # bytes that are read without a thread of their own
TO_END = 5.0  # seconds that mails under way have at the end
BACK = 120  # messages of a talk among which those of one mail are looked for
REMEMBERED = 10_000  # mails, should they come again
REST = 30_000  # ms until a server that is not reached is tried again
SIGNED = 120  # characters of a signature that seats are shown
_STATUS = re.compile(
    rb"^(?:status|diagnostic-code)\s*:[^\n]*?\b([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE
)
_DELAYED = re.compile(rb"^action\s*:\s*(?:delayed|relayed|delivered|expanded)", re.IGNORECASE | re.MULTILINE)
_GENERIC = re.compile(
    r"[\s（(]{0,9}(?:无主题|no subject|咨询|请教|求助|提问|问题|问询|你好|您好|hi|hello|help|question)?[\s）)!！。.]{0,9}",
    re.IGNORECASE,
)


class MailChannel:
    """The outlet, and what the mailbox and the letterbox hand in."""

    pulls = False

    def __init__(self, core: Core, settings: MailSettings, sender: Postman, letters: Letters) -> None:
        self._core = core
        self._settings = settings
        self._sender = sender
        self._letters = letters
        self._writer = Writer(core.texts, core.public_url)
        self.under_way: set[asyncio.Task[None]] = set()
        self._over: OrderedDict[str, bool] = OrderedDict()  # of the last mails, whether there were too many
        self._hearing, self._answering = Locks(), Locks()  # by sender

    # -- coming in

    async def take(self, raw: bytes, cut: bool) -> bool:
        """Takes a mail in: when this returns, what becomes of it is committed, once however often it is brought. False where
        there is nobody to answer. Raises `BusyError`."""
        mail = reading.read(raw, cut=cut) if len(raw) < SMALL else await asyncio.to_thread(reading.read, raw, cut=cut)
        kind = MailSort.OWN if self._letters.of(mail.id) else sort(mail, self._settings.own)
        TAKEN.labels(kind.value).inc()
        match kind:
            case MailSort.PERSON:
                await self._hear(mail)
            case MailSort.AUTOMATIC:
                await self._note(mail.sender, mail, f"【自动回复】{quoting.parted(mail.words).words}")
            case MailSort.REPORT:
                await self._returned(mail, raw)
        return kind is not MailSort.UNNAMED

    async def _hear(self, mail: Mail) -> None:
        # One of a sender's after the other: whether they are too many, and who has their ticket, is known from the one before.
        async with self._hearing.of(mail.sender):
            await self._hear_it(mail)

    async def _hear_it(self, mail: Mail) -> None:
        id = self._core.vault.digest(CHANNEL, mail.id)
        known, seen, lost = await self._core.database.read(lambda t: _known(t, mail.sender, id))
        if seen:
            return
        if lost:  # who writes is there, whatever a server has said
            await self._core.database.write(lambda t: deliveries.find_again(t, CHANNEL, mail.sender))
        body = quoting.parted(mail.words)
        parts = await self._parts(mail, body.words)
        if self._is_over(mail.sender, id) and not await self._endangers(parts):
            # A person looks at it, and is called once, from whatever addresses of theirs: two machines that answer one another
            # end here.
            silent = known is not None and known.ticket is not None
            silent = silent or self._core.limits.take((MAILS_OVER, headers.untagged(mail.sender))) > 0
            parts = [Part(body.words or mail.subject, CONTINUE if silent else "human")]
        card = self._card(mail, body)
        receipts = await self._ask(mail, id, parts, card)
        if receipts[-1].answers:
            self._run(self._at_once(mail, card, list(zip(parts, receipts, strict=True))))
        elif receipts[0].answers:
            await self._owe(receipts[-1], receipts[0].answers[0].seq)

    async def _ask(self, mail: Mail, id: str, parts: "Sequence[Part]", card: Card) -> list[Receipt]:
        """One turn for each question. What is said to all of them is owed with the last: only then the mail has been taken, and
        until then it is brought again."""
        refs, receipts, last = (*mail.refs, mail.id), [], len(parts)
        files = await asyncio.to_thread(_taken, mail, self._core.file_bytes) if mail.attached else ()
        for number, part in enumerate(parts, 1):
            ends = number == last
            said = Inbound(
                channel=CHANNEL, address=mail.sender, id=id if ends else f"{id}/{number}", text=part.text, at=self._core.now(),
                intent=part.intent, cards=(card,) if number == 1 else (), refs=refs, inline=not ends,
                files=files if number == 1 else (),
            )  # fmt: skip
            receipts.append(await self._core.inbox.receive(said))
        return receipts

    async def _owe(self, last: Receipt, first: int) -> None:
        """What was said to the questions before one that a seat has come between."""
        span = Span(first, last.seq)
        await self._core.database.write(lambda t: outbox.leave(t, last.conversation, CHANNEL, span, self._core.now()))

    async def _parts(self, mail: Mail, words: str) -> "list[Part]":
        """The questions. A subject belongs to the only one, and to the first of several where it names what they are about, or a
        danger. What came with it is for a person, where nothing else is said."""
        if mail.odd and not words:
            return [Part(f"[{mail.odd}] {mail.subject}", "human")]
        about = "" if is_replied(mail.subject) or _GENERIC.fullmatch(mail.subject) else mail.subject
        asked = questions.asked(words)
        if about and about not in words and (len(asked) < 2 or await self._tells(about)):
            asked = [f"{about}\n{asked[0]}", *asked[1:]] if asked else [about]
        if not asked:
            return [Part(f"[附件] {'、'.join(mail.files)}" if mail.files else "[空白邮件]", "human")]
        return [Part(text, "human" if number > questions.MOST else None) for number, text in enumerate(asked, 1)]

    async def _tells(self, subject: str) -> bool:
        heard = await self._core.inbox.understand(subject, self._core.now())
        return bool(heard.entities) or endangers(heard)

    async def _endangers(self, parts: "Sequence[Part]") -> bool:
        now = self._core.now()
        return any([endangers(await self._core.inbox.understand(part.text, now)) for part in parts])

    def _is_over(self, sender: str, id: str) -> bool:
        """Whether there were too many from there; a mail that comes again has what it had."""
        if id not in self._over:
            self._over[id] = self._core.limits.take((MAILS, headers.untagged(sender))) > 0
            if len(self._over) > REMEMBERED:
                self._over.popitem(last=False)
        return self._over[id]

    async def _note(self, sender: str, mail: Mail, text: str) -> None:
        """Keeps what no person has written in the talk that it is about, for seats to see; nothing answers it."""
        id = self._core.vault.digest(CHANNEL, mail.id)
        known, seen, _ = await self._core.database.read(lambda t: _known(t, sender, id))
        if known is not None and not seen:
            said = Inbound(
                channel=CHANNEL, address=sender, id=id, text=text, at=self._core.now(), intent=CONTINUE, inline=True
            )
            await self._core.inbox.receive(said)

    async def _returned(self, mail: Mail, raw: bytes) -> None:
        """A mail of ours was not delivered. Only who got it knows its name, so nobody else can say so."""
        report = mail.report or raw[: reading.CUT]
        sent = self._letters.named_in(raw)
        if sent is None or _DELAYED.search(report):
            return
        talk = await self._core.database.read(lambda t: conversations.get(t, sent.conversation))
        if talk is None or talk.channel != CHANNEL:
            return
        status = _STATUS.search(report)
        code = status[1].decode() if status else ""
        if not code.startswith("4"):
            await self._core.database.write(lambda t: deliveries.lose(t, CHANNEL, talk.address, self._core.now()))
        await self._note(talk.address, mail, f"【系统退信】我们的邮件没有送到{f'（{code}）' if code else ''}")

    def _card(self, mail: Mail, body: quoting.Body) -> Card:
        """What seats see of a mail beside its words."""
        found = authentication.findings(mail.headers, self._settings.receiver)
        lines = [
            f"发信核验：{found}（只供参考，不能证明是谁）" if found else "",
            f"附件：{'、'.join(mail.files)}" if mail.files else "",
            f"落款：{' '.join(body.signed.split())[:SIGNED]}" if body.signed else "",
            f"引用了以前的邮件 {len(body.quoted.splitlines())} 行，没有显示" if body.quoted else "",
            mail.odd,
        ]
        return Card(mail.subject or "（没有主题）", tuple(line for line in lines if line))

    # -- going out

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(safely("an answer did not leave", work, None))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def _at_once(self, mail: Mail, card: Card, turns: "Sequence[tuple[Part, Receipt]]") -> None:
        """Sends what answers a mail without asking the queue for it, which has it should this process die; what does not leave
        now is the queue's. What was answered before has left by then, or is the queue's."""
        async with self._answering.of(mail.sender):
            await self._send_answer(mail, card, turns)

    async def _send_answer(self, mail: Mail, card: Card, turns: "Sequence[tuple[Part, Receipt]]") -> None:
        last = turns[-1][1]
        conversation = last.conversation
        if not await self._core.database.read(lambda t: outbox.is_next(t, conversation, last.last_seq)):
            return  # something before it has not left
        answered = [
            Answered(kept(part.text), tuple(each.message.reply for each in receipt.answers))
            for part, receipt in turns
            if receipt.answers
        ]
        draft = OwnLetter(
            to=mail.sender, subject=subject(kept(card.title), last.ticket), refs=(*mail.refs, mail.id), automatic=True,
            words=self._writer.answers(answered, last.ticket, _cut(card)),
        )  # fmt: skip
        outcome = await self._post(mail.sender, self._letters.letter(SentMail(conversation, last.seq + 1), draft))
        if isinstance(outcome, Done):
            await self._core.outbox.settle(conversation, last.last_seq)
            return
        at = outcome.at if isinstance(outcome, Later) else self._core.now()
        await self._core.outbox.put_off(conversation, last.last_seq, at)

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Sends what the row holds as one mail."""
        letter = await self._core.database.read(lambda t: self._letter(t, row))
        if letter is None:
            return Lost(MailRefusal.GONE.value)
        outcome = await self._post(row.address, letter)
        if isinstance(outcome, Done):
            await self._core.outbox.left(row)
        return outcome

    async def _post(self, address: str, letter: bytes) -> Outcome:
        self._core.observe("sending")
        try:
            await self._sender.send(self._settings.address, address, letter)
        except SendError as error:
            now = self._core.now()
            if error.meaning is MailRefusal.GONE:
                await self._core.database.write(lambda t: deliveries.lose(t, CHANNEL, address, now))
            return _leads_to(error, now)
        self._core.observe("sent")
        return Done()

    async def close(self) -> None:
        """What is leaving has left before the connections end: else it would leave twice."""
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=TO_END)
        await self._sender.close()

    def _letter(self, transaction: Transaction, row: DueRow) -> bytes | None:
        """None where nobody is reached."""
        if deliveries.is_lost(transaction, CHANNEL, row.address):
            return None
        talk = conversations.get(transaction, row.conversation)
        first = max(1, row.first_seq - BACK)
        said = [numbered(each) for each in conversations.messages(transaction, row.conversation, first, row.last_seq)]
        mine = [each for each in said if row.first_seq <= each.seq <= row.last_seq and each.author != "resident"]
        to = next((each for each in reversed(said) if each.author == "resident" and each.message.refs), None)
        ref = talk.ticket if talk is not None else None
        is_answer = bool(mine) and all(each.author == "bot" and each.message.re for each in mine)
        about = _about(said, to)
        if is_answer and to is not None:
            words = self._writer.answers(_answered(said, mine[-1].message.re or ""), ref, _cut(about))
        else:
            words = self._writer.words([each.message.reply for each in mine], ref)
        draft = OwnLetter(
            to=row.address, subject=subject(about.title if about else "", ref) if about or ref else "", words=words,
            refs=to.message.refs if to is not None else (), automatic=all(each.author != "seat" for each in mine),
            files=_files(transaction, [each.message.reply for each in mine]),
        )  # fmt: skip
        return self._letters.letter(SentMail(row.conversation, row.first_seq), draft)


@dataclass(frozen=True, slots=True)
class Part:
    """A question of a mail, and what is meant where that is known without its words."""

    text: str
    intent: str | None = None


def _taken(mail: Mail, largest: int) -> tuple[Arrived, ...]:
    """What came with a mail and can be kept; the rest is only named, for nobody is written to about a signature."""
    taken = []
    for name, content in mail.attached:
        with contextlib.suppress(FileRefusedError):
            if len(content) <= largest:
                taken.append(Arrived(*checked(name, content), content))
    return tuple(taken)


def _known(transaction: Transaction, sender: str, id: str) -> tuple[ConversationRow | None, bool, bool]:
    """The talk with a sender, whether this mail of theirs was taken in, and whether a mail to them came back."""
    found = conversations.find(transaction, CHANNEL, sender)
    if found is None:
        return None, False, False
    seen = conversations.answered(transaction, found.id, id) is not None
    return found, seen, not seen and deliveries.is_lost(transaction, CHANNEL, sender)


def _answered(said: Sequence[Numbered], id: str) -> list[Answered]:
    """The questions of a mail with what was said to each."""
    found: dict[str, tuple[str, list[Reply]]] = {}
    for each in said:
        part = each.message.re or ""
        if part == id or part.startswith(f"{id}/"):
            question, replies = found.get(part, ("", []))
            if each.author == "resident":
                question = each.message.reply.text
            elif each.author == "bot":
                replies.append(each.message.reply)
            found[part] = question, replies
    return [Answered(question, tuple(replies)) for question, replies in found.values() if replies]


def _about(said: Sequence[Numbered], to: Numbered | None) -> Card | None:
    """What is known of the mail that one of its questions stands in."""
    mail = to.message.refs[-1] if to is not None else ""
    parts = (each for each in said if each.author == "resident" and each.message.refs[-1:] == (mail,))
    return next((card for each in parts for card in each.message.reply.cards), None)


def _cut(about: Card | None) -> str:
    return next((line for line in about.lines if line in reading.ODD), "") if about else ""


def _files(transaction: Transaction, replies: Sequence[Reply]) -> list[tuple[str, str, bytes]]:
    """Name, type and content of what goes with it."""
    paths = [file.path for reply in replies for file in reply.files]
    found = (attachments.get(transaction, path.rpartition("/")[2]) for path in paths)
    return [each for each in found if each is not None]


def _leads_to(error: SendError, now: int) -> Outcome:
    match error.meaning:
        case MailRefusal.GONE:
            return Lost(error.meaning.value)
        case MailRefusal.ACCOUNT | MailRefusal.UNREACHABLE:
            return Later(now + REST)  # no attempt at this mail: it waits until the server is there again
        case _:
            return Failed(error.meaning.value)

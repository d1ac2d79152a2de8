"""A voice plan as TwiML. Verbs, attributes and their values: twilio.com/docs/voice/twiml."""

from collections.abc import Iterable

from twilio.twiml.voice_response import Gather, VoiceResponse

from integrations.twilio.settings import TwilioSettings
from integrations.voice import Connect, Dial, HangUp, Leave, Listen, Meet, Pause, Plan, Play, RecordMessage, Say, Wait

LONGEST = 4_000  # characters of one Say; the provider takes 4 096
HINTS, HINT = 500, 100  # phrases, and characters of one
RING = 25  # seconds
SLOW = "75%"
SPEECH_SECONDS = 2  # of silence after which somebody has finished: older people pause


def written(plan: Plan, settings: TwilioSettings, base: str) -> str:
    """The document; `base` is put before paths of ours, for the provider wants whole addresses in places."""
    response = VoiceResponse()
    for step in plan:
        match step:
            case Say():
                _say(response, step, settings)
            case Listen():
                response.append(_gather(step, settings, base))
            case Wait():
                response.enqueue(
                    step.queue,
                    action=base + step.then,
                    method="POST",
                    wait_url=base + step.during,
                    wait_url_method="POST",
                )
            case Connect():
                response.dial(
                    action=base + step.then, method="POST", **_recording("record-from-answer-dual", step.recorded, base)
                ).queue(step.queue, url=base + step.before, method="POST")
            case Dial():
                response.dial(step.number, caller_id=step.caller, action=base + step.then, method="POST", timeout=RING)
            case Meet():
                response.dial(**({"action": base + step.then, "method": "POST"} if step.then else {})).conference(
                    step.room, start_conference_on_enter=True, end_conference_on_exit=step.ends, beep=False,
                    **_recording("record-from-start", step.recorded, base),
                )  # fmt: skip
            case Play():
                response.play(step.url)
            case Leave():
                response.leave()
            case RecordMessage():
                response.record(
                    action=base + step.then, method="POST", max_length=step.seconds, finish_on_key="#", play_beep=True,
                    recording_status_callback=base + step.recorded, recording_status_callback_method="POST",
                    recording_status_callback_event="completed absent",
                )  # fmt: skip
            case Pause():
                response.pause(length=step.seconds)
            case HangUp():
                response.hangup()
    return str(response)


def _recording(how: str, recorded: str | None, base: str) -> dict[str, str]:
    if recorded is None:
        return {}
    return {
        "record": how, "recording_status_callback": base + recorded,
        "recording_status_callback_method": "POST",
    }  # fmt: skip


def _gather(step: Listen, settings: TwilioSettings, base: str) -> Gather:
    speech: dict[str, object] = {}
    if step.speech:
        speech = {"language": settings.recognition, "speech_timeout": SPEECH_SECONDS, "profanity_filter": False}
        if settings.model:
            speech["speech_model"] = settings.model
        if step.hints:
            speech["hints"] = ",".join(_hints(step.hints))
    keys: dict[str, object] = {"num_digits": step.keys, "finish_on_key": ""} if step.keys else {"finish_on_key": "#"}
    gather = Gather(
        input="dtmf speech" if step.speech else "dtmf", action=base + step.then, method="POST", timeout=step.seconds,
        action_on_empty_result=True, **keys, **speech,
    )  # fmt: skip
    for each in step.say:
        _say(gather, each, settings)
    return gather


def _hints(hints: Iterable[str]) -> list[str]:
    return [hint.replace(",", " ")[:HINT] for hint in hints][:HINTS]


def _say(parent: VoiceResponse | Gather, step: Say, settings: TwilioSettings) -> None:
    text = step.text[:LONGEST]
    if step.slow or step.loud:
        how = {**({"rate": SLOW} if step.slow else {}), **({"volume": "x-loud"} if step.loud else {})}
        parent.say(voice=settings.voice, language=settings.language).prosody(text, **how)
    else:
        parent.say(text, voice=settings.voice, language=settings.language)

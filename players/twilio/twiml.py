"""TwiML as the provider documents it: which verbs there are, what stands in what, which attributes with which values.

From twilio.com/docs/voice/twiml and /docs/messaging/twiml; written by hand, for the provider publishes no schema.
"""

import re
import xml.etree.ElementTree as ElementTree

LARGEST = 64_000  # bytes of a document
SAY = 4_096  # characters
_NUMBER, _ADDRESS, _ANY = re.compile(r"-?[0-9]+"), re.compile(r"https?://\S+"), re.compile(r".*", re.DOTALL)
_METHOD, _BOOLEAN = re.compile("GET|POST"), re.compile("true|false")
_LANGUAGES = re.compile(
    r"(cmn-CN|cmn-TW|yue-HK|zh-CN|zh-HK|zh-TW|en-US|en-GB|en-AU|en-IN|de-DE|fr-FR|es-ES|ja-JP|ko-KR)"
)
_RECOGNISED = re.compile(r"(cmn-Hans-CN|cmn-Hant-TW|yue-Hant-HK|zh|zh-TW|en-US|en-GB|de-DE|fr-FR|es-ES|ja-JP|ko-KR)")
_EVENTS = re.compile(r"(in-progress|completed|absent)( (in-progress|completed|absent))*")
_RECORD = re.compile(
    "do-not-record|record-from-answer|record-from-ringing|record-from-answer-dual|record-from-ringing-dual"
)
_RECORDING = {
    "recordingStatusCallback": _ADDRESS,
    "recordingStatusCallbackMethod": _METHOD,
    "recordingStatusCallbackEvent": _EVENTS,
}

VERBS: dict[str, dict[str, re.Pattern[str]]] = {
    "Say": {"voice": _ANY, "language": _LANGUAGES, "loop": _NUMBER},
    "Play": {"loop": _NUMBER, "digits": re.compile(r"[0-9w*#]+")},
    "Pause": {"length": _NUMBER},
    "Gather": {
        "input": re.compile(r"dtmf|speech|dtmf speech"), "action": _ADDRESS, "method": _METHOD, "timeout": _NUMBER,
        "speechTimeout": re.compile(r"[1-9][0-9]*|auto"), "maxSpeechTime": _NUMBER, "profanityFilter": _BOOLEAN,
        "finishOnKey": re.compile(r"[0-9*#]?"), "numDigits": re.compile(r"[1-9][0-9]*"), "partialResultCallback": _ADDRESS,
        "partialResultCallbackMethod": _METHOD, "language": _RECOGNISED, "hints": _ANY, "bargeIn": _BOOLEAN, "debug": _BOOLEAN,
        "actionOnEmptyResult": _BOOLEAN, "speechModel": _ANY, "enhanced": _BOOLEAN,
    },
    "Redirect": {"method": _METHOD},
    "Enqueue": {
        "action": _ADDRESS, "method": _METHOD, "maxQueueSize": _NUMBER, "waitUrl": _ADDRESS, "waitUrlMethod": _METHOD,
        "workflowSid": _ANY,
    },
    "Leave": {},
    "Hangup": {},
    "Record": {
        "action": _ADDRESS, "method": _METHOD, "timeout": _NUMBER, "finishOnKey": re.compile(r"[0-9*#]*"), "maxLength": _NUMBER,
        "playBeep": _BOOLEAN, "trim": re.compile("trim-silence|do-not-trim"), **_RECORDING, "transcribe": _BOOLEAN,
        "transcribeCallback": _ADDRESS,
    },
    "Dial": {
        "action": _ADDRESS, "method": _METHOD, "timeout": _NUMBER, "hangupOnStar": _BOOLEAN, "timeLimit": _NUMBER,
        "callerId": _ANY, "record": _RECORD, "trim": re.compile("trim-silence|do-not-trim"), **_RECORDING,
        "answerOnBridge": _BOOLEAN, "ringTone": _ANY,
    },
    "Queue": {"url": _ADDRESS, "method": _METHOD, "reservationSid": _ANY, "postWorkActivitySid": _ANY},
    "Conference": {
        "startConferenceOnEnter": _BOOLEAN, "endConferenceOnExit": _BOOLEAN, "muted": _BOOLEAN, "maxParticipants": _NUMBER,
        "beep": re.compile("true|false|onEnter|onExit"), "waitUrl": _ANY, "waitMethod": _METHOD, "coach": _ANY,
        "record": re.compile("do-not-record|record-from-start"), "statusCallback": _ADDRESS, "participantLabel": _ANY, **_RECORDING,
    },
    "Number": {"sendDigits": _ANY, "url": _ADDRESS, "method": _METHOD, "statusCallback": _ADDRESS},
    "prosody": {"rate": re.compile(r"x-slow|slow|medium|fast|x-fast|[0-9]{2,3}%"), "volume": re.compile(r"silent|x-soft|soft|medium|loud|x-loud"), "pitch": _ANY},
    "Message": {"to": _ANY, "from": _ANY, "method": _METHOD, "action": _ADDRESS, "statusCallback": _ADDRESS},
    "Body": {},
}  # fmt: skip
WITHIN: dict[str, frozenset[str]] = {
    "Response": frozenset({"Say", "Play", "Pause", "Gather", "Redirect", "Enqueue", "Leave", "Hangup", "Record", "Dial", "Message"}),
    "Gather": frozenset({"Say", "Play", "Pause"}),
    "Dial": frozenset({"Queue", "Number", "Conference"}),
    "Say": frozenset({"prosody"}),
    "Message": frozenset({"Body"}),
}  # fmt: skip
WAITING = frozenset(
    {"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"}
)  # what a caller in a queue may get


class TwimlError(Exception):
    """The provider would drop the call, or warn."""


def read(text: str, *, waiting: bool = False) -> ElementTree.Element:
    """A document, checked. Raises `TwimlError`."""
    if len(text.encode()) > LARGEST:
        raise TwimlError("12002: the document is too large")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - of the service under test
    except ElementTree.ParseError as error:
        raise TwimlError(f"12100: {error}") from error
    if root.tag != "Response" or root.attrib:
        raise TwimlError("12100: no Response")
    for child in root:
        if waiting and child.tag not in WAITING:
            raise TwimlError(f"12200: {child.tag} while waiting")
    _check(root)
    return root


def _check(element: ElementTree.Element) -> None:
    for child in element:
        if child.tag not in WITHIN.get(element.tag, frozenset()):
            raise TwimlError(f"12200: {child.tag} in {element.tag}")
        for name, value in child.attrib.items():
            shape = VERBS[child.tag].get(name)
            if shape is None or not shape.fullmatch(value):
                raise TwimlError(f"12200: {child.tag} {name}={value}")
        if child.tag == "Say" and len("".join(child.itertext())) > SAY:
            raise TwimlError("13520: Say is too long")
        if child.tag == "Gather" and child.get("speechModel") and child.get("speechTimeout") == "auto":
            raise TwimlError("13335: speechTimeout")
        if (
            child.tag == "Gather"
            and (hints := child.get("hints"))
            and (len(hints.split(",")) > 500 or any(len(hint) > 100 for hint in hints.split(",")))
        ):
            raise TwimlError("13330: hints")
        _check(child)

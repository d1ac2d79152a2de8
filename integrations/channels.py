"""The channels that there are: one row each."""

from collections.abc import Mapping

from bot.channel import Channel
from integrations.carriers import SMS
from integrations.forum.board import FORUM
from integrations.mail.post import MAIL
from integrations.telegram.bot import TELEGRAM
from integrations.twilio.hotline import VOICE
from integrations.webchat.channel import WEBCHAT
from integrations.wechat.official import WECHAT
from integrations.wecom.kf import WECOM

CHANNELS: Mapping[str, Channel] = {
    each.name: each for each in (WEBCHAT, WECHAT, WECOM, TELEGRAM, SMS, VOICE, MAIL, FORUM)
}

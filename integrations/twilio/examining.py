"""The account, examined: whether its token lets us in, whether it is active, and what is left to be spent."""

from decimal import Decimal, InvalidOperation

from bot.channel import Means
from bot.examining import Finding, Phrase, fault, ok, warning
from integrations.texting import TextError, TextRefusal
from integrations.twilio.api import Twilio, TwilioAccount, TwilioBalance
from integrations.twilio.settings import TwilioSecrets, TwilioSettings

TWILIO = Phrase("Twilio 电话和短信", "Twilio calls and texts")
LITTLE = 10  # of the account's currency
TOP_UP = Phrase("在 Twilio 控制台充值", "top up at Twilio's console")
OTHERWISE = Phrase(
    "连不上 channels.twilio.api_base，请检查网络", "channels.twilio.api_base is not reached: see the network"
)
TOKEN = Phrase("请核对 TWILIO_ACCOUNT_SID 和 TWILIO_AUTH_TOKEN", "see TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")


async def examine(means: Means) -> list[Finding]:
    settings = means.stanzas.of(TwilioSettings)
    secrets = TwilioSecrets.read(means.secrets, settings)
    api = Twilio(secrets.account, secrets.token, settings.api_base)
    try:
        account, balance = await api.standing(), await api.balance()
    except TextError as error:
        do = OTHERWISE if error.meaning is TextRefusal.UNREACHABLE else TOKEN
        return [fault(TWILIO, Phrase(str(error), str(error)), do)]
    finally:
        await api.close()
    return [_told(account, balance)]


def _told(account: TwilioAccount, balance: TwilioBalance) -> Finding:
    if account.status != "active":
        seen = Phrase(
            f"账户是 {account.status}：打不了电话，发不了短信", f"the account is {account.status}: nothing leaves"
        )
        return fault(
            TWILIO, seen, Phrase("看 Twilio 控制台：多半是欠费", "see Twilio's console: its balance, most likely")
        )
    try:
        left = Decimal(balance.balance)
    except InvalidOperation:  # an account that belongs to another is told none
        return ok(TWILIO, "令牌可用，账户正常", "let in, the account is active")
    seen = Phrase(f"令牌可用，余额 {left} {balance.currency}", f"let in, {left} {balance.currency} are left")
    if left <= 0:
        return fault(TWILIO, seen, TOP_UP)
    return warning(TWILIO, seen, TOP_UP) if left < LITTLE else ok(TWILIO, *seen)

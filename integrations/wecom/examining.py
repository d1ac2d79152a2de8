"""WeCom customer service, examined: whether the platform lets us in."""

from bot.channel import Means
from bot.examining import Finding, Phrase, fault, ok, warning
from integrations.wecom.api import Wecom
from integrations.wecom.faults import WecomError, WecomFault
from integrations.wecom.settings import WecomSecrets, WecomSettings

WECOM = Phrase("微信客服", "WeCom customer service")
OTHERWISE = Phrase("请稍后再试", "try again later")
ADVICE = {
    WecomFault.KEY: Phrase("请核对 WECOM_CORP_ID、WECOM_SECRET", "see WECOM_CORP_ID and WECOM_SECRET"),
    WecomFault.ADDRESS: Phrase(
        "把括号里的地址加进企业微信应用的“企业可信IP”", "put the address in brackets on the application's list of trusted ones"
    ),
    WecomFault.RIGHT: Phrase(
        "在企业微信后台“微信客服 - 可调用接口的应用”里加上这个应用，并允许它管理这个客服账号",
        "let the application manage the account: 微信客服 - 可调用接口的应用 in WeCom's console",
    ),
    WecomFault.UNREACHABLE: Phrase("连不上 channels.wecom.api_base", "channels.wecom.api_base is not reached"),
}  # fmt: skip


async def examine(means: Means) -> list[Finding]:
    settings = means.stanzas.of(WecomSettings)
    secrets = WecomSecrets.read(means.secrets, settings)
    if means.database is None:
        aside = Phrase("数据库用不了，没有去问", "not asked: the database cannot be used")
        return [warning(WECOM, aside, OTHERWISE)]
    api = Wecom(secrets.corp, secrets.secret, settings.api_base, settings.account, means.database, means.clock)
    try:
        await api.known()
    except WecomError as error:
        return [fault(WECOM, Phrase(str(error), str(error)), ADVICE.get(error.meaning, OTHERWISE))]
    finally:
        await api.close()
    return [ok(WECOM, "密钥可用", "let in")]

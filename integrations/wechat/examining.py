"""The official account, examined: whether its secrets let us in, and how many messages are left today."""

from bot.channel import Means
from bot.examining import Finding, Phrase, fault, ok, warning
from integrations.wechat.api import CallQuota, Wechat
from integrations.wechat.faults import WechatError, WechatFault
from integrations.wechat.settings import WechatSecrets, WechatSettings

WECHAT = Phrase("微信", "WeChat")
PUSH = "/cgi-bin/message/custom/send"
LITTLE = 0.1  # of a day's messages
OTHERWISE = Phrase("请核对 WECHAT_APP_ID 和 WECHAT_APP_SECRET", "see WECHAT_APP_ID and WECHAT_APP_SECRET")
ADVICE = {
    WechatFault.ADDRESS: Phrase(
        "请在公众号后台“IP白名单”里加上这个地址，约5分钟后生效", "put this address on the account's list (IP白名单)"
    ),
    WechatFault.FORBIDDEN: Phrase(
        "这个公众号没有这项权限，需要认证的服务号", "the account has no such right: a verified service account has"
    ),
    WechatFault.UNREACHABLE: Phrase(
        "连不上 channels.wechat.api_base，请检查网络", "channels.wechat.api_base is not reached: see the network"
    ),
    WechatFault.TOO_OFTEN: Phrase("今天的接口次数用完了，明天零点恢复", "the day's calls are used up, until midnight"),
}


async def examine(means: Means) -> list[Finding]:
    secrets = WechatSecrets.read(means.secrets, means.stanzas.of(WechatSettings))
    if means.database is None:
        do = Phrase("先修好数据库", "mend the database first")
        return [warning(WECHAT, Phrase("没有问：令牌在数据库里", "not asked: its token is in the database"), do)]
    base = means.stanzas.of(WechatSettings).api_base
    api = Wechat(secrets.app_id, secrets.app_secret, base, means.database, means.clock)
    try:
        await api.callback_addresses()
        return [_told(await api.quota(PUSH))]
    except WechatError as error:
        return [fault(WECHAT, Phrase(str(error), str(error)), ADVICE.get(error.meaning, OTHERWISE))]
    finally:
        await api.close()


def _told(quota: CallQuota) -> Finding:
    left = Phrase(
        f"密钥可用，主动消息今天还能发 {quota.remain}/{quota.daily_limit} 条",
        f"let in, {quota.remain} of {quota.daily_limit} messages are left today",
    )
    if quota.remain < LITTLE * quota.daily_limit:
        do = Phrase(
            "发完以后，答不及的要等居民再开口；明天零点恢复",
            "what is late waits for residents to write; until midnight",
        )
        return warning(WECHAT, left, do)
    return ok(WECHAT, *left)

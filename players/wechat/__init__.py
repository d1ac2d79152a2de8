"""WeChat, played: its servers towards an account's webhook and the API that an account calls, with the platform's
signatures, limits, lifetimes and error codes; and residents with a telephone in hand.

Built from the platform's documentation and from what was observed of it (developers.weixin.qq.com/doc/service), not from
our adapter: encryption and signatures are wechatpy's. Whatever can go wrong out there can be asked for: slow or cut
connections, deliveries that come again, answers that are HTML, empty, or never come.
"""

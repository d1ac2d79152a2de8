"""WeCom customer service (微信客服): residents on WeChat, and colleagues in WeCom."""

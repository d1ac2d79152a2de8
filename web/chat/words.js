// What the page itself says, in both languages. What the centre says comes from the server.

export const WORDS = {
  zh: {
    title: "学习导航", skip: "跳到输入框", elder: "长辈版", aloud: "朗读", fresh: "新对话", thinking: "正在查找答案", writing: "人工坐席正在输入", newest: "有新消息 ↓",
    say: "想问什么", placeholder: "例如：今天开门吗", send: "发送", log: "对话",
    notice: "由智能助手按登记的答案回答；找人请说“转人工”。请不要发身份证号和密码；学习卡号、验证码只在核验身份时输入，不会保存。对话保存{kept}天，可随时要求删除。",
    connecting: "正在连接…", open: "在线", lost: "网络断开，正在重连，没发出去的会自动再发",
    sending: "发送中…", sent: "已送达", waiting: "等网络恢复后自动发送", resident: "我", bot: "智能助手", seat: "人工坐席", system: "提示",
    attach: "图片 文件", attachAll: "发送图片或文件", progress: "上传进度", again: "重发", notSent: "没有发出去，请检查网络后重发。",
    tooLarge: "文件太大，没有发。请压缩或者分开，小于 {megabytes} MB 再发。", emptyFile: "文件是空的，没有发。",
    remind: "有回复时提醒我", remindOn: "提醒：开", remindRefused: "浏览器不让提醒，请在地址栏左边打开", soundOn: "提示音：开", soundOff: "提示音：关",
    new: "新", news: "有新回复", missed: "您不在时来了 {count} 条新消息",
    options: "可以选择", source: "来源：", read: "念出来", freshAsk: "开始新对话？这台设备上看到的记录会清空。",
    hello: "您好！我是这里的智能助手。您想问什么？",
    starters: "转人工",
  },
  en: {
    title: "Learning navigator", skip: "Skip to the message box", elder: "Large type", aloud: "Read aloud", fresh: "New chat",
    thinking: "Looking it up", writing: "A member of staff is typing", newest: "New messages ↓", say: "Your question", placeholder: "e.g. Are you open today?",
    send: "Send", log: "Conversation",
    notice: "Answered by an assistant from what is on record; say “human” for a person. Never send ID numbers or passwords; give a card or a code only when asked to prove who you are, they are not kept. Chats are kept for {kept} days and deleted on request.",
    connecting: "Connecting…", open: "Online", lost: "Connection lost. Reconnecting; unsent messages go out by themselves",
    sending: "Sending…", sent: "Delivered", waiting: "Will be sent when the connection is back", resident: "Me", bot: "Assistant", seat: "Staff", system: "Notice",
    attach: "Add file", attachAll: "Send a picture or file", progress: "Upload progress", again: "Try again",
    notSent: "Not sent. Please check the connection and try again.", tooLarge: "The file is too large; please keep it under {megabytes} MB.",
    emptyFile: "The file is empty and was not sent.",
    remind: "Tell me when there is a reply", remindOn: "Reminders: on", remindRefused: "Blocked by the browser; allow it beside the address",
    soundOn: "Sound: on", soundOff: "Sound: off", new: "New", news: "You have a new reply", missed: "{count} new messages while you were away",
    options: "Choices", source: "Source: ", read: "Read this aloud", freshAsk: "Start a new chat? This device forgets the present one.",
    hello: "Hello! I am the assistant here. What would you like to know?",
    starters: "I want to talk to a human",
  },
};

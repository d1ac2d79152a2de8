"""The WeChat official account: what comes in through the gate, what is answered within five seconds, what leaves later."""

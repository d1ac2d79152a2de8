"""What Tencent's platforms have in common: how they encrypt and sign, how their talks look, and how many messages they take."""

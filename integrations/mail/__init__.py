"""E-mail: in by IMAP or LMTP, out by SMTP."""

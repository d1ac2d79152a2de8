"""Twilio: texts and calls. What arrives is signed, what is answered is TwiML, what leaves by itself goes over its API."""

"""Twilio, played: its requests to an account's webhooks, the documents that come back carried out as they are documented,
and the API that an account calls; with residents' and seats' telephones.

Whatever is not allowed raises: a verb in the wrong place, an attribute that is none, an address that is not whole. Requests
are signed as the provider signs them; they can be made to come twice, and statuses out of order.
"""

"""The steps by which databases out there came to the schema; run by `store.migrate`."""

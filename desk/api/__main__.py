"""Prints what the API says of itself, for whoever makes a client of it: `python -m desk.api > web/desk/openapi.json`."""

import json
import sys

from desk.api import described

json.dump(described().openapi(), sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)
sys.stdout.write("\n")

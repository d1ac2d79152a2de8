"""The process: settings, composition, command line. It knows every part; nobody knows it."""

import os

__version__ = "0.3.0"

# Our vectors are short: threads for them only burn processor time. Has to be said before numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

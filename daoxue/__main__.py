"""`python -m daoxue`."""

from daoxue.cli import main

main()

"""The commands of the terminal, a module for each group. Each prints for people, or JSON lines with `--json`."""

"""The process: settings, composition, command line. It knows every part; nobody knows it."""

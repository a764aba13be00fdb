"""The commands, one a file; each is imported when it is given, so that ``--help`` does not wait for torch."""

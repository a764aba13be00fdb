"""What each command does; imported when it is given, so that ``--help`` does not wait for torch."""

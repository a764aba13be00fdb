"""The user's own metrics, named by a dotted path."""

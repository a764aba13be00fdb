"""The user's own training losses, named by a dotted path."""

"""Metrics of the user's own, named by a dotted path: a function of targets and predictions."""

"""Intervals, verdicts and paired gains: the statistics that every number of the report rests on."""

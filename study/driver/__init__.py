"""A study from its first phase to its report, in one process that hands out jobs."""

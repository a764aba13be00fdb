"""From named arrays, ``x`` and ``y_…``, to a task set."""

"""From per-task verdicts to one recommendation: the decision, its caveats, and the sentences that state it."""

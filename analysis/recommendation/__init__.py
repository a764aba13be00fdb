"""From verdicts to one recommendation: the options and their risks, the decision, its caveats and its words."""

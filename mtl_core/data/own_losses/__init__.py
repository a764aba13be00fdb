"""Training losses of the user's own, named by a dotted path: a function of outputs and targets."""

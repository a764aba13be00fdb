"""Where jobs run, in which order, and what happens when a worker dies."""

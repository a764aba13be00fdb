"""Task grouping: the affinity of the tasks' representations, and the search for a tree of tasks."""

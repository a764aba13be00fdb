"""Which tasks should share a stage: affinity of representations, and the search for a tree."""

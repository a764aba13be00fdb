"""Task grouping: affinities of the tasks, of their representations or by looking ahead, and the search for a tree."""

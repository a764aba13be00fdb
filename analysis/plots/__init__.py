"""What several figures have in common: the style, the forest of intervals, and the ranking."""

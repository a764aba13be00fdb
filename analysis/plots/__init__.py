"""What several figures have in common: the style, the forest plot of intervals, the ranking and the heat map."""

"""The network of a recipe: stages, heads, shared parameters, cost, feasibility and export."""

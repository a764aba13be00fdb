"""Random numbers that depend on a seed and a name alone, never on what was drawn before."""

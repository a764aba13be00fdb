"""The phases in which a study trains, in their order."""

PHASES = ("search", "confirm", "verdict")

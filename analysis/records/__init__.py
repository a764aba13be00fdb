"""What a run directory holds, read as tables: the declared columns, the loaders, and the state of the study."""

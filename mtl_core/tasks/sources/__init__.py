"""Raw data from which built-in task sets are made."""

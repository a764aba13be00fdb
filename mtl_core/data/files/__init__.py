"""Files with data: which format reads which, and several files that make one table."""

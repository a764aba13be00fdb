"""The report of a study or a suite: one page, its figures and its tables, from the records alone."""

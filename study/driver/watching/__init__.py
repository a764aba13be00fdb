"""Watching a study: what is counted, at which pace it goes, and where that is shown and written."""

"""The phases of a study, one a file; each is a generator for :mod:`study.execution.scheduler`."""

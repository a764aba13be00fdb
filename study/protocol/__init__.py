"""The phases of a study, one a file, in the order of the protocol; each is a generator for :mod:`study.execution.scheduler`."""

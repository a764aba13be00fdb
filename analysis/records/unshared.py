"""The architectures in which tasks have no parameter in common, by the names that records have for them."""

SINGLE_TASK = "single_task"
UNSHARED = (SINGLE_TASK, "independent")

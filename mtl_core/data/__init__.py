"""What is learnt, as data: tasks, their examples, the split by seed, and what is fitted on a training split."""

"""Optimisers with hyperparameters per replica: one step, taken by the way that is fastest for the rows at hand.

On a CPU every row is updated by fused kernels, in one pass over memory (several passes cost 2 to 12 times as much):
rows of few parameters together, others row by row.  On other devices all rows are updated by broadcasting.  All of them
follow ``torch.optim`` step for step.
"""

"""The training loop: fused arrays of replicas, the optimiser, evaluation and checkpoints."""

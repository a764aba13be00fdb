"""Tasks and their examples: splits by seed, preprocessing fitted on the training split, batches, losses and metrics."""

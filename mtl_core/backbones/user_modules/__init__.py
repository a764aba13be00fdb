"""A user's own ``torch.nn.Module`` stages as a backbone: building them, banks of copies, and what ``vmap`` supports."""

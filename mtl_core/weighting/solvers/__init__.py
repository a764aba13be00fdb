"""Small dense problems, solved for all replicas at once."""

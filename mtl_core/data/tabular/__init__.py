"""From a file with a table to encoded inputs and targets."""

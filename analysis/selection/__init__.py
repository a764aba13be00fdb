"""Selection of draws and of an arm on validation skill alone, as pure functions of the training records."""

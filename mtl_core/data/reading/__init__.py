"""What several formats need to read: compressed bytes and sizes within bounds, and the rows of data bases."""

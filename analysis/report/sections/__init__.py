"""The sections of a study's page, one a file, in the order in which the reader meets them."""

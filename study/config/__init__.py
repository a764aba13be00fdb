"""The study file and the suite file: their models, how they are read, and what is said of errors in them."""

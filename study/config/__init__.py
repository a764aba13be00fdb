"""The study file and the suite file: their models, how they are read, and how mistakes in them are answered."""

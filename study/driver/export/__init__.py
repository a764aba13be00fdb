"""From a finished study to a folder with a model that needs nothing of this project."""

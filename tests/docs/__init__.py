"""The documentation: its site builds, and its code blocks run."""

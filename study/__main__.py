"""``python -m study`` is ``mtl-study``."""

from study.cli import main

main()

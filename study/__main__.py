"""``python -m study`` is ``mtl-study``."""

from study.cli.app import main

main()

"""The program as a process whose trials of networks end early: ``python -m tests.docs.short_study COMMAND …``."""

from __future__ import annotations

from study.cli.app import main
from study.planning import prepare
from tests.short_trials import tried_shortly

if __name__ == "__main__":
    prepare.tried = tried_shortly
    main()

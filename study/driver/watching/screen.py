"""What every screen is: something that shows the progress of a study again and again."""

from __future__ import annotations

from abc import ABC, abstractmethod

from study.driver.watching.progress import StudyProgress

LINE_SECONDS = 30.0


class Screen(ABC):
    """Shows the progress of a study.

    Attributes:
        seconds: between two times that it is shown.
    """

    seconds = LINE_SECONDS

    @abstractmethod
    def show(self, progress: StudyProgress) -> None:
        """Show the progress of this moment."""

    def end(self) -> None:  # noqa: B027 - most screens have nothing to put back
        """Restore the terminal when the study has ended."""

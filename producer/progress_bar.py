"""One progress bar for everything that counts rows; silent where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


@dataclass
class RowBar:
    """A bar in use."""

    _progress: Progress
    _task: TaskID

    def advance(self, rows: int) -> None:
        """Count more rows."""
        self._progress.advance(self._task, rows)

    def set(self, rows: int, *, text: str | None = None) -> None:
        """Show this many rows, with another text if given."""
        if text is None:
            self._progress.update(self._task, completed=rows)
        else:
            self._progress.update(self._task, completed=rows, description=text)


class RowsPerSecondColumn(TextColumn):
    """Speed in rows per second."""

    def __init__(self) -> None:
        super().__init__("{task.speed:.0f} rows/s")

    def render(self, task):  # type: ignore[no-untyped-def]
        """The speed, or nothing before it is known."""
        from rich.text import Text

        return Text("" if task.speed is None else f"{task.speed:,.0f} rows/s", style="progress.data.speed")


@contextmanager
def batch_progress_bar(console: Console, text: str, rows: int) -> Iterator[RowBar]:
    """Show a bar on `console` while the block runs."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RowsPerSecondColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=not console.is_terminal,
    ) as progress:
        yield RowBar(progress, progress.add_task(text, total=rows))

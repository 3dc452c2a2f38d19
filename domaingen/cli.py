"""The command-line root. Commands are imported when they are called: `--help` needs neither Celery nor a model.

The one file of the core that reaches the other rooms, lazily. Exit status: 0 done, 1 the work could not be done,
2 the call is wrong. Messages go to standard error, data to standard output.
"""

import importlib
import sys
from collections.abc import Mapping

import click

from domaingen import __version__
from domaingen.errors import DomaingenError

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "suggest": ("domaingen.commands:suggest", "Name one business."),
    "run": ("domaingen.running:run", "Name every row of a CSV on this machine, from start to files."),
    "submit": ("producer.cli:submit_command", "Enqueue a CSV and print the batch's id."),
    "status": ("producer.cli:status_command", "Show how far a batch is; without an id, list batches."),
    "results": ("producer.cli:results_command", "Write a batch's result files."),
    "up": ("worker.cli:up", "Run broker, workers, beat and Flower on this machine."),
    "worker": ("worker.cli:worker", "Run one worker."),
    "beat": ("worker.cli:beat", "Run the clock of the reaper and of retraining."),
    "flower": ("worker.cli:flower", "Run Flower behind a password."),
    "db": ("domaingen.commands:db", "Look after the database's schema."),
    "synthesize": ("training.cli:synthesize", "Make a training set from lexicon, curated and safety rows."),
    "evaluate": ("training.evaluation_cli:evaluate", "Measure a model on an evaluation set."),
    "compare": ("training.evaluation_cli:compare", "Say whether two evaluations really differ."),
    "judge": ("training.judge_cli:judge", "Check whether a judge can be trusted."),
    "feedback": ("producer.feedback_cli:feedback", "Take in what experts say about suggestions."),
    "train": ("training.cli:train", "Train a model on a training set."),
    "failures": ("training.failures_cli:failures", "Count failures, and have people review them."),
    "discover": ("training.discovery.cli:discover", "Search for inputs on which a model fails."),
    "retrain": ("training.retrain_cli:retrain", "Learn from reviewed failures, behind the gate."),
    "models": ("training.models_cli:models", "List, promote, roll back and share model versions."),
}


class LazyGroup(click.Group):
    """Knows its commands by name and one line each; imports one when it is called or asked for its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All command names, in the order in which a user meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above is ours
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def root() -> None:
    """Names businesses in bulk.

    A CSV of descriptions goes in; every row comes out with ranked, registrable domain names or with exactly one
    reason why not. Begin with:

    \b
      domaingen suggest "organic coffee shop in downtown area"
      domaingen run businesses.csv --out out/

    Settings are environment variables that begin with DOMAINGEN_ (docs/settings.md).
    """


def main() -> None:
    """Entry of the `domaingen` command."""
    try:
        # Without its standalone mode click returns the status that a command exits with.
        sys.exit(root.main(prog_name="domaingen", standalone_mode=False) or 0)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; the same command continues where this one stopped", err=True)
        sys.exit(130)
    except DomaingenError as error:
        click.echo(f"domaingen: {error}", err=True)
        sys.exit(1)
    except Exception as error:
        # Imported here and not above: --help must not wait for SQLAlchemy.
        from sqlalchemy.exc import SQLAlchemyError

        if not isinstance(error, SQLAlchemyError):
            raise
        click.echo(
            f"domaingen: the database failed ({type(error).__name__}); is it reachable and writable?", err=True
        )
        sys.exit(1)

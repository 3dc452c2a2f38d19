"""The commands of `models` that move versions: into the store, to and from folders and the Hugging Face Hub."""

from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from domaingen.errors import ModelError
from domaingen.generation.model_files import ModelFiles, read_model
from domaingen.settings import load_settings
from domaingen.store import models as registry
from domaingen.store.database import Database
from domaingen.store.migrate import ensure_ready

console = Console(stderr=True)


@click.command("register")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", help="Another name than the folder's description gives.")
@click.option("--parent", help="The version that training began from.  [default: what the folder says]")
def register(folder: Path, name: str | None, parent: str | None) -> None:
    """Copy a trained model into the model store and make it known as a candidate.

    The store is DOMAINGEN_MODEL_STORE, a folder that all hosts see under the same path.
    """
    _register(read_model(folder), name, parent)


def _register(files: ModelFiles, name: str | None, parent: str | None = None) -> None:
    settings = load_settings()
    database = Database(settings.database)
    ensure_ready(database)
    copied = _copy(files, settings.model_folder, name)
    with database.begin() as connection:
        registry.register_version(connection, copied, parent=parent)
    console.print(f"registered in {escape(str(copied.path))}", soft_wrap=True)
    click.echo(copied.name)


def _copy(files: ModelFiles, store: Path, name: str | None) -> ModelFiles:
    from training.model_store import copy_model, size_of

    columns = (TextColumn("copying"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("copying", total=size_of(files))
        return copy_model(files, store, name=name, on_bytes=lambda count: progress.advance(task, count))


@click.command("push")
@click.argument("name")
@click.option(
    "--to", "place", metavar="REPO|FOLDER", help="OWNER/NAME on the Hub, or ./folder.  [default: the Hub]"
)
@click.option("--public", is_flag=True, help="A repository that is made now is public.  [default: private]")
def push(name: str, place: str | None, public: bool) -> None:
    """Put a version into a repository of the Hugging Face Hub, or into a folder.

    Without --to the repository has the version's name and belongs to the user of HF_TOKEN; HF_ENDPOINT names
    another server. Prints where the version is.
    """
    from training.hub import is_folder, push_to_hub

    database = Database(load_settings().database)
    ensure_ready(database)
    with database.read() as connection:
        version = registry.read_version(connection, name)
    if place and is_folder(place):
        files = read_model(version.path)
        if files.digest != version.digest:
            raise ModelError(f"{version.path} is not what was registered as {name}; bring its files back")
        click.echo(_copy(files, Path(place).expanduser().resolve(), name).path)
    else:
        click.echo(push_to_hub(version, place, public=public))


@click.command("pull")
@click.argument("place", metavar="REPO|FOLDER")
@click.option("--name", help="Another name than the model's description gives.")
@click.option("--revision", help="Tag (the version's name), branch or commit.  [default: the newest]")
def pull(place: str, name: str | None, revision: str | None) -> None:
    """Fetch a model from a repository of the Hugging Face Hub, or from a folder, and register it as a candidate."""
    from training.hub import fetch_from_hub, is_folder

    if is_folder(place):
        if revision:
            raise click.UsageError("a folder has no revisions")
        _register(read_model(Path(place).expanduser()), name)
    else:
        _register(fetch_from_hub(place, revision=revision), name)

"""Sharing model versions through repositories of the Hugging Face Hub.

A push is one commit, so that nobody pulls half a version, and a tag with the version's name, so that earlier ones
stay reachable. huggingface_hub (extra `train`) does the transfers; it reads the endpoint from HF_ENDPOINT and the token
from HF_TOKEN or its own login, and neither is read, kept or logged here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from domaingen.errors import ModelError
from domaingen.generation.model_files import MANIFEST, ModelFiles, read_model
from domaingen.store.models import Version
from training.model_store import checked_path

_REPOSITORY = re.compile(r"(?:[\w.-]+/)?[\w.-]+", re.ASCII)
_PATH_LIKE = ("/", "./", "../", "~")


def is_folder(place: str) -> bool:
    """Whether a place is a folder: it is there, or is written as a path. Anything else is a repository."""
    return place.startswith(_PATH_LIKE) or place in {".", ".."} or Path(place).is_dir()


@contextmanager
def _hub_errors(action: str) -> Iterator[Any]:
    """huggingface_hub's API object; its errors leave as ours."""
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError as error:
        raise ModelError(f"{action} needs huggingface_hub: pip install 'domaingen[train]'") from error
    api = HfApi(library_name="domaingen")
    try:
        yield api
    except HfHubHTTPError as error:
        status = error.response.status_code
        hint = {
            401: "; set HF_TOKEN to a token that may do this",
            403: "; the token of HF_TOKEN may not do this",
            404: "; is the name right, and may the token of HF_TOKEN see it?",
        }.get(status, "; try again later")
        raise ModelError(f"{action} failed: {api.endpoint} answered {status}{hint}") from error
    except LocalEntryNotFoundError as error:
        raise ModelError(f"{action} failed: {api.endpoint} can't be reached and no copy is kept here") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{action} failed ({type(error).__name__}): {error}") from error
    except Exception as error:
        # huggingface_hub lets the errors of its HTTP client through, whose package has changed with its versions.
        if not type(error).__module__.startswith("http"):
            raise
        raise ModelError(f"{action} failed: {api.endpoint} can't be reached ({type(error).__name__})") from error


def push_to_hub(version: Version, repository: str | None, *, public: bool = False) -> str:
    """Put a version into a repository (by default one of its name under the token's user), and return its URL.

    The repository is made if it is not there, private unless `public`. One commit holds all files and deletes those
    of another version; then the tag is set. The same version again changes nothing.

    Raises:
        ModelError: The files are damaged, the Hub refuses or can't be reached, or the tag names other content.
    """
    files = read_model(version.path)
    repository = repository or version.name
    if not _REPOSITORY.fullmatch(repository):
        raise ModelError(f"{repository!r} is neither a folder nor a repository; write OWNER/NAME, or ./folder")
    with _hub_errors(f"pushing {version.name} to {repository}") as api:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        made = api.create_repo(repository, private=not public, exist_ok=True)
        url = f"{made}/tree/{version.name}"
        if version.name in {tag.name for tag in api.list_repo_refs(made.repo_id).tags}:
            there = json.loads(
                Path(api.hf_hub_download(made.repo_id, MANIFEST, revision=version.name)).read_text(
                    encoding="utf-8"
                )
            )
            if there.get("digest") != files.digest:
                raise ModelError(
                    f"{made.repo_id} holds another model under the tag {version.name}; push to another one"
                )
            return url
        content = {MANIFEST: str(files.path / MANIFEST), "README.md": model_card(version).encode()}
        content |= {path: str(files.path / path) for path in files.files if (files.path / path).exists()}
        present = set(api.list_repo_files(made.repo_id)) - {".gitattributes"}
        commit = api.create_commit(
            made.repo_id,
            [
                *(CommitOperationDelete(path) for path in sorted(present - set(content))),
                *(CommitOperationAdd(path, source) for path, source in sorted(content.items())),
            ],
            commit_message=f"{version.name} ({files.digest[:12]})",
        )
        api.create_tag(made.repo_id, tag=version.name, revision=commit.oid, exist_ok=True)
        return url


def fetch_from_hub(repository: str, *, revision: str | None = None) -> ModelFiles:
    """Download a repository's model into huggingface_hub's cache, where an interrupted download continues; read and
    verify it. `revision` is a tag, branch or commit; by default the newest commit.

    Raises:
        ModelError: The repository holds no sound model, or the Hub refuses or can't be reached.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise ModelError(f"{repository!r} is neither a folder nor a repository; write OWNER/NAME, or ./folder")
    with _hub_errors(f"pulling {repository}") as api:
        # Asked first: snapshot_download falls back on an old copy without a word when it is refused.
        commit = api.repo_info(repository, revision=revision).sha
        folder = Path(api.snapshot_download(repository, revision=commit))
    try:
        return _read_checked(folder)
    except ModelError:
        # The kept copy may be what is damaged.
        with _hub_errors(f"pulling {repository}") as api:
            api.snapshot_download(repository, revision=commit, force_download=True)
        return _read_checked(folder)


def _read_checked(folder: Path) -> ModelFiles:
    for relative in read_model(folder, verify=False).files:
        checked_path(relative)
    return read_model(folder)


def model_card(version: Version) -> str:
    """A README.md for the version's repository: what it is, where it comes from, what was measured, how to use it.

    Flags whose value is a path are left out: they tell of the machine that it was made on."""
    card = version.card
    # Versions that were registered before there were causal models don't say.
    causal = card.get("architecture") == "causal"
    lines = [
        "---",
        "library_name: ctranslate2",
        "pipeline_tag: text-generation",
        "tags:",
        "- domaingen",
        "- gpt2" if causal else "- t5",
        "- domain-names",
        "---",
        "",
        f"# {version.name}",
        "",
        "Writes domain names for a business from its description. A model of domaingen: "
        f"{'a causal model (GPT-2)' if causal else 'an encoder-decoder (T5)'} in "
        "int8 for CTranslate2 (`ct2/`), its tokenizer, and where they were kept the float16 weights (`weights/`) that "
        "training goes on from.",
        "",
        "```sh",
        "domaingen models pull OWNER/NAME",
        f"domaingen models promote {version.name}",
        "```",
        "",
        *_table(
            "Origin",
            {
                "parent": version.parent or "none",
                "created": card.get("created_at"),
                "digest": version.digest,
                "data": card.get("data_digest"),
            },
        ),
        *_table("Measured at the end of training", _flat(card.get("metrics") or {})),
        *_table(
            "Trained with", {key: value for key, value in _flat(card.get("flags") or {}).items() if key != "name"}
        ),
    ]
    return "\n".join(lines) + "\n"


def _table(title: str, values: Mapping[str, Any]) -> list[str]:
    shown = {key: value for key, value in values.items() if value is not None and not _is_path(value)}
    if not shown:
        return []
    rows = [f"| {key} | {str(value).replace('|', '/').replace(chr(10), ' ')} |" for key, value in shown.items()]
    return [f"## {title}", "", "| | |", "| --- | --- |", *rows, ""]


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and (value.startswith(("/", "~")) or "\\" in value)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            flat[f"{prefix}{key}"] = value
    return flat

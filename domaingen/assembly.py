"""Puts the pipeline's parts together from the settings: the one place that knows which class plays which part.

Parts are loaded once per process and model, on first use, and kept while the process lives; asking for another
model (after a promotion) loads it between two chunks.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from domaingen.errors import ModelError
from domaingen.generation.composer import compose
from domaingen.generation.engine import Engine
from domaingen.generation.model_files import ModelFiles, bundled_model_path, read_model
from domaingen.judging.local import LocalJudge
from domaingen.judging.similarity import EmbeddingSimilarity
from domaingen.lexicon import bundled_lexicon
from domaingen.moderation.local import LocalModerator
from domaingen.moderation.names import LabelModerator
from domaingen.moderation.verdict import Moderator
from domaingen.names.ranking import select_best
from domaingen.outcomes import Judge
from domaingen.pipeline import Parts
from domaingen.settings import Settings

# SQLAlchemy takes a quarter of a second to import, and `domaingen suggest` mostly has no database: what needs it is
# imported where there is one.
if TYPE_CHECKING:
    from domaingen.store.database import Database

log = structlog.get_logger(__name__)


def resolve_model(settings: Settings, database: "Database | None") -> str:
    """The name (or folder) that the setting `model` stands for now: the promoted version, else the bundled one."""
    if settings.model != "active":
        # Workers may run in another folder than the one who submits.
        folder = Path(settings.model)
        return str(folder.resolve()) if folder.is_dir() else settings.model
    if database is not None:
        from domaingen.store.models import active_version

        with database.read() as connection:
            active = active_version(connection)
        if active:
            return active
    return read_model(bundled_model_path(), verify=False).name


def model_for(settings: Settings, database: "Database", source_digest: str) -> str:
    """The model of a new batch from a file with this SHA-256: the canary's where the file is one of its share, else
    what `resolve_model` says. A setting that names a model leaves the canary out."""
    if settings.model == "active":
        from domaingen.store.canary import canary_for

        with database.read() as connection:
            canary = canary_for(connection, source_digest)
        if canary:
            return canary
    return resolve_model(settings, database)


def find_model(name: str, settings: Settings, database: "Database | None") -> ModelFiles:
    """The files of a model by registered name, bundled name or folder.

    Raises:
        ModelError: There is none, or its files don't match their digest or the registered one.
    """
    bundled = read_model(bundled_model_path(), verify=False)
    if name == bundled.name:
        return bundled
    if database is not None:
        from domaingen.store.models import find_files

        with database.read() as connection:
            known = find_files(connection, name)
        if known:
            path, digest = known
            files = read_model(Path(path))
            if files.digest != digest:
                raise ModelError(
                    f"{path} holds another model than the one that was registered as {name}; bring its files back"
                )
            return files
    if Path(name).is_dir():
        return read_model(Path(name))
    raise ModelError(f"there is no model {name}; `domaingen models list` shows the registered ones")


def load_engine(name: str, settings: Settings, database: "Database | None") -> Engine:
    """Load a model with the engine that the settings name."""
    if settings.engine == "torch":
        from domaingen.generation.torch_engine import TorchEngine

        # A registered version or a folder of ours, else whatever transformers knows by this name.
        try:
            return TorchEngine(str(find_model(name, settings, database).path))
        except ModelError:
            return TorchEngine(name)
    from domaingen.generation.engines import make_engine

    return make_engine(find_model(name, settings, database), threads=settings.threads)


def _words(listed: str) -> tuple[str, ...]:
    """The words of a comma list."""
    return tuple(word.strip() for word in listed.split(",") if word.strip())


class Assembly:
    """Loads parts on demand; thread-safe. Holds at most two models, so that a worker that changes over while
    old batches finish does not load them in turn for every chunk."""

    def __init__(self, settings: Settings, database: "Database | None" = None) -> None:
        self._settings, self._database = settings, database
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}
        self._moderator: Moderator | None = None
        self._similarity: EmbeddingSimilarity | None = None
        self._names: LabelModerator | None = None

    def parts(self, model: str, judge: str) -> Parts:
        """The parts for a batch; `judge` is openai, openai-batch, local or none.

        Raises:
            ModelError: Its model can't be loaded.
        """
        with self._lock:
            if model not in self._engines:
                while len(self._engines) >= 2:
                    self._engines.pop(next(iter(self._engines)))
                self._engines[model] = load_engine(model, self._settings, self._database)
                log.info("model loaded", model=model, digest=self._engines[model].digest[:12])
            if self._moderator is None or self._names is None:
                self._moderator = self._make_moderator()
                self._names = LabelModerator()
                self._similarity = EmbeddingSimilarity() if self._settings.similarity == "on" else None
        return Parts(
            engine=self._engines[model],
            moderator=self._moderator,
            name_moderator=self._names,
            lexicon=bundled_lexicon(),
            compose=compose,
            select=select_best,
            judge=LocalJudge() if judge == "local" else None,
            judge_kind={"local": Judge.LOCAL, "none": Judge.NONE}.get(judge, Judge.PENDING),
            similarity=self._similarity,
        )

    def _make_moderator(self) -> Moderator:
        local = LocalModerator(refuse_sensitive=_words(self._settings.refuse_sensitive))
        if not self._settings.asks_moderation:
            return local
        # The OpenAI client takes half a second to import, and a process without a key needs none.
        from domaingen.moderation.second_opinion import make_moderator

        return make_moderator(self._settings, self._database, local)

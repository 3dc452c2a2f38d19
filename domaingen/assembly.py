"""Puts the pipeline's parts together from the settings: the one place that knows which class plays which part.

Parts are loaded once per process and model, on first use, and kept while the process lives; asking for another
model (after a promotion) loads it between two chunks.
"""

import threading
from pathlib import Path

import structlog
from sqlalchemy import select

from domaingen.errors import ModelError
from domaingen.generation.composer import compose
from domaingen.generation.engine import Engine
from domaingen.generation.model_files import ModelFiles, bundled_model_path, read_model
from domaingen.judging.local import LocalJudge
from domaingen.lexicon import bundled_lexicon
from domaingen.moderation.local import LocalModerator
from domaingen.moderation.names import LabelModerator
from domaingen.names.ranking import select_best
from domaingen.outcomes import Judge
from domaingen.pipeline import Parts
from domaingen.settings import Settings
from domaingen.store.database import Database
from domaingen.store.schema import ModelVersion

log = structlog.get_logger(__name__)


def resolve_model(settings: Settings, database: Database | None) -> str:
    """The name (or folder) that the setting `model` stands for now: the promoted version, else the bundled one."""
    if settings.model != "active":
        # Workers may run in another folder than the one who submits.
        folder = Path(settings.model)
        return str(folder.resolve()) if folder.is_dir() else settings.model
    if database is not None:
        with database.read() as connection:
            active = connection.scalar(select(ModelVersion.name).where(ModelVersion.state == "active"))
        if active:
            return active
    return read_model(bundled_model_path(), verify=False).name


def find_model(name: str, settings: Settings, database: Database | None) -> ModelFiles:
    """The files of a model by registered name, bundled name or folder.

    Raises:
        ModelError: There is none, or its files don't match their digest.
    """
    bundled = read_model(bundled_model_path(), verify=False)
    if name == bundled.name:
        return bundled
    if database is not None:
        with database.read() as connection:
            path = connection.scalar(select(ModelVersion.path).where(ModelVersion.name == name))
        if path:
            return read_model(Path(path))
    if Path(name).is_dir():
        return read_model(Path(name))
    raise ModelError(f"there is no model {name}; `domaingen models list` shows the registered ones")


def load_engine(name: str, settings: Settings, database: Database | None) -> Engine:
    """Load a model with the engine that the settings name."""
    if settings.engine == "torch":
        from domaingen.generation.torch_engine import TorchEngine

        # A registered version or a folder of ours, else whatever transformers knows by this name.
        try:
            return TorchEngine(str(find_model(name, settings, database).path))
        except ModelError:
            return TorchEngine(name)
    from domaingen.generation.ctranslate2_engine import Ctranslate2Engine

    return Ctranslate2Engine(find_model(name, settings, database), threads=settings.threads)


def _words(listed: str) -> tuple[str, ...]:
    """The words of a comma list."""
    return tuple(word.strip() for word in listed.split(",") if word.strip())


class Assembly:
    """Loads parts on demand; thread-safe. Holds at most two models, so that a worker that changes over while
    old batches finish does not load them in turn for every chunk."""

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self._settings, self._database = settings, database
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}
        self._moderator: LocalModerator | None = None
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
                self._moderator = LocalModerator(refuse_sensitive=_words(self._settings.refuse_sensitive))
                self._names = LabelModerator()
        return Parts(
            engine=self._engines[model],
            moderator=self._moderator,
            name_moderator=self._names,
            lexicon=bundled_lexicon(),
            compose=compose,
            select=select_best,
            judge=LocalJudge() if judge == "local" else None,
            judge_kind={"local": Judge.LOCAL, "none": Judge.NONE}.get(judge, Judge.PENDING),
        )

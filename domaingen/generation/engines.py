"""Which CTranslate2 engine a model folder needs: the one place that chooses."""

from domaingen.generation.causal_engine import CausalEngine
from domaingen.generation.ctranslate2_engine import Ctranslate2Engine
from domaingen.generation.engine import Engine
from domaingen.generation.model_files import ModelFiles


def make_engine(files: ModelFiles, *, threads: int = 0, compute_type: str = "int8") -> Engine:
    """Load a model with the engine of its architecture; `threads` is the number of cores to use, 0 for all.

    Raises:
        ModelError: The files can't be loaded.
    """
    engine = CausalEngine if files.architecture == "causal" else Ctranslate2Engine
    return engine(files, threads=threads, compute_type=compute_type)

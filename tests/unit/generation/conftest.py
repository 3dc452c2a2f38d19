"""A tiny model folder, made once."""

from pathlib import Path

import pytest

from tests.unit.training import tiny


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights."""
    return tiny.write(tmp_path_factory.mktemp("models") / "tiny").path

"""Model folders: what was written is what is read, and what was changed is refused."""

import json
from pathlib import Path

import pytest

from domaingen.errors import ModelError
from domaingen.generation.model_files import (
    bundled_model_path,
    folder_in_the_making,
    read_model,
    write_atomically,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tmp_path / "m"
    (model / "ct2").mkdir(parents=True)
    (model / "weights").mkdir()
    (model / "ct2" / "model.bin").write_bytes(b"int8")
    (model / "weights" / "model.safetensors").write_bytes(b"float16")
    (model / "tokenizer.json").write_text("{}")
    write_manifest(model, name="m", flags={"steps": 3}, data_digest="d", metrics={"loss": 1.5}, parent="p")
    return model


def test_a_written_model_reads_back_with_what_made_it(folder: Path) -> None:
    files = read_model(folder)
    assert (files.name, files.flags, files.metrics, files.parent) == ("m", {"steps": 3}, {"loss": 1.5}, "p")
    assert len(files.digest) == 64
    assert set(files.files) == {"ct2/model.bin", "weights/model.safetensors", "tokenizer.json"}


def test_a_changed_file_is_refused_by_name(folder: Path) -> None:
    (folder / "ct2" / "model.bin").write_bytes(b"evil")
    with pytest.raises(ModelError, match=r"model\.bin does not match its digest"):
        read_model(folder)
    assert read_model(folder, verify=False).name == "m"


def test_a_changed_manifest_is_refused(folder: Path) -> None:
    values = json.loads((folder / "model.json").read_text())
    values["files"]["ct2/model.bin"] = "0" * 64
    (folder / "model.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match="was changed"):
        read_model(folder, verify=False)


def test_a_worker_s_copy_may_lack_the_training_weights_but_nothing_else(folder: Path) -> None:
    (folder / "weights" / "model.safetensors").unlink()
    assert read_model(folder).digest
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        read_model(folder)


def test_a_folder_without_a_model_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="domaingen train --out"):
        read_model(tmp_path)


def test_another_format_is_refused_in_words(folder: Path) -> None:
    values = json.loads((folder / "model.json").read_text()) | {"format_version": 99}
    (folder / "model.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match="format 99"):
        read_model(folder)


def test_a_folder_from_before_causal_models_is_seq2seq(folder: Path) -> None:
    values = json.loads((folder / "model.json").read_text())
    del values["architecture"]
    (folder / "model.json").write_text(json.dumps(values))
    assert read_model(folder).architecture == "seq2seq"


def test_an_unknown_architecture_is_refused_in_words(folder: Path) -> None:
    values = json.loads((folder / "model.json").read_text()) | {"architecture": "recurrent"}
    (folder / "model.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match="'recurrent'"):
        read_model(folder)


def test_a_failed_build_leaves_the_old_folder_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "m"
    target.mkdir()
    (target / "old").touch()

    def build() -> None:
        with folder_in_the_making(target) as making:
            (making / "new").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        build()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert (target / "old").exists()


def test_a_finished_build_takes_the_old_folder_s_place(tmp_path: Path) -> None:
    target = tmp_path / "m"
    target.mkdir()
    (target / "old").touch()
    with folder_in_the_making(target) as making:
        (making / "new").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert [path.name for path in target.iterdir()] == ["new"]


def test_text_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.json", "{}")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]


def test_the_bundled_model_is_whole() -> None:
    files = read_model(bundled_model_path())
    assert files.weights_path.is_dir()
    assert sum(path.stat().st_size for path in files.ct2_path.iterdir()) < 15_000_000

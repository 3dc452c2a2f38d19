"""A file that is there whole or not at all."""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from domaingen.errors import DomaingenError


class Artefact:
    """Text written in UTF-8 to a hidden temporary name beside its target, which `publish` renames it to.

    `sha256` and `size` (bytes) are those of what was written. Left without `publish`, nothing remains.
    """

    def __init__(self, target: Path) -> None:
        """Open the temporary file, its folder made where it is missing.

        Raises:
            DomaingenError: The folder can't be written to.
        """
        self.target = target
        self._temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        self._digest = hashlib.sha256()
        self.size = 0
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("xb", buffering=1 << 18)
        except OSError as error:
            raise self._problem(error) from error

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of what was written so far."""
        return self._digest.hexdigest()

    def write(self, text: str, /) -> None:
        """Add text. A lone surrogate, which UTF-8 can't carry, becomes a question mark.

        Raises:
            DomaingenError: The disk is full or gone.
        """
        data = text.encode("utf-8", "replace")
        self._digest.update(data)
        self.size += len(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise self._problem(error) from error

    def publish(self) -> None:
        """Give the file its name, once it is on the disk.

        Raises:
            DomaingenError: It can't be written or renamed.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._temporary.replace(self.target)
        except OSError as error:
            raise self._problem(error) from error

    def __enter__(self) -> "Artefact":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk again; what counts was raised before
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _problem(self, error: OSError) -> DomaingenError:
        return DomaingenError(
            f"can't write {self.target} ({error.strerror or error}); choose another folder with --out"
        )

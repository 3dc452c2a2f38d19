"""Where the files of `data/` lie: beside the code in a wheel, at the repository's root in a checkout."""

from pathlib import Path

from domaingen.errors import DomaingenError

_PACKAGED = Path(__file__).parent / "_data"
_CHECKOUT = Path(__file__).parent.parent / "data"


def asset(*parts: str) -> Path:
    """Path of a bundled data file or folder.

    Raises:
        DomaingenError: It is not there, so the installation is broken.
    """
    for root in (_PACKAGED, _CHECKOUT):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise DomaingenError(f"data file {'/'.join(parts)} is missing; reinstall domaingen")

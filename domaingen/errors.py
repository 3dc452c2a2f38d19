"""Everything that domaingen raises on purpose. Each message says what the user can do."""


class DomaingenError(Exception):
    """Root of all errors that domaingen raises on purpose; the command line prints it and exits 1."""


class InputFileError(DomaingenError):
    """The input file can't be read as a CSV of descriptions; names file, line and column."""

    def __init__(
        self, path: str, problem: str, *, line: int | None = None, column: int | str | None = None
    ) -> None:
        place = path
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f", column {column}"
        super().__init__(f"{place}: {problem}")
        self.path, self.line, self.column, self.problem = path, line, column, problem


class SettingsError(DomaingenError):
    """A setting is missing, contradicts another or has a value that can't be used."""


class StoreError(DomaingenError):
    """The database can't be used: unreachable, not migrated, or newer than this program."""


class BatchNotFoundError(DomaingenError):
    """No batch has this id."""


class BrokerError(DomaingenError):
    """The message broker can't be started or reached."""


class ModelError(DomaingenError):
    """A model can't be found, loaded or trusted (its files don't match their digest)."""


class EngineError(DomaingenError):
    """Generation failed for a reason that has nothing to do with one row."""


class ProviderError(DomaingenError):
    """The scoring or moderation provider gave no usable answer."""


class ModerationUnavailableError(ProviderError):
    """The moderation service is down and the settings say that unsure rows wait for it."""

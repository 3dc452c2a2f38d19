"""One logging pipeline for all processes: structlog in front, standard-library loggers (Celery's, SQLAlchemy's)
through the same processors, lines on standard error. Batch and item ids are bound by the code that works on
them. Descriptions and keys are never logged at info level; values that look like credentials are masked.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from domaingen.settings import Settings

_CREDENTIALS = re.compile(r"(sk-[A-Za-z0-9_-]{4})[A-Za-z0-9_-]+|(://[^:/@\s]*:)[^@\s]+(@)")


def mask(text: str) -> str:
    """`text` with API keys and passwords in URLs replaced by stars."""
    return _CREDENTIALS.sub(lambda match: f"{match[1] or match[2]}***{match[3] or ''}", text)


def _mask_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = mask(value)
    return event


def configure_logging(settings: Settings, *, process: str) -> None:
    """Send all logging of this process to standard error. `process` is bound to every line."""
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _mask_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # Celery's own chatter about every task is noise beside one line per chunk.
    for name in ("celery.worker.strategy", "celery.app.trace", "celery.redirected", "kombu", "httpx2", "alembic"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.contextvars.bind_contextvars(process=process)

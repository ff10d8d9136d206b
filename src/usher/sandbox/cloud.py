"""A local AWS: moto behind real HTTP on loopback, with the honest front before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import Any

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from usher.core.errors import UsherError
from usher.sandbox.federation import ConsoleSignIn
from usher.sandbox.sts_front import RECEIVED_HEADERS, StsFront


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running cloud. Its state is in this process's memory and is gone when the process ends."""

    url: str
    _server: BaseWSGIServer
    _thread: Thread

    @property
    def federation_url(self) -> str:
        """The stand-in for `https://signin.aws.amazon.com/federation`."""
        return f"{self.url}/federation"

    def stop(self) -> None:
        """Stop answering. Safe to call once."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def start_cloud(
    host: str = "127.0.0.1", port: int = 0, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Cloud:
    """Start a cloud on `host` and `port` (0 takes a free one). Raises UsherError when the port is taken.

    moto keeps one state per process: clouds of the same process share their accounts.
    """
    # The same switch as MOTO_IAM_LOAD_MANAGED_POLICIES, without changing the process's environment:
    # without it no AWS managed policy exists. It is read when an account is first touched.
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    front = StsFront(DomainDispatcherApplication(create_backend_app), ConsoleSignIn(), now)
    try:
        server = make_server(host, port, front, threaded=True, request_handler=_QuietHandler)
    except (OSError, SystemExit):
        raise UsherError(
            f"the local cloud cannot listen on {host}:{port}", hint="is another program using the port?"
        ) from None
    thread = Thread(target=server.serve_forever, name="sandbox-cloud", daemon=True)
    thread.start()
    return Cloud(f"http://{host}:{server.server_port}", server, thread)


class _QuietHandler(MotoRequestHandler):
    """moto's handler that keeps header names as received and logs nothing: addresses may hold secrets."""

    protocol_version = "HTTP/1.1"

    def make_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().make_environ()
        environ[RECEIVED_HEADERS] = self.headers
        return environ

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (werkzeug's parameter name)
        return

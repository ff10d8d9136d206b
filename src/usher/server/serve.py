"""Running the directory: one process, one socket, structured logs, an orderly end."""

from __future__ import annotations

import errno
import logging
import socket
import sys

import structlog
import uvicorn

from usher.core.errors import UsageError
from usher.server.app import build_app
from usher.server.config import ServerConfig


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError that names the address when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        hint = "stop what listens there, or give another --listen" if error.errno == errno.EADDRINUSE else ""
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}", hint=hint) from None
    return listener


def serve(config: ServerConfig, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight and running jobs come to their end."""
    log_as_json_lines()
    app = build_app(config)
    # Access logs would hold query strings, and those hold codes: uvicorn's are off.
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=10,
        )
    )
    server.run(sockets=[listener])


def log_as_json_lines() -> None:
    """One JSON object per line on stderr, for our events and our libraries' warnings alike."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s", force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )

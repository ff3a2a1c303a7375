"""The app as an ASGI application: warm before the first visitor, with security headers.

Run with ``eccc app``, ``python -m streamlit run app/server.py`` or ``python app/server.py``. The
plain script ``streamlit_app.py`` works without it; it is then slower to start and unprotected.
"""

from __future__ import annotations

__all__ = ["CONTENT_SECURITY_POLICY", "SecurityHeaders", "app", "build", "main", "warm_up"]

import argparse
import errno
import gc
import importlib
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from checkout import HERE
from components import library
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE = "streamlit_app.py"
DEFAULT_PORT = 8501
LOOPBACK = "127.0.0.1"

# Heavy imports that a visitor should not wait for.
WARM_MODULES = ("numpy", "scipy.special", "networkx", "pandas")

# Many script threads want the interpreter; the one that writes to the sockets must not wait 5 ms
# behind each of them.
SWITCH_INTERVAL_S = 0.0005

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # blob: carries the scripts of our own components, inline what Streamlit's page starts with.
        "script-src 'self' 'unsafe-inline' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "frame-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class SecurityHeaders:
    """Middleware that adds the security headers to every HTTP answer.

    Parameters
    ----------
    app
        The application that is wrapped.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and put the headers on its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].lower() not in _NAMES]
                message["headers"] = [*kept, *_HEADERS]
            await send(message)

        await self.app(scope, receive, send_with_headers)


_NAMES = frozenset(name for name, _ in _HEADERS)


def warm_up() -> float:
    """Do what the first visitor would wait for, settle the interpreter, and return the seconds."""
    start = time.perf_counter()
    for name in WARM_MODULES:
        importlib.import_module(name)
    models = importlib.import_module("analytic_models")
    models.load_scenarios()
    models.evaluate(models.Case())
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return time.perf_counter() - start


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncIterator[dict[str, float]]:
    yield {"warm_up_s": warm_up()}


def _ready(_request: Request) -> Response:
    return JSONResponse({"ready": True}, headers={"cache-control": "no-store"})


def _plotly(request: Request) -> Response:
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    kind = "text/javascript"
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(library.compressed(), media_type=kind, headers=headers)
    return FileResponse(library.library_file(), media_type=kind, headers=headers)


def build(page: str | Path = PAGE) -> st.App:
    """Application around one Streamlit script.

    Parameters
    ----------
    page
        The script, absolute or beside this file.
    """
    library.announce_route()
    # The base path is not known before Streamlit has read its settings: both forms are routes.
    return st.App(
        HERE / page,
        lifespan=_lifespan,
        middleware=[Middleware(SecurityHeaders)],
        routes=[
            Route(f"{base}/{path}", answer)
            for base in ("", "/{base:path}")
            for path, answer in (("ready", _ready), (library.ROUTE, _plotly))
        ],
    )


app = build()


def _port_problem(port: int, host: str) -> str:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, OverflowError) as error:
        return f"The address {host}:{port} cannot be used: {error}."
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"Port {port} on {host} is already taken, perhaps by this app in another "
                    f"window. Stop that program, or choose another port with --port {port + 1}."
                )
            return f"Port {port} on {host} cannot be opened: {error.strerror}."
    return ""


def main(port: int = DEFAULT_PORT, host: str = LOOPBACK, page: str | Path = PAGE) -> int:
    """Serve the app until it is interrupted.

    Parameters
    ----------
    port, host
        Where to listen. Another host than the own machine belongs behind a proxy.
    page
        The Streamlit script to serve, absolute or beside this file.

    Returns
    -------
    int
        Exit code: 0 after a normal stop, 1 when the port cannot be had.
    """
    problem = _port_problem(port, host)
    if problem:
        sys.stderr.write(problem + "\n")
        return 1
    # Streamlit looks for .streamlit/config.toml beside the program named here.
    sys.argv = [str(HERE / "server.py")]
    sys.stderr.write(f"ECCC Explorer: http://{host}:{port} (stop with Ctrl+C)\n")
    build(page).run(config={"server.port": port, "server.address": host})
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve ECCC Explorer.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--page", default=PAGE, help="script to serve instead of the app")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = _arguments()
    raise SystemExit(main(chosen.port, chosen.host, chosen.page))

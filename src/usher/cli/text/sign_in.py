"""What a person reads while they sign in: where to open the page, and how their browser gets back here."""

from __future__ import annotations

from usher.session.login import Knocks
from usher.session.surroundings import Way

WAIT = "Waiting for you, for 10 minutes; Ctrl-C gives up."


def opening_words(way: Way, port: int) -> str:
    """Said when a browser is being started."""
    match way:
        case Way.EDITOR:
            return f"Opening the page through your editor, which forwards port {port} to you."
        case Way.WINDOWS:
            return "Opening the page in your browser in Windows."
        case _:
            return "Opening the page in your browser. To see its address instead: --no-browser"


def not_visited_words(way: Way, port: int, address: str, full_address: str) -> str:
    """Said when the browser that was started has not come."""
    match way:
        case Way.EDITOR:
            return (
                f"No browser has come yet. Forward port {port} in your editor's Ports view,\n"
                f"then open\n  {address}"
            )
        case Way.WINDOWS:
            return (
                f"No browser has come yet. Open this in Windows:\n  {address}\n"
                "If Windows cannot reach it, set localhostForwarding=true or\n"
                "networkingMode=mirrored in .wslconfig and run 'wsl --shutdown'."
            )
        case _:
            return f"No browser has come yet. Open this address on this machine:\n  {full_address}"


def tunnel_words(command: str, address: str) -> str:
    """Over SSH."""
    return (
        "You are here over SSH. On the machine that has your browser, run and leave\n"
        f"running:\n  {command}\nThen open there:\n  {address}"
    )


def codespace_words(codespace: str, port: int, address: str) -> str:
    """In GitHub Codespaces, without an editor on the person's own machine."""
    name = f" -c {codespace}" if codespace else ""
    return (
        "You are in a codespace. On the machine that has your browser, run and leave\n"
        f"running:\n  gh codespace ports forward {port}:{port}{name}\nThen open there:\n  {address}"
    )


def container_words(port: int, address: str, *, published: bool) -> str:
    """In a container, whose loopback the person's browser does not reach by itself."""
    if published:
        return (
            f"You are in a container. Open this where it runs, with its port published\n"
            f"(-p 127.0.0.1:{port}:{port}):\n  {address}"
        )
    return (
        "You are in a container, and a browser outside does not reach its loopback.\n"
        "With the host's own network (--network host), open:\n"
        f"  {address}\n"
        "Else start it with -p 127.0.0.1:8400:8400 and sign in with\n"
        "  --callback-port 8400 --callback-published"
    )


def shown_words(full_address: str) -> str:
    """Where no browser can or shall be started."""
    return f"Open this address in a browser on this machine:\n  {full_address}"


def fallback_words(organization: str, way: Way, port: int, *, fixed: bool) -> str:
    """The hints under an address: how to keep the port, and what is left when nothing leads back."""
    words = f"Your browser cannot come back here? usher login {organization} --device"
    if way in {Way.TUNNEL, Way.CODESPACE} and not fixed:
        words = f"The same port every time: --callback-port {port}, or [login] callback_port.\n" + words
    return words


def knock_words(knocks: Knocks) -> str:
    """What strangers did at the listener."""
    requests = "1 request" if knocks.ignored == 1 else f"{knocks.ignored:,} requests"
    return (
        f"{requests} that did not belong to this sign-in came to its port and got\n"
        "nothing. A web page or a program here tries loopback ports\n"
        f"({knocks.connections:,} connections in all)."
    )


def phishing_words() -> str:
    """What a device code is worth to somebody else."""
    return (
        "Whoever gets this code approved is signed in as you. Approve only a code that\n"
        "you see in your own terminal now, never one that somebody sent you."
    )

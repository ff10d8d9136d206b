"""Keep secrets in one process's memory, and hand out keys to containers and long jobs.

usher agent start             start it; commands that need it start it by themselves
usher agent status            what it holds, since when
usher agent grant PROFILE     a token for a container or an IDE: keys that renew themselves
usher agent grants            the open grants
usher agent revoke ID         end one; --all for every one
usher agent log               who was given keys, from memory
usher agent stop              end it; what it held in memory is gone
usher agent run               run it in this terminal
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import time
from collections.abc import Mapping

from usher.cli.context import Context
from usher.cli.text.agent import grants_text, log_line, status_text
from usher.cli.text.agent_grants import FORMATS, grant_text
from usher.cli.wire_agent import agent_client, agent_place, ensure_agent
from usher.core import machine
from usher.core.durations import parse_duration
from usher.core.errors import ExitCode, NotFoundError, UsageError
from usher.session.agent.audit import Audit
from usher.session.agent.client import CREDENTIALS_SECONDS
from usher.session.agent.desk import Desk, Surroundings
from usher.session.agent.detach import Detached
from usher.session.agent.life import Agent, LifePolicy
from usher.session.agent.place import NoAgentError
from usher.session.agent.supply import CredentialSupply
from usher.session.ready_record import environment_of
from usher.session.settings import load_settings

_GRANT_LASTS, _IDLE = "8h", "12h"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("start", help="start the agent unless it runs")
    _json(verbs.add_parser("status", help="what it holds, since when"))
    _grant_arguments(verbs.add_parser("grant", help="a token for a container or an IDE"))
    _json(verbs.add_parser("grants", help="the open grants"))
    revoke = verbs.add_parser("revoke", help="end a grant")
    revoke.add_argument("id", nargs="?", metavar="ID", help="the grant's id")
    revoke.add_argument("--all", action="store_true", help="every grant")
    _json(verbs.add_parser("log", help="who was given keys"))
    verbs.add_parser("stop", help="end it; what it held in memory is gone")
    run = verbs.add_parser("run", help="run it in this terminal")
    run.add_argument("--detach", action="store_true", help="leave the terminal once it is ready")
    run.add_argument("--on-demand", action="store_true", help="end soon after it holds nothing")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _grant_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE", help="a profile of the AWS config file")
    parser.add_argument("--ttl", default=_GRANT_LASTS, metavar="TIME", help="how long it lasts (8h)")
    parser.add_argument("--format", choices=FORMATS, default="env", help="what to print (env)")
    parser.add_argument("--port", type=int, default=0, help="a fixed port instead of a free one")
    parser.add_argument(
        "--listen", action="append", default=[], metavar="IP", help="listen there instead of at 127.0.0.1"
    )
    parser.add_argument(
        "--any-user", action="store_true", help="also for other users of this machine who have the token"
    )
    parser.add_argument("--yes", action="store_true", help="enter protected accounts without asking")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Do what the verb says."""
    if not hasattr(socket, "AF_UNIX") or os.name == "nt":
        raise UsageError(
            "the agent needs Unix sockets that tell who connects, which this system does not have",
            hint="keys come from 'usher exec' and from profiles with credential_process",
        )
    verbs = {
        "start": _start,
        "status": _status,
        "grant": _grant,
        "grants": _grants,
        "revoke": _revoke,
        "log": _log,
        "stop": _stop,
        "run": _run,
    }
    return verbs[options.verb](options, context)


def _start(_options: argparse.Namespace, context: Context) -> ExitCode:
    about = ensure_agent(context, stays=True).call("status")
    context.terminal.say(f"The agent runs (process {about.get('pid')}).")
    return ExitCode.DONE


def _status(options: argparse.Namespace, context: Context) -> ExitCode:
    try:
        about: Mapping[str, object] = {"running": True, **agent_client(context).call("status")}
    except NoAgentError:
        about = {"running": False}
    if options.json:
        shown = {name: value for name, value in about.items() if name != "ok"}
        context.terminal.result(json.dumps({"socket": str(agent_place(context)), **shown}, indent=2))
    else:
        context.terminal.result(status_text(about, time.time()))
    return ExitCode.DONE if about["running"] else ExitCode.NOT_FOUND


def _grant(options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.entering import open_confirmed
    from usher.cli.wire import open_session_rooms

    if not 0 <= options.port <= 65_535:
        raise UsageError(f"{options.port} is not a port")
    seconds = _seconds(options.ttl, "--ttl")
    # Here, not in the agent: a person at the terminal can sign in and say yes to a protected account.
    opened, _ = open_confirmed(context, open_session_rooms(context), options.profile, yes=options.yes)
    granted = ensure_agent(context).call(
        "grants.open",
        within=CREDENTIALS_SECONDS,
        profile=opened.name,
        environment=environment_of(context.environ),
        seconds=seconds,
        port=options.port,
        listen=options.listen,
        any_user=options.any_user,
    )
    context.terminal.result(grant_text(granted, options.format))
    until = time.strftime("%H:%M", time.localtime(float(str(granted["expires_at"]))))
    context.terminal.say(
        context.terminal.style("dim", f"The grant {granted['id']} ends at {until} or with the agent; sooner:")
    )
    context.terminal.say(context.terminal.style("dim", f"  usher agent revoke {granted['id']}"))
    return ExitCode.DONE


def _grants(options: argparse.Namespace, context: Context) -> ExitCode:
    try:
        grants = agent_client(context).call("grants.list")["grants"]
    except NoAgentError:
        grants = []
    if options.json:
        context.terminal.result(json.dumps(grants, indent=2))
    else:
        context.terminal.result(grants_text(grants, time.time(), context.terminal.width))
    return ExitCode.DONE


def _revoke(options: argparse.Namespace, context: Context) -> ExitCode:
    if options.all == bool(options.id):
        raise UsageError("name a grant's id or use --all", hint="'usher agent grants' shows the open ones")
    try:
        wanted = {"all": True} if options.all else {"id": options.id}
        closed = agent_client(context).call("grants.close", **wanted)
    except NoAgentError:
        closed = {"closed": 0}
    context.terminal.say(f"Revoked: {closed['closed']}. Keys that were given out hold until they expire.")
    return ExitCode.DONE


def _log(options: argparse.Namespace, context: Context) -> ExitCode:
    try:
        events = agent_client(context).call("log")["events"]
    except NoAgentError:
        events = []
    if options.json:
        context.terminal.result(json.dumps(events, indent=2))
    elif isinstance(events, list):
        for event in events:
            context.terminal.result(log_line(event))
    return ExitCode.DONE


def _seconds(text: str, what: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{what}: {error}") from None


def _stop(_options: argparse.Namespace, context: Context) -> ExitCode:
    client = agent_client(context)
    try:
        client.call("stop")
    except NoAgentError:
        raise NotFoundError("no agent is running", hint="there is nothing to stop") from None
    for _ in range(500):
        if not client.is_running():
            break
        time.sleep(0.01)
    context.terminal.say("The agent has ended. What it held in memory is gone.")
    return ExitCode.DONE


def _run(options: argparse.Namespace, context: Context) -> ExitCode:
    from usher.cli.agent_profiles import AgentProfiles
    from usher.session.agent.hardening import guard_memory

    settings = load_settings(context.config_dir).table("agent")
    settings.only("idle")
    policy = LifePolicy(
        _seconds(settings.text("idle", _IDLE), f"{settings.settings.path}: agent.idle"), options.on_demand
    )
    detached = Detached() if options.detach else None
    if detached is not None and detached.is_parent:
        return ExitCode.DONE if detached.child_is_ready() else ExitCode.TRY_AGAIN
    guard = guard_memory()
    profiles = AgentProfiles(context)

    def aloud(event: Mapping[str, object]) -> None:
        if detached is None:
            context.terminal.say(log_line(event))

    around = Surroundings(time.time, machine.user_id(), profiles.token_folder(), profiles.renew_ready)
    desk = Desk(CredentialSupply(profiles.open, time.time), around, Audit(time.time, aloud))
    agent = Agent(agent_place(context), policy, time.time, held=desk.held, each_second=desk.sweep)
    agent.holdings.on_forget = profiles.lock
    agent.operations.also(desk.operations())
    agent.tell("serving", desk.told)
    agent.tell("memory", lambda: {name: getattr(guard, name) for name in guard.__slots__})
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())

    def ready() -> None:
        desk.start(agent.activity.asked)
        if detached is not None:
            detached.report_ready()
        else:
            context.terminal.say(f"The agent runs (process {os.getpid()}); Ctrl-C ends it.")

    try:
        agent.run(ready)
    finally:
        desk.stop()
    return ExitCode.DONE

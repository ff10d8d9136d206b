"""Keep secrets in one process's memory, and hand out keys to containers and long jobs.

usher agent start           start it; commands that need it start it by themselves
usher agent status --json   what it holds, since when
usher agent stop            end it; what it held in memory is gone
usher agent run             run it in this terminal
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from collections.abc import Mapping

from usher.cli.context import Context
from usher.cli.text.agent import status_text
from usher.cli.wire_agent import agent_client, agent_place, ensure_agent
from usher.core.durations import parse_duration
from usher.core.errors import ExitCode, NotFoundError
from usher.session.agent.detach import Detached
from usher.session.agent.hardening import guard_memory
from usher.session.agent.life import Agent, LifePolicy
from usher.session.agent.place import NoAgentError
from usher.session.settings import load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("start", help="start the agent unless it runs")
    status = verbs.add_parser("status", help="what it holds, since when")
    status.add_argument("--json", action="store_true", help="print the result as JSON")
    verbs.add_parser("stop", help="end it; what it held in memory is gone")
    run = verbs.add_parser("run", help="run it in this terminal")
    run.add_argument("--detach", action="store_true", help="leave the terminal once it is ready")
    run.add_argument("--on-demand", action="store_true", help="end soon after it holds nothing")


def run(options: argparse.Namespace, context: Context) -> ExitCode:
    """Do what the verb says."""
    verbs = {"start": _start, "status": _status, "stop": _stop, "run": _run}
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
    idle = load_settings(context.config_dir).table("agent").text("idle")
    policy = LifePolicy(on_demand=options.on_demand)
    if idle:
        policy = LifePolicy(parse_duration(idle), options.on_demand)
    agent = Agent(agent_place(context), policy, time.time)
    detached = Detached() if options.detach else None
    if detached is not None and detached.is_parent:
        return ExitCode.DONE if detached.child_is_ready() else ExitCode.TRY_AGAIN
    guard = guard_memory()
    agent.tell("memory", lambda: {name: getattr(guard, name) for name in guard.__slots__})
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())

    def ready() -> None:
        if detached is not None:
            detached.report_ready()
        else:
            context.terminal.say(f"The agent runs (process {os.getpid()}); Ctrl-C ends it.")

    agent.run(ready)
    return ExitCode.DONE

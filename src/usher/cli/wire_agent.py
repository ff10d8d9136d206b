"""Composition of the agent: where it lives, and how any command reaches it or starts it."""

from __future__ import annotations

from pathlib import Path

from usher.cli.context import Context
from usher.cli.wire import usher_command
from usher.core import machine
from usher.session.agent.client import AgentClient, AgentVault, start_agent
from usher.session.agent.place import agent_socket


def agent_place(context: Context) -> Path:
    """Where this person's agent is."""
    return agent_socket(context.environ, context.cache_dir, machine.user_id())


def agent_client(context: Context) -> AgentClient:
    """Calls to the agent, which need not run."""
    return AgentClient(agent_place(context))


def ensure_agent(context: Context, *, stays: bool = False) -> AgentClient:
    """Calls to the agent, started if there is none. Raises UnavailableError.

    One that is started in passing ends soon after it holds nothing, unless it `stays`.
    """
    place = agent_place(context)
    run = [*usher_command(context), "agent", "run", "--detach"]
    start_agent(place, run if stays else [*run, "--on-demand"], context.environ)
    return AgentClient(place)


def agent_vault(context: Context) -> AgentVault:
    """The vault in the agent's memory; the first record that is written starts the agent."""
    return AgentVault(agent_client(context), lambda: ensure_agent(context))

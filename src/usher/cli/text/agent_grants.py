"""A grant as a shell, Docker, Compose, a devcontainer or a script wants to read it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from usher.cli.text.agent import text_in
from usher.shell.variables import CREDENTIALS

FORMATS = ("env", "docker", "compose", "devcontainer", "json")

URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN, TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
IN_CONTAINER = "/run/secrets/usher-token"


def grant_text(granted: Mapping[str, object], form: str) -> str:
    """The grant in one of FORMATS."""
    forms = {"docker": _docker, "compose": _compose, "devcontainer": _devcontainer, "json": _json}
    return forms.get(form, _env)(granted)


def grant_variables(granted: Mapping[str, object]) -> dict[str, str]:
    """The variables that make AWS SDKs on this machine use the grant.

    The token goes by file where it can: what is in the environment is seen by every child process.
    """
    file = text_in(granted, "token_file")
    token = {TOKEN_FILE: file} if file else {TOKEN: text_in(granted, "token")}
    return {URI: text_in(granted, "url"), **token, **_place(granted)}


def _place(granted: Mapping[str, object]) -> dict[str, str]:
    region, endpoint = text_in(granted, "region"), text_in(granted, "endpoint_url")
    found = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_ENDPOINT_URL": endpoint}
    return {name: value for name, value in found.items() if value}


def _in_container(granted: Mapping[str, object]) -> dict[str, str]:
    """The same inside a container, whose user may not be able to read this user's file."""
    token = {TOKEN_FILE: IN_CONTAINER} if _mounted(granted) else {TOKEN: text_in(granted, "token")}
    return {URI: text_in(granted, "url"), **token, **_place(granted)}


def _mounted(granted: Mapping[str, object]) -> str:
    return "" if granted.get("any_user") else text_in(granted, "token_file")


def _network(granted: Mapping[str, object]) -> str:
    """Loopback is the host's own only in the host's network; other addresses have a network of their own."""
    return "host" if "://127." in text_in(granted, "url") else "usher"


def _env(granted: Mapping[str, object]) -> str:
    variables = grant_variables(granted)
    # SDKs look at a container's credentials last: each of these would be used instead.
    lines = ["unset " + " ".join(name for name in CREDENTIALS if name not in variables)]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(lines)


def _docker(granted: Mapping[str, object]) -> str:
    parts = [f"docker run --rm --network {_network(granted)}"]
    if _mounted(granted):
        mount = f"type=bind,source={_mounted(granted)},target={IN_CONTAINER},readonly"
        parts.append(f"--mount {shlex.quote(mount)}")
    parts += [f"--env {shlex.quote(f'{name}={value}')}" for name, value in _in_container(granted).items()]
    return " \\\n  ".join([*parts, "IMAGE"])


def _compose(granted: Mapping[str, object]) -> str:
    network = _network(granted)
    lines = ["services:", "  SERVICE:"]
    if network == "host":
        lines.append("    network_mode: host")
    else:
        lines.append(f"    networks: [default, {network}]")
    lines.append("    environment:")
    lines += [f"      {name}: {_yaml(value)}" for name, value in _in_container(granted).items()]
    if _mounted(granted):
        lines += ["    secrets: [usher-token]", "secrets:", "  usher-token:"]
        lines.append(f"    file: {_yaml(_mounted(granted))}")
    if network != "host":
        lines += ["networks:", f"  {network}:", "    external: true"]
    return "\n".join(lines)


def _yaml(value: str) -> str:
    """A JSON text is a YAML text; Compose replaces what follows a single dollar sign."""
    return json.dumps(value).replace("$", "$$")


def _devcontainer(granted: Mapping[str, object]) -> str:
    document: dict[str, object] = {"runArgs": [f"--network={_network(granted)}"]}
    if _mounted(granted):
        document["mounts"] = [f"type=bind,source={_mounted(granted)},target={IN_CONTAINER},readonly"]
    return json.dumps({**document, "containerEnv": _in_container(granted)}, indent=2)


def _json(granted: Mapping[str, object]) -> str:
    shown = {name: value for name, value in granted.items() if name != "ok"}
    return json.dumps({**shown, "environment": grant_variables(granted)}, indent=2)

"""Granted's own settings: `config` in `~/.granted`, else in an XDG folder; TOML with Go's field names."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from usher.core.errors import UsageError
from usher.profiles.foreign.found import FoundPortal, FoundSettings, Suggestion, Tool, Unmapped

_BROWSERS = {
    "CHROME": "chrome",
    "BRAVE": "brave",
    "EDGE": "edge",
    "FIREFOX": "firefox",
    "CHROMIUM": "chromium",
    "VIVALDI": "vivaldi",
}
_NO_COUNTERPART = {
    "AWSConsoleBrowserLaunchTemplate": "browsers are named, not launched by a template",
    "SSOBrowserLaunchTemplate": "use 'usher login NAME --browser PATH --browser-profile P'",
    "Keyring": "secrets go to usher's vault: see 'usher vault'",
    "ExportCredentialSuffix": "usher writes no keys into the credentials file",
    "ExportCredsToAWS": "usher writes no keys into the credentials file",
    "ExportSSOToken": "use 'usher login NAME --share' for one login with the AWS CLI",
    "DefaultExportAllEnvVar": "'usher env PROFILE' prints the keys where a tool needs them",
    "AccessRequestURL": "the service behind it is gone",
}


def granted_config(home: Path, environ: Mapping[str, str]) -> Path | None:
    """The file, None when Granted was never here."""
    xdg = environ.get("XDG_CONFIG_HOME") or str(home / ".config")
    places = (home / ".granted", Path(xdg) / "granted", Path(xdg) / ".granted")
    return next((place / "config" for place in places if (place / "config").is_file()), None)


def read_granted(path: Path) -> FoundSettings:
    """What the file says. Raises UsageError for one that is no TOML."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read Granted's {path}: {error}") from None
    portals, bad = _portals(document)
    browser = document.get("CustomSSOBrowserPath")
    if isinstance(browser, str) and browser:
        portals = [
            FoundPortal(each.tool, each.name, each.start_url, each.region, each.scopes, browser)
            for each in portals
        ]
    return FoundSettings(path, tuple(portals), tuple(_suggestions(document)), (*bad, *_unmapped(document)))


def _portals(document: Mapping[str, object]) -> tuple[list[FoundPortal], list[Unmapped]]:
    portals, bad = [], []
    sections = document.get("SSO")
    for name, section in sections.items() if isinstance(sections, dict) else ():
        values = section if isinstance(section, dict) else {}
        start_url, region = values.get("StartURL"), values.get("SSORegion")
        if isinstance(start_url, str) and isinstance(region, str) and start_url and region:
            portals.append(FoundPortal(Tool.GRANTED, str(name), start_url, region))
        else:
            bad.append(Unmapped(Tool.GRANTED, f"[SSO.{name}]", "it needs StartURL and SSORegion"))
        bad += [
            Unmapped(Tool.GRANTED, f"[SSO.{name}] {key}", why)
            for key, why in (
                ("Prefix", "name profiles with 'usher profiles sync --template'"),
                ("ProfileTemplate", "name profiles with 'usher profiles sync --template'"),
            )
            if values.get(key)
        ]
    return portals, bad


def _suggestions(document: Mapping[str, object]) -> Iterator[Suggestion]:
    browser = document.get("DefaultBrowser")
    if isinstance(browser, str) and browser.upper() in _BROWSERS:
        instead = f"usher login NAME --browser {_BROWSERS[browser.upper()]}"
        yield Suggestion(Tool.GRANTED, f"DefaultBrowser = {browser}", instead)
    for registry in _registries(document):
        url, ref = registry.get("url"), registry.get("ref")
        if isinstance(url, str) and url:
            extra = f" --ref {ref}" if isinstance(ref, str) and ref else ""
            yield Suggestion(Tool.GRANTED, f"registry {url}", f"usher registry add {url}{extra}")


def _registries(document: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    registry = document.get("ProfileRegistry")
    listed = registry.get("Registries") if isinstance(registry, dict) else None
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):
            yield {str(key).lower(): value for key, value in each.items()}
    older = document.get("ProfileRegistryURLS")
    for url in older if isinstance(older, list) else ():
        yield {"url": url}


def _unmapped(document: Mapping[str, object]) -> Iterator[Unmapped]:
    browser = document.get("DefaultBrowser")
    if isinstance(browser, str) and browser and browser.upper() not in _BROWSERS:
        yield Unmapped(
            Tool.GRANTED, f"DefaultBrowser = {browser}", "give its path: usher login NAME --browser PATH"
        )
    for key, why in _NO_COUNTERPART.items():
        if document.get(key):
            yield Unmapped(Tool.GRANTED, key, why)

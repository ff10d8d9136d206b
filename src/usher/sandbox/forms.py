"""The forms of an HTML page, as a browser would see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class Field:
    """One input: its name, type, preset value and what `autocomplete` says it is for."""

    name: str
    type: str
    value: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Button:
    """A submit button. `label` is its text; `action` replaces the form's own when set (`formaction`)."""

    name: str
    value: str
    label: str
    action: str


@dataclass(frozen=True, slots=True)
class Form:
    """One form with its fields and submit buttons, in the page's order."""

    action: str
    method: str
    fields: Sequence[Field]
    buttons: Sequence[Button]


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says: its title, first heading, messages of role `alert`, and its forms."""

    title: str
    heading: str
    alert: str
    forms: Sequence[Form]


def read_page(html: str) -> PageText:
    """The page in `html`."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    said = {name: " ".join("".join(parts).split()) for name, parts in reader.said.items()}
    return PageText(said["title"], said["h1"], said["alert"], tuple(reader.forms))


@dataclass(slots=True)
class _OpenForm:
    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.said: dict[str, list[str]] = {"title": [], "h1": [], "alert": []}
        self._form: _OpenForm | None = None
        self._button: dict[str, str] | None = None
        self._inside: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        names = {name for name, _ in attrs}
        if tag in self.said:
            self._inside.append((tag, tag))
        elif given.get("role") == "alert":
            self._inside.append((tag, "alert"))
        if tag == "form":
            self._form = _OpenForm(given.get("action", ""), given.get("method", "get").lower())
        elif self._form is None:
            return
        elif tag == "input":
            self._add_input(given, names)
        elif tag == "button" and given.get("type", "submit") == "submit":
            self._button = given | {"label": ""}

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.said[self._inside[-1][1]].append(data)
        if self._button is not None:
            self._button["label"] += data

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1][0] == tag:
            self._inside.pop()
        if tag == "button" and self._button is not None and self._form is not None:
            self._form.buttons.append(_button(self._button))
            self._button = None
        elif tag == "form" and self._form is not None:
            form = self._form
            self.forms.append(Form(form.action, form.method, tuple(form.fields), tuple(form.buttons)))
            self._form = None

    def _add_input(self, given: Mapping[str, str], names: set[str]) -> None:
        if self._form is None or "disabled" in names:
            return
        kind = given.get("type", "text").lower()
        if kind == "submit":
            self._form.buttons.append(_button({**given, "label": given.get("value", "")}))
        elif kind not in {"checkbox", "radio"} or "checked" in names:
            self._form.fields.append(
                Field(given.get("name", ""), kind, given.get("value", ""), given.get("autocomplete", ""))
            )


def _button(given: Mapping[str, str]) -> Button:
    label = " ".join(given["label"].split())
    return Button(given.get("name", ""), given.get("value", ""), label, given.get("formaction", ""))

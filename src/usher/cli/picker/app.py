"""The keys, and every paint after the first: the only home of prompt_toolkit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, VSplit, Window
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output

from usher.cli.picker.actions import Action, Picked
from usher.cli.picker.first import size
from usher.cli.picker.frame import KEYS, PROMPT, Line, Picture, draw
from usher.cli.picker.picking import Picking
from usher.cli.picker.styles import toolkit_style

# How long Escape waits for being the beginning of an arrow key. Terminals send those at once.
_ESCAPE_SECONDS = 0.05
_CONTROL = {action: f"c-{key[-1].lower()}" for action, key in KEYS.items()}
_ROWS = {"up": -1, "c-p": -1, "c-k": -1, "down": 1, "c-n": 1, "c-j": 1}
Press = Callable[[KeyPressEvent], None]


class _OwnScreen(Vt100_Output):
    """A terminal whose alternate screen the first paint already has, and gives back at the end."""

    def enter_alternate_screen(self) -> None:
        """Only go to its corner: entering it again would show an empty screen for a moment."""
        self.cursor_goto(0, 0)

    def quit_alternate_screen(self) -> None:
        """Nothing."""


def run_app(picking: Picking, screen: TextIO) -> Picked:
    """Let the person type until something is picked. Raises KeyboardInterrupt when they leave."""
    app = _Screen(picking, _output(screen)).application()
    picking.prepare()
    return app.run(handle_sigint=False)


def _output(screen: TextIO) -> Output:
    output = create_output(stdout=screen)
    if not isinstance(output, Vt100_Output):
        return output

    def get_size() -> Size:
        columns, rows = size(screen)
        return Size(rows=rows, columns=columns)

    return _OwnScreen(screen, get_size)


class _Screen:
    """The layout: the query and its count, and below them the picture's lines."""

    def __init__(self, picking: Picking, output: Output) -> None:
        self._picking = picking
        self._output = output
        self._picture = Picture("", ())
        self._query = Buffer(multiline=False, on_text_changed=self._typed)
        self._query.text = picking.query
        self._query.cursor_position = len(picking.query)
        self._window = Window(BufferControl(self._query), height=1, wrap_lines=False)

    def application(self) -> Application[Picked]:
        """The application, ready to run."""
        prompt = Window(FormattedTextControl(self._prompt), height=1, width=len(PROMPT))
        query = self._window
        count = Window(FormattedTextControl(self._count), height=1, width=self._count_width)
        body = Window(FormattedTextControl(self._body), wrap_lines=False)
        app: Application[Picked] = Application(
            Layout(HSplit([VSplit([prompt, query, count]), body]), focused_element=query),
            key_bindings=self._keys(),
            include_default_pygments_style=False,
            full_screen=True,
            color_depth=ColorDepth.DEPTH_8_BIT,
            before_render=lambda _: self._draw(),
            input=create_input(),
            output=self._output,
        )
        app.ttimeoutlen = app.timeoutlen = _ESCAPE_SECONDS
        return app

    def _typed(self, buffer: Buffer) -> None:
        if buffer.text.splitlines() not in ([], [buffer.text]):
            buffer.text = " ".join(buffer.text.split())  # pasted lines are words
        elif buffer.text != self._picking.query:
            self._picking.search(buffer.text)

    def _draw(self) -> None:
        terminal = self._output.get_size()
        self._picture = draw(self._picking, terminal.columns, terminal.rows)
        self._window.horizontal_scroll = 0  # it scrolls as far as it must, and would not come back

    def _prompt(self) -> StyleAndTextTuples:
        return [(self._style("strong"), PROMPT)]

    def _count(self) -> StyleAndTextTuples:
        return [(self._style("dim"), self._picture.found)]

    def _count_width(self) -> int:
        return len(self._picture.found)

    def _body(self) -> StyleAndTextTuples:
        fragments: StyleAndTextTuples = []
        for line in self._picture.lines:
            fragments += self._fragments(line)
            fragments.append(("", "\n"))
        return fragments[:-1]

    def _fragments(self, line: Line) -> StyleAndTextTuples:
        return [(self._style(style), text) for style, text in line]

    def _style(self, style: str) -> str:
        return toolkit_style(style, colours=self._picking.surroundings.colours)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        own, *others = self._picking.actions
        keys.add("enter")(self._pick(own))
        for action in others:
            keys.add(_CONTROL[action], eager=True)(self._pick(action))
        for key in ("escape", "c-c", "c-g"):
            keys.add(key)(_leave)
        everything = len(self._picking.entries)
        for key, rows in _ROWS.items():
            keys.add(key)(self._move(rows))
        for key, pages in (("pageup", -1), ("pagedown", 1)):
            keys.add(key)(self._turn(pages))
        for key, rows in (("c-home", -everything), ("c-end", everything)):
            keys.add(key)(self._move(rows))
        keys.add("tab")(lambda _: self._picking.mark())
        keys.add("c-l")(lambda event: event.app.renderer.clear())
        return keys

    def _move(self, rows: int) -> Press:
        return lambda _: self._picking.move(rows)

    def _turn(self, pages: int) -> Press:
        return lambda event: self._picking.move(pages * max(1, event.app.output.get_size().rows - 5))

    def _pick(self, action: Action) -> Press:
        def press(event: KeyPressEvent) -> None:
            picked = self._picking.picked(action)
            if picked is not None:
                event.app.exit(result=picked)

        return press


def _leave(event: KeyPressEvent) -> None:
    event.app.exit(exception=KeyboardInterrupt)

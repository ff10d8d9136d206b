"""What a browser would see of a page's forms."""

from __future__ import annotations

from usher.sandbox.forms import read_page

PAGE = """<!doctype html><title>Sign  in – mkdev</title>
<div role="alert">Wrong <b>password</b></div>
<h1>Welcome</h1>
<form method="post" action="/sign-in"><input type="hidden" name="csrf" value="t&amp;k">
<label>Name <input name="user_name" autocomplete="username" required></label>
<input type="password" name="password" autocomplete="current-password">
<input type="checkbox" name="a" value="1"><input type="checkbox" name="b" value="2" checked>
<input name="off" disabled value="x">
<button name="go" value="yes">Sign <em>in</em></button><button type="button">Show</button></form>
<form action="/search"><input type="submit" value="Find" name="s"></form>"""


def test_a_page_is_read_with_title_alert_and_forms():
    page = read_page(PAGE)
    assert (page.title, page.heading, page.alert) == ("Sign in – mkdev", "Welcome", "Wrong password")
    first, second = page.forms
    assert (first.method, first.action) == ("post", "/sign-in")
    assert [(f.name, f.type, f.value) for f in first.fields] == [
        ("csrf", "hidden", "t&k"),
        ("user_name", "text", ""),
        ("password", "password", ""),
        ("b", "checkbox", "2"),
    ]
    assert [(b.name, b.value, b.label) for b in first.buttons] == [("go", "yes", "Sign in")]
    assert second.method == "get"
    assert [b.label for b in second.buttons] == ["Find"]

"""How values are worded for people: one file per kind of value. Text in, text out; prints nothing."""

"""The pages for people: sign-in, consent, devices, accounts, keys and console.

`door.py` is the one way in: session, form, CSRF and headers. Views take a `Visit` and return a `Page` or a
`Redirect`; HTML is in `templates/`. What is decided lies in `idp/` and `decide.py`.
"""

"""The AWS console as a person's browser sees it: federation, pages, hosts, and opening a browser.

Owns how role credentials become a console session without showing the link to anybody else, and which
addresses are a console's. Does not
fetch credentials (`session`) or choose profiles (`profiles`).
"""

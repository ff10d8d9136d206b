"""Signing people in and giving programs tokens: passwords, browser sessions, OAuth grants, SAML.

Owns the decisions; the rows are in `store/sign_in.py` and `store/oauth.py`, the pages in `portal/`, the
wire of programs in `awsapi/oidc.py`. Who may enter an account is decided in `decide.py`, never here.
"""

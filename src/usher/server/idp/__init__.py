"""Identity: how people prove who they are, and how the directory vouches for them.

Owns sign-in, passwords, browser sessions, tokens and SAML. Who may enter what is `decide`'s; pages are
`portal`'s; the OIDC wire is `awsapi.oidc`'s.
"""

"""A person's portal session: organizations, sign-in (PKCE, device code), refresh, role credentials, logout.

Owns what a person is signed in to and every secret that comes from it; `vault/` keeps those secrets
sealed. Speaks the wire formats of AWS `sso-oidc` and `sso` and cannot tell AWS from a self-hosted
directory. Writes the ready records that `fastpath` serves. Does not own AWS config profiles
(`profiles`), console addresses (`console`) or words for people (`cli`).
"""

"""The AWS wire protocols the directory speaks: sso-admin, identitystore, organizations, sso, sso-oidc.

Owns wire names, errors and signatures. Decisions are made in `decide`, state is kept in `store`.
"""

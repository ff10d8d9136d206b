"""The directory as a SAML identity provider towards AWS: its signing keys, its metadata, its responses.

Owns what AWS is told and how it is signed. Does not decide who gets a response (`decide`) nor hand it
to AWS (`role_credentials`); keys rest in `store.signing_keys`, sealed.
"""

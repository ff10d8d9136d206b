"""Making accounts match: a SAML provider per account, and one role per permission set assigned there.

Owns the way into accounts and the work of asynchronous requests. Requests come from `awsapi` as rows of
`store.operations`; `aws` makes the calls; who may then enter is `decide`'s.
"""

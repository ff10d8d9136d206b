"""The AWS config file (`~/.aws/config`): read as the SDKs read it, edited without losing a byte.

Owns the file's text, its lock, back-up and atomic replacement, and the profiles written into it.
Knows no secrets, no network and no sessions: `cli` brings what may be entered and takes back which
account and permission set a profile means.
"""

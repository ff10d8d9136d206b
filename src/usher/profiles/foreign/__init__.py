"""What other sign-in tools left behind, read so that moving costs nothing; none of them is run.

Owns the formats of the AWS CLI's older profiles, Granted, aws-sso-cli, aws-sso-util and aws-vault. Knows
`core` and the AWS config file's text; what becomes of the findings is decided by `cli`.
"""

"""The AWS services we call, one file each. The only room that imports botocore.

Its values and errors leave as `core` values and `core` errors; paging, pacing and retries end here.
"""

"""AWS's quotas, delays and faults in front of the directory, for rehearsals: `usher serve --aws-limits`.

Owns the counting of calls and of requests in progress, latency, and injected faults. Knows the operations by
name only; what they do is `awsapi`'s, and doing the work `provisioning`'s. Without the option none of this
is on any path.
"""

"""An AWS to play with: several accounts behind real HTTP with an honest STS, and the organization mkdev.

Owns the local cloud (moto and the front before it), the example organization and the demonstration.
Does not own any part of the product: it starts the directory and the commands as separate processes and
speaks to them as any client would. Neighbours: `aws` for clients, `profiles` for the AWS configuration
file. It knows every room but `cli`; `cli/commands/demo.py` shows what it does.
"""

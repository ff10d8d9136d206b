"""One file per command. Each has `add_arguments(parser)` and `run(options, context) -> ExitCode`."""

"""The command line: arguments in, words and exit codes out. Knows every room but the server's inside."""

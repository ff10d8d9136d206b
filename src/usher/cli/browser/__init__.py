"""The browser's side of the command line: native host, links to the extension, isolated profiles, set-up."""

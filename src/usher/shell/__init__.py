"""What a shell is told: quoting, variables to set and unset, the hook, completion, the prompt's segment.

Owns the texts that people's shells evaluate and the rules of what may stand in them. Reads no file but
its own templates, looks at no environment but the one it is given; knows `core` alone. Who is asked,
what is printed and which profile is meant is `cli`'s.
"""

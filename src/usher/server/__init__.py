"""The directory: a self-hosted Identity Center. One room per protocol it speaks.

`app.py` is the composition root; `decide.py` answers who may get what; `store/` keeps the state.
"""

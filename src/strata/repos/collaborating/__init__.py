"""Collaborators of a repo: invited, changed, removed, gone (product §2.5 P37)."""

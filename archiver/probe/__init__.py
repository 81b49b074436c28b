"""First contact with a blog that has no profile yet: which engine made it, which lists it has, how a post reads."""

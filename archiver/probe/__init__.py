"""First contact with a blog nobody wrote a profile for: what it is made with, which lists it has, how it reads."""

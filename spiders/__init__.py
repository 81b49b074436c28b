"""Spiders: what to ask the blog for, and what each answer is."""

"""The profiles of a fleet's blogs, for whoever reads their archives on any machine."""

from __future__ import annotations

from functools import cache

from archiver import profile
from archiver.errors import ProfileInvalid
from archiver.fleet.blogs import Blog
from archiver.urls import Site


@cache
def site(blog: Blog) -> Site:
    """Return the site of a blog, by its profile in the fleet's list.

    Raises ProfileInvalid where the profile cannot be used, or there is none.
    """
    if blog.profile is None:
        raise ProfileInvalid(
            f"{blog.name}: expected a profile in the fleet's list, found none; its first crawl finds it"
        )
    return Site(profile.read(blog.profile, f"profile of {blog.name}"))

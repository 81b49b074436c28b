"""A small invented blog in the markup of the real one, and a server for it: for the demo and for tests.

    blog = SampleBlog()
    with serving(blog) as site_url:
        ...                                # crawl site_url
    assert ("GET", "/robots.txt", 200) in blog.requests

Its writing is this project's own; only addresses, ids and class names are those of the blog it stands in for.
"""

from __future__ import annotations

from archiver.sample.blog import SampleBlog, SampleResponse
from archiver.sample.server import serving
from archiver.sample.source import SampleComment, SamplePost, SampleSource, load

__all__ = ["SampleBlog", "SampleComment", "SamplePost", "SampleResponse", "SampleSource", "load", "serving"]

"""One name for a work, however it is linked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.references import reference


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/1706.03762", "arxiv 1706.03762"),
        ("http://www.arxiv.org/abs/1706.03762v5", "arxiv 1706.03762 v5"),
        ("https://arxiv.org/pdf/1706.03762.pdf", "arxiv 1706.03762"),
        ("https://arxiv.org/pdf/2104.09864v12#page=3", "arxiv 2104.09864 v12"),
        ("https://cn.arxiv.org/pdf/0706.1234v1.pdf", "arxiv 0706.1234 v1"),
        ("https://arxiv.org/html/2402.12354v2/", "arxiv 2402.12354 v2"),
        ("https://papers.cool/arxiv/2401.12345", "arxiv 2401.12345"),
        ("https://arxiv.org/abs/math/0309136", "arxiv math/0309136"),
        ("https://arxiv.org/abs/math.GT/0309136v2", "arxiv math/0309136 v2"),
        ("https://arxiv.org/abs/hep-th/9901001", "arxiv hep-th/9901001"),
        ("https://doi.org/10.48550/arXiv.1706.03762", "arxiv 1706.03762"),
        ("http://dx.doi.org/10.1038/Nature14539", "doi 10.1038/nature14539"),
        ("https://doi.org/10.1016/S0021-9045(02)00014-X", "doi 10.1016/s0021-9045(02)00014-x"),
        ("https://github.com/bojone/bert4keras", "github bojone/bert4keras"),
        ("https://github.com/Bojone/bert4keras.git", "github bojone/bert4keras"),
        ("https://github.com/bojone/bert4keras/blob/master/README.md#x", "github bojone/bert4keras"),
        ("https://raw.githubusercontent.com/bojone/o-gan/master/a.py", "github bojone/o-gan"),
        ("https://arxiv.org/list/cs.CL/recent", None),
        ("https://arxiv.org/", None),
        ("https://notarxiv.org/abs/1706.03762", None),
        ("https://github.com/bojone", None),
        ("https://github.com/topics/nlp", None),
        ("https://bojone.github.io/a/b", None),
        ("ftp://arxiv.org/abs/1706.03762", None),
        ("https://[arxiv.org/abs/1706.03762", None),
    ],
)
def test_works_are_known_by_one_name(url: str, expected: str | None) -> None:
    found = reference(url)
    version = f" v{found.version}" if found and found.version else ""
    assert (f"{found.kind} {found.identifier}{version}" if found else None) == expected


@given(st.sampled_from(["https://arxiv.org/", "https://github.com/", "https://doi.org/"]), st.text(max_size=30))
def test_the_address_of_a_work_leads_to_it_again(host: str, path: str) -> None:
    found = reference(host + path)
    if found:
        again = reference(found.url)
        assert again
        assert found.kind in {"arxiv", "doi", "github"}
        assert (again.kind, again.url) == (found.kind, found.url)

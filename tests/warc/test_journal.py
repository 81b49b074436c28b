"""What a run leaves in its records for a rebuild: the same when it is read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.warc.journal import RunEnd


@pytest.mark.parametrize("rest", [None, "2027-01-10T05:20:01Z"])
@given(outcome=st.sampled_from(["complete", "rate limited"]), reason=st.text(), doubts=st.booleans())
def test_the_end_of_a_run_is_read_as_it_was_written(rest: str | None, outcome: str, reason: str, doubts: bool) -> None:
    end = RunEnd(
        run=10,
        finished_at="2027-01-10T03:20:01Z",
        outcome=outcome,
        exit_code=7,
        rest_until=rest,
        missing_counted=False,
        counts={"requests": 6},
        addresses=[{"url": "https://kexue.fm/content.html", "reason": reason}],
        doubts=[{"subject": "post", "reason": reason}] if doubts else None,
    )
    assert RunEnd.of(end.as_block()) == end

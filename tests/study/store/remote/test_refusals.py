"""What a store's errors mean, in the words of the stores themselves."""

from __future__ import annotations

import pytest

from study.store.remote.refusals import reason_of, refusal_of, says_no_folder, silence_of
from tests.study.store.remote.store_in_folder import ADDRESS

CURL = "When getting information for key 'x': AWS Error NETWORK_CONNECTION during HeadObject operation: "


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AWS Error NO_SUCH_BUCKET during PutObject operation: The specified bucket does not exist", "no such bucket"),
        ("google::cloud::Status(NOT_FOUND: The specified bucket does not exist. error_info=…)", "no such bucket"),
        ("AWS Error ACCESS_DENIED during PutObject operation: Access Denied.", "may not do that"),
        ("AWS Error UNKNOWN (HTTP status 403) during HeadObject operation: No response body.", "may not do that"),
        ("google::cloud::Status(PERMISSION_DENIED: …)", "may not do that"),
        ("AWS Error INVALID_ACCESS_KEY_ID during PutObject operation: The AWS Access Key Id you provided …", "accept"),
        ("AWS Error SIGNATURE_DOES_NOT_MATCH during ListObjectsV2 operation", "accept"),
        ("AWS Error UNKNOWN (HTTP status 400) during PutObject operation: ExpiredToken", "accept"),
        ("AWS Error UNKNOWN (HTTP status 301) during PutObject operation: PermanentRedirect", "another region"),
        ("Looks like the configured region is '' while the bucket is located in 'eu'. is in region: eu", "region"),
        (CURL + "curlCode: 35, SSL connect error; Details: wrong version number", "no secure connection"),
    ],
)
def test_what_does_not_pass_is_told_with_a_remedy(text: str, found: str) -> None:
    refusal = refusal_of(OSError(text), ADDRESS)
    assert refusal is not None
    assert found in refusal.found
    assert refusal.remedy.endswith("Then run the same command again.")


def test_a_prefix_without_objects_is_told_from_a_bucket_that_is_not_there() -> None:
    gcs = "google::cloud::Status(NOT_FOUND: 404 error_info={metadata={gcloud-cpp.retry.function=ListObjects}})"
    refusal = refusal_of(FileNotFoundError(gcs), ADDRESS)
    assert refusal is not None
    assert "no such bucket" in refusal.found
    assert not says_no_folder(FileNotFoundError(gcs))
    assert says_no_folder(FileNotFoundError("Path does not exist 'bucket/study'"))
    assert says_no_folder(OSError("No such file or directory 'bucket/study'"))
    assert not says_no_folder(OSError("AWS Error NO_SUCH_BUCKET during ListObjectsV2 operation"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CURL + "curlCode: 7, Could not connect to server; Details: Failed", "Could not connect to server"),
        (CURL + "curlCode: 28, Timeout was reached; Details: too slow", "Timeout was reached"),
        ("AWS Error SLOW_DOWN during PutObject operation: Reduce your request rate.", "SLOW_DOWN"),
        ("AWS Error INTERNAL_FAILURE during PutObject operation: We encountered an error", "INTERNAL_FAILURE"),
        ("google::cloud::Status(UNAVAILABLE: Retry policy exhausted)", "UNAVAILABLE"),
        ("objects/a did not arrive whole", "objects/a did not arrive whole"),
    ],
)
def test_what_may_pass_is_no_refusal(text: str, reason: str) -> None:
    assert refusal_of(OSError(text), ADDRESS) is None
    assert reason_of(OSError(text)) == reason


def test_a_silent_store_is_named_with_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    error = silence_of(OSError(CURL + "curlCode: 7, Could not connect to server"), ADDRESS, 30.2)
    assert error.where == "s3://bucket/study at http://127.0.0.1:9"
    assert "30 s (Could not connect to server)" in error.found

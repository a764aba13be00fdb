"""What a store's errors mean: which ones end the study at once, in words, and which ones may pass."""

from __future__ import annotations

import re

from mtl_core.errors import UserError
from study.store.remote.address import Address, endpoint

_KINDS: tuple[tuple[str, str, str], ...] = (
    (
        r"NO_SUCH_BUCKET|NoSuchBucket|bucket does not exist|NOT_FOUND.*function=ListObjects",
        "there is no such bucket.",
        "Make it, or mend the name; a server other than that of AWS is named by AWS_ENDPOINT_URL.",
    ),
    (
        r"INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|InvalidAccessKeyId|SignatureDoesNotMatch|EXPIRED_TOKEN|"
        r"ExpiredToken|InvalidToken|INVALID_CLIENT_TOKEN_ID|UNAUTHENTICATED",
        "the store does not accept the credentials.",
        "Mend AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or GOOGLE_APPLICATION_CREDENTIALS.",
    ),
    (
        r"ACCESS_DENIED|AccessDenied|HTTP response code: 403|HTTP status 403|PERMISSION_DENIED",
        "these credentials, or none, may not do that there.",
        "Allow reading, listing, writing and deleting below the address, or give the credentials of who may.",
    ),
    (
        r"PERMANENT_REDIRECT|PermanentRedirect|AuthorizationHeaderMalformed|HTTP response code: 301|is in region|"
        r"region .* is wrong|IllegalLocationConstraint",
        "the bucket is in another region.",
        "Set AWS_REGION to the region of the bucket.",
    ),
    (
        r"SSL connect error|SSL peer certificate|wrong version number|certificate",
        "no secure connection is made.",
        "See whether AWS_ENDPOINT_URL should begin with http://, or have the server's certificate accepted.",
    ),
)


def refusal_of(error: OSError, address: Address) -> UserError | None:
    """Return what the user has to mend; ``None``: the error may pass, as one of the network does."""
    text = str(error)
    for pattern, found, remedy in _KINDS:
        if re.search(pattern, text):
            return UserError(_where(address), found, f"{remedy}  Then run the same command again.")
    return None


def says_no_folder(error: OSError) -> bool:
    """Return whether a listing failed because nothing is below its prefix, which is no error of a store."""
    text = str(error)
    if "google::cloud::Status(NOT_FOUND" in text:  # what GCS says of a bucket, while pyarrow itself speaks of a prefix
        return False
    return isinstance(error, FileNotFoundError) or text.startswith("No such file or directory")


def silence_of(error: OSError, address: Address, seconds: float) -> UserError:
    """Return the error of a store that did not answer, or failed, for ``seconds``."""
    found = f"the store failed or was silent for {seconds:.0f} s ({reason_of(error)})."
    remedy = "See to the network or the server; then run the same command again: it goes on from here."
    return UserError(_where(address), found, remedy)


def reason_of(error: OSError) -> str:
    """Return the short reason of an error, without the parts of a request that it may quote."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    shapes = (r"curlCode: \d+, ([^;]+)", r"AWS Error ([A-Z_]+)", r"google::cloud::Status\(([A-Z_]+)")
    named = next((match for shape in shapes if (match := re.search(shape, text))), None)
    return (named[1] if named else text).strip().rstrip(".")[:120]


def _where(address: Address) -> str:
    server = endpoint() if address.scheme == "s3" else None
    return str(address) if server is None else f"{address} at {server}"

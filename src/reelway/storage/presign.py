"""Add a header that S3 shall answer with to a presigned URL.

obstore signs URLs without further parameters, and S3 takes `response-content-disposition` only under the signature.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html read 2026-11-23
"""

import hashlib
import hmac
from functools import reduce
from urllib.parse import parse_qsl, quote, urlsplit


def with_answer(url: str, method: str, secret: str, name: str, value: str) -> str:
    """`url`, presigned by AWS4-HMAC-SHA256, signed anew to be answered with that header."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    del query["X-Amz-Signature"]
    query[f"response-{name}"] = value
    asked = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(query.items()))
    request = "\n".join((method, parts.path, asked, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
    scope = query["X-Amz-Credential"].partition("/")[2]
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest))
    key = reduce(_hmac, scope.split("/"), f"AWS4{secret}".encode())
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{asked}&X-Amz-Signature={_hmac(key, text).hex()}"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), hashlib.sha256)

"""What base64gzip compresses."""

import base64
import gzip


def test_base64gzip_holds_the_text_and_no_time(call):
    data = base64.b64decode(call("base64gzip", "hello hello"))
    assert gzip.decompress(data) == b"hello hello"
    assert data[4:8] == b"\0\0\0\0"
    assert call("base64gzip", "hello hello") == call("base64gzip", "hello hello")

"""Market data: trades, bars, and the objects in S3 that hold them."""

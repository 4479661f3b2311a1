"""What the functions know of market data: trades, bars, and the objects in S3 that hold them."""

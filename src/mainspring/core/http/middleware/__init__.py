"""The middleware, one concern a file, in the order of R-041. Each is pure ASGI.

A layer that only looks at the request returns the inner application's awaitable instead of awaiting it, so it costs no frame of
its own; headers for the answer are put into `exchange.headers`, which the outermost layer adds when the answer starts.
"""

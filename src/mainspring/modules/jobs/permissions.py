"""Who may look after the jobs of others. One's own need no permission."""

from mainspring.core.security.permission import Permission

READ = Permission("jobs:read", "See every job with its order")
MANAGE = Permission("jobs:manage", "Run dead jobs again and cancel any job")

"""Who may see other people's payments. One's own need no permission."""

from mainspring.core.security.permission import Permission

READ = Permission("payments:read", "See the payments of others")

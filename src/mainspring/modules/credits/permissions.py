"""Who may send credits and who may bring new ones in. One's own account is seen without a permission."""

from typing import Annotated

from mainspring.core.security.guard import own_or, require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

TRANSFER = Permission("credits:transfer", "Send one's own credits", roles=("moderator", "user"))
DEPOSIT = Permission("credits:deposit", "Give credits to users from the house account, and see every transfer")

Sender = Annotated[Principal, require(TRANSFER, in_person=True)]
Depositor = Annotated[Principal, require(DEPOSIT)]
TransferSeer = Annotated[Principal, own_or(DEPOSIT)]

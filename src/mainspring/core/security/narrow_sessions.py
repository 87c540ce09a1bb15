"""Guards for routes that treat two kinds of sessions in a way of their own: those that may do nothing before a second factor is
set up, and those in which somebody acts as another. Every other guard refuses the former, and those for people the latter too.
"""

from typing import Annotated, Any

from fastapi import Depends

from .guard import RecentlySignedIn, SignedIn
from .principal import Principal

in_person: Any = Depends(SignedIn(in_person=True))
"""A guard: somebody is signed in, by an API key or himself, and nobody acts as him."""

InPerson = Annotated[Principal, in_person]

CurrentUserOrEnrolling = Annotated[Principal, Depends(SignedIn(enrolling=True))]
PersonOrEnrolling = Annotated[Principal, Depends(SignedIn(people_only=True, enrolling=True))]
RecentOrEnrolling = Annotated[Principal, Depends(RecentlySignedIn(enrolling=True))]
AnySession = Annotated[Principal, Depends(SignedIn(people_only=True, in_person=False, enrolling=True))]

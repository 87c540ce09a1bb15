"""What organizations keep about somebody, for him to take along."""

from mainspring.core.personal_data import collected


async def test_memberships_and_open_invitations_are_taken_along(app, ada, bob, carol, society):
    id = await society.make(ada, name="Engines", slug="engines")
    await society.join(ada, id, bob)
    await society.invite(carol, await society.make(carol, name="Looms"), bob.email)

    data = (await collected(app.application, bob.id))["organizations"]

    (membership,), (invitation,) = data["memberships"], data["invitations"]
    assert (membership["organization_id"], membership["name"], membership["role"]) == (id, "Engines", "member")
    assert (invitation["organization"], invitation["role"]) == ("Looms", "member")
    assert not any(str(other.id) in str(data) for other in (ada, carol))

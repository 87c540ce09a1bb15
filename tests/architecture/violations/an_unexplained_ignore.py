# caught by: nothing_is_left_to_do
# place: core/planted.py
number: int = "one"  # type: ignore[assignment]

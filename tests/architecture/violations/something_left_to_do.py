# caught by: nothing_is_left_to_do
# place: core/planted.py
# TODO: think

"""Job queues side by side: Mainspring and those a team would otherwise take, each doing the same four things."""

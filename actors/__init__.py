"""Rollouts: policies that generate turns, and the Ray actors that play episodes with them."""

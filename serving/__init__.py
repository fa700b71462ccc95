"""The trained analyst behind Ray Serve; arrives with the serving work."""

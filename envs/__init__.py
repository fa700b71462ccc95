"""The world the policy acts in, and the records every other package passes around; imports nothing of ours."""

"""Training: packing, losses, the DeepSpeed engine, SFT, GRPO and the push of new weights."""

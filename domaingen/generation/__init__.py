"""From descriptions to candidate names: engines that run a model, the text that it reads and writes, and
names composed without it."""

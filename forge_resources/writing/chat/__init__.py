"""Text engines that ask a chat model: settings, prompts' use, calls, faults, replies, and the engines themselves."""

"""What is known of tokens: what they say, which are dead, who showed a bad one."""

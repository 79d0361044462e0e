"""The adapter new-broker of brokerkit, and the sandbox face that it is tested against."""

"""What others write: text, names of hosts, addresses of mailboxes. Bounded before anything else is done with it."""

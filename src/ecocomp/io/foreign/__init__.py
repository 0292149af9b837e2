"""What runs inside the child process: each module makes one kind of foreign file clean. Nothing else imports these."""

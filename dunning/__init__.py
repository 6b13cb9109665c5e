"""What happens when nobody pays: workflows, reminders, escalation."""

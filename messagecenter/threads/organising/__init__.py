"""The pages and answers with which a mailbox keeps order: filing, folders and labels, rules, saved filters."""

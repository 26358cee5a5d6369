"""Whether anything is lost or doubled while processes die, servers vanish and mail is refused."""

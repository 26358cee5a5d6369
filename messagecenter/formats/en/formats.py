"""English dates and times: "1:00 PM", as "1 p.m." at the end of a sentence would have two full stops."""

TIME_FORMAT = "g:i A"
DATETIME_FORMAT = "N j, Y, g:i A"
SHORT_DATETIME_FORMAT = "m/d/Y g:i A"

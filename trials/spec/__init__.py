"""The sweep file as frozen values, and the ids and labels of trials. No I/O, no rules between sections."""

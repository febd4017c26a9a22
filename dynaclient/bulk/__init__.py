"""Many rows through one operation: split into requests, paced, retried, put in order, and kept on disk so that nothing is paid for twice.

What may be split, and how results line up with inputs, is what the document says (``x-dynaclient-batch``). An operation that says nothing is called once for each row.
"""

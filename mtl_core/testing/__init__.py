"""Contract suites: what every architecture, weighting method, backbone and task set promises, for entries anywhere.

``check_sharing("mine")``, ``check_weighting("mine")``, ``check_backbone("mine")`` and ``check_task_set("mine")`` put
the whole contract of a kind to one entry of the registry.  They raise an ``AssertionError`` that names the entry, the
case and the promise that is not kept.  Each module also offers its single checks, for a test suite that wants one
result each.  The repository's own tests run the same checks on every entry.
"""

"""What a policy allows: IAM's evaluation logic, risks, and mistakes in policies.

Pure: takes documents and requests as values, never reads AWS. Neighbours: `core` below; `plan` and `report`
ask here.
"""

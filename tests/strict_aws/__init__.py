"""What AWS does, as cases that the strict AWS must pass, and moto and the real AWS where they can be asked.

An emulator tested against its own author's reading proves little, so each case says which rule it comes from
(`docs/aws-rules.md` by section) and how that rule is known: `READ` in a source, or `INFERRED`. `targets.py` has the
targets; a case runs on the strict AWS by both doors, on moto where moto is right, and on two sandbox accounts of the
real AWS if `AWS_CONTRACT_PROFILES` names their profiles.
"""

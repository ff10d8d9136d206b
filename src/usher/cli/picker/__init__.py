"""The picker: choosing one of thousands of profiles by typing a few letters.

Owns matching and ranking (`match`), what stands where on the screen (`columns`, `frame`), the first paint
(`first`) and the keys (`app`, the only home of prompt_toolkit). Opens no profile and reads no file:
`cli/picking.py` brings the profiles and does what was picked. docs/decisions/0006-picker.md says why.
"""

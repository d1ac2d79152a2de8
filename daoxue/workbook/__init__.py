"""What a centre is, in one workbook: a sheet for each kind of thing, written out, filled in by people, taken back."""

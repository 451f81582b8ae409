# How things are put in a row.

list-separator = ,{" "}
list-cut = { $shown } and { $more } more

# How things are put in a row.

list-separator = ,{" "}
sentence-separator = {" "}
list-cut = { $shown } and { $more } more
more-like-this = { $line } (and { $count } more like this)

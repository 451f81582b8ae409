# ものを並べるとき。

list-separator = 、
sentence-separator = {""}
list-cut = { $shown } ほか { $more } 件
more-like-this = { $line }（ほか同様のもの { $count } 件）

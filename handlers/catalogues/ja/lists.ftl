# ものを並べるとき。

list-separator = 、
list-cut = { $shown } ほか { $more } 件

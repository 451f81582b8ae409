# アプリのホームタブ。

home-title = AMI の共有
home-decide = あなたの承認待ち
home-mine = あなたのリクエスト
home-running = 進行中
home-shared = 共有中
home-nothing = 依頼中のものも、共有中のものもありません。
home-more = … ほか { $count } 件。{ $command } で表示できます。

# クリックやコマンドに対して、その人だけに伝えること。

no-such-request = リクエスト { $request } は見つかりません。
received = :mag: { $images } を確認しています（リクエスト { $request }）。問題がなければ { $channel } で承認を依頼します。いずれの場合も、ダイレクトメッセージでお知らせします。
received-revoke = :mag: { $share } について取り消せるものを確認しています（リクエスト { $request }）。その後 { $channel } で承認を依頼します。いずれの場合も、ダイレクトメッセージでお知らせします。
received-audit = :mag: AWS を承認内容と比べています（リクエスト { $request }）。違いがあれば、修正内容とともに { $channel } に表示します。いずれの場合も、ダイレクトメッセージでお知らせします。
received-retire = :mag: 保持数を超えるコピーを探しています（リクエスト { $request }）。見つかったものは、削除する前に { $channel } に表示します。いずれの場合も、ダイレクトメッセージでお知らせします。
not-understood = 入力を理解できませんでした。
like-this = 例: { $example }。詳しくは { $help } をご覧ください。
slack-silent-on-you = 今は Slack からあなたの情報を確認できません。1 分ほどしてからもう一度お試しください。
user-group-gone = 設定にあるユーザーグループ { $group } が Slack からなくなったか、参照できません。このボットを運用している担当者が修正するまで、新しい依頼は受け付けられません。
form-not-opened = Slack でフォームを開けませんでした。1 分ほどしてから、もう一度お試しください。
slack-silent-on-approvers = 今は Slack から承認者を確認できません。1 分ほどしてからもう一度お試しください。
unexpected = :x: 予期しない問題が起きました。AWS では何も変更されていません。このボットを運用している担当者は、ログの参照番号 { $reference } で詳細を確認できます。
received-preview = :mag: 内容を確認しています（リクエスト { $request }）。結果は、ダイレクトメッセージであなただけにお見せします。
no-image-in-message = そのメッセージに AMI ID が見つかりません。`ami-0123456789abcdef0` のような形です。
cancelled = :wastebasket: { $request } を取り下げました。
retrying = :repeat: { $names }を再試行します。経過はリクエストのスレッドでお知らせします。

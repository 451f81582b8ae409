# リクエストとそのコピーについて述べる文。

## リクエストの種類と状態: 承認メッセージの見出し（プレーンテキスト）

title-share = AMI の共有: { $state ->
    [checking] 確認中
    [awaiting_approval] 承認が必要です
    [approved] 承認済み
    [preparing] 先に再暗号化中
    [applying] 適用中
    [copying] コピー中
    [completed] 完了
    [denied] 却下
    [expired] 期限切れ
    [cancelled] 取り下げ済み
    [refused] 実行できなくなりました
    [revoking] 取り消し中
    [revoked] 取り消し済み
   *[failed] 失敗
}
title-revoke = AMI の共有の取り消し: { $state ->
    [checking] 確認中
    [awaiting_approval] 承認が必要です
    [approved] 承認済み
    [applying] 適用中
    [completed] 完了
    [denied] 却下
    [expired] 期限切れ
    [cancelled] 取り下げ済み
    [refused] 実行できなくなりました
   *[failed] 失敗
}
title-audit = AMI の監査: { $state ->
    [checking] 確認中
    [awaiting_approval] AWS が承認内容と異なります
    [approved] 承認済み
    [applying] 修正中
    [completed] 修正済み
    [denied] 却下
    [expired] 期限切れ
    [cancelled] 取り下げ済み
    [refused] 実行できなくなりました
    [revoking] 取り消し中
    [revoked] 取り消し済み
    [compared] 比較済み
   *[failed] 失敗
}
title-retire = AMI の整理: { $state ->
    [checking] 確認中
    [awaiting_approval] 削除できるコピーがあります
    [approved] 承認済み
    [applying] コピーを削除中
    [completed] 完了
    [denied] 却下
    [expired] 期限切れ
    [cancelled] 取り下げ済み
    [refused] 実行できなくなりました
   *[failed] 失敗
}

## 誰が何を依頼しているか

asks-share = { $trigger ->
    [standing] { $who } さんに代わって継続共有
   *[other] { $who } さん
}が、{ $images } を { $targets } に{ $mode ->
    [copy] それぞれの暗号化コピーとして
    [copy_then_unshare] それぞれの暗号化コピーとして（完了後、共有元の許可は取り消し）
   *[share] コピーなしで、元のイメージから起動できるように
}{ $auto_scaling ->
    [yes] （Auto Scaling も含めて）
   *[no] {""}
}共有することを依頼しています。{ $until ->
    [never] {""}
   *[other] 期限は { $until } で、その後は取り消されます。
}
asks-revoke = { $who } さんが、{ $what }{ $deregister ->
    [yes] 、さらにコピーの登録を解除する
   *[no] {""}
}ことを依頼しています。
asks-audit = { $trigger ->
    [calendar] 定期監査
   *[other] { $who } さんの監査
}で{ $scope ->
    [share] 、{ $subject } について
    [images] 、{ $subject } について
   *[all] {""}
}{ $found ->
    [yes] 承認内容と AWS を比べたところ、違いが見つかりました。
   *[no] 承認内容と AWS を比べます。
}
asks-retire = { $trigger ->
    [calendar] 定期実行
   *[other] { $who } さん
}が、保持数を超え、どこからも使われていないコピーの削除を依頼しています。

take-back-all = { $share } で与えたものを取り消す
take-back = { $share } で与えたもの（{ $images } と { $targets } の共有）を取り消す
do-share = { $images } を { $targets } と共有する

targets-in-regions = { $names }（{ $regions }）

## 承認を待つ間、依頼者に伝えること

asked-request = :hourglass_flowing_sand: { $what }リクエスト { $request } は、{ $channel } で承認を待っています。
asked-audit = :mag: 監査 { $request } で、AWS が承認内容と異なることが分かりました。修正内容は { $channel } で承認を待っています。
asked-retire = :mag: { $request } で、保持数を超えるコピーが見つかりました。その削除は { $channel } で承認を待っています。
unreachable = :warning: { $channel } に投稿できないため、承認者にリクエスト { $request } が届いていません。{ $why ->
    [not_in_channel] このボットがチャンネルに参加していません。チャンネルのメンバーなら、どなたでも `/invite` で招待できます。
    [channel_not_found] 非公開チャンネルにこのボットが参加していないか、チャンネルがなくなっています。チャンネルのメンバーなら、どなたでも `/invite` で招待できます。
    [is_archived] チャンネルがアーカイブされています。アーカイブの解除が必要です。
   *[other] Slack の応答は `{ $why }` です。このボットを運用している担当者にお知らせください。
}投稿できるまで、自動的に再試行します。
reachable-again = :white_check_mark: { $channel } に投稿できるようになり、リクエスト { $request } を表示しました。
cut-down-narrowed = :scissors: リクエスト { $request }（{ $images }）の共有先が絞られました。
cut-down-part = :information_source: リクエスト { $request }（{ $images }）の一部は承認されませんでした。残りは引き続き進めます。

## プラン

plan-changes = *変更内容（この順に実行）*
plan-repairs = *修正内容（この順に実行）*
plan-in-short = _全 { $count } 件の変更をまとめて表示しています。1 件ごとの内容は「詳細」で確認できます。_
plan-reuse = • { $account } の { $region } には適切なコピー { $copy } がすでにあるため、新しくは作成しません
plan-changes-nothing = AWS で変更が必要なものはありません。すべてすでにあります。承認すると、この共有が続く間は維持されます。
plan-finds-nothing = AWS で変更が必要なものはありません。または、すでに不要になりました。
plan-takes-nothing = AWS で変更が必要なものはありません。他でも同じ許可が必要か、何も与えていないためです。

confirm-share = { $images } を { $count ->
    [1] { $targets } { $copied ->
        [yes] にコピーします。
       *[no] と共有します。
    }
   *[other] { $count } 件の共有先（{ $targets }）{ $copied ->
        [yes] にコピーします。
       *[no] と共有します。
    }
}
confirm-revoke = { $count ->
    [0] 対象のアカウント
    [1] { $targets }
   *[other] { $count } 件の共有先（{ $targets }）
}から、{ $share } で与えたものを取り消します。
confirm-audit = 表示のとおり、AWS を承認内容に合わせます。
confirm-retire = 表示されたコピーの登録を解除し、スナップショットを削除します。

estimate-time = :hourglass: 約 { $span }（過去のコピー { $earlier } 件に基づく）
estimate-cost = :moneybag: 月額で最大 { $monthly }{ $transfer ->
    [none] {""}
   *[other] 、転送に一度だけ { $transfer }
}（{ $gib } GiB すべてが使用中の場合）
span-hours = { $hours } 時間
span-hours-minutes = { $hours } 時間 { $minutes } 分
span-minutes = { $minutes } 分

## イメージ

image-name = イメージ
image-made = 作成日時
image-age = { $days ->
    [0] 作成から 1 日未満
   *[other] 作成から { $days } 日
}
image-owner = 所有者
image-kind = 種類
image-owned = { $account }（{ $region }）
image-size = { $gib } GiB
image-stands-for = { $image } の代わり
image-not-encrypted = 暗号化なし
image-encrypted = 暗号化キー: { $keys }
image-in-short = • { $image } { $name }、作成 { $made }（{ $age }）、{ $gib } GiB、{ $encryption }

## リクエストの現状

standing-waiting = 承認待ちです。期限は { $expires } です。
standing-expired = :hourglass: 期限までに承認も却下もされませんでした。
standing-revoking = { $by } により取り消し中です。
standing-revoked = :lock: { $by } により取り消されました。
standing-other = 現在: { $state }。
replanned = { $waiting ->
    [yes] :warning: 承認後に AWS の状態が変わり、承認された範囲を超える変更が必要になりました。上のメッセージに現在のプランを表示しています。あらためて承認をお願いします。
   *[no] :repeat: 承認後に AWS の状態が変わり、承認された範囲を超える変更が必要になったため、あらためて承認をお願いしました。
}

## 共有元で行われたこと

settled-given = :key: 許可を設定し、読み直して確認しました: { $done }。
settled-taken = :lock: 許可を取り消し、読み直して確認しました: { $done }。
settled-nothing = 変更の必要なし
settled-separator = 、
settled-allow-key-use = { $count } 個のキーのキーポリシーに追加
settled-allow-key-administration = { $count } 個のキーに管理者を追加
settled-create-key-grant = KMS 許可 (grant) を { $count } 件作成
settled-add-create-volume-permission = { $count } 個のスナップショットに `createVolumePermission` を付与
settled-add-launch-permission = { $count } 個のイメージに `launchPermission` を付与
settled-remove-launch-permission = { $count } 個のイメージの `launchPermission` を取り消し
settled-remove-create-volume-permission = { $count } 個のスナップショットの `createVolumePermission` を取り消し
settled-revoke-key-grant = KMS 許可 (grant) を { $count } 件取り消し
settled-withdraw-key-administration = { $count } 個のキーから管理者を削除
settled-withdraw-key-use = { $count } 個のキーのキーポリシーから削除
opened = • { $organizations } のすべてのアカウントが、{ $region } で { $image } を起動できます。

## 再暗号化とコピー

prepared-done = :white_check_mark: { $image }: 同じアカウントで { $copy } として再暗号化し、代わりに共有します
prepared-percent = :arrows_counterclockwise: { $image }: 同じアカウントで { $copy } として再暗号化中、{ $percent } %
prepared-started = :arrows_counterclockwise: { $image }: 同じアカウントで { $copy } として再暗号化を開始
copies = *コピー*
copies-in-numbers = { $all } 件中 { $done } 件完了、{ $running } 件進行中、{ $waiting } 件待機中、{ $failed } 件失敗
delivery-name = *{ $target }*（{ $account }、{ $region }）
delivery-name-of-image = *{ $target }*（{ $account }、{ $region }）{ $image }
delivery-reused = :white_check_mark: { $name }: { $copy } がすでにありました
delivery-completed = :white_check_mark: { $name }: { $copy } が使えるようになり、意図どおり暗号化されています
delivery-retired = :wastebasket: { $name }: 承認に基づき、{ $copy } の登録を解除しました
delivery-failed = :x: { $name }: 失敗
delivery-clearing = :x: { $name }: コピーに失敗し、後片付けをしています
delivery-waiting = :hourglass_flowing_sand: { $name }: 開始待ち
delivery-started = :arrows_counterclockwise: { $name }: { $copy } を開始{ $left ->
    [unknown] {""}
   *[other] 、残り約 { $left }
}
delivery-copying = :arrows_counterclockwise: { $name }: { $copy } { $bar } { $percent } %{ $left ->
    [unknown] {""}
   *[other] 、残り約 { $left }
}
delivery-unseen = :grey_question: { $name }: 現在、このコピーの状態を確認できません: { $why }
delivery-tried-again = :repeat: { $name }の最初のコピーは失敗しました。キーが使えるようになった直後だったことが原因と思われます。後片付けをして、もう一度試します。
delivery-trouble = { $over ->
    [yes] :x:
   *[no] :warning:
} { $name }は失敗しました。{ $why }
delivery-failed-before = :repeat: { $name }は失敗し、{ $who } さんが再試行しました（{ $when }）。失敗した理由: { $why }
retried = :repeat: { $who } さんが { $names }を再試行します（{ $when }）。先に許可を確認し、そのあと新しいコピーを作成します。
from-image = 元: { $image }
more-lines = … ほか { $count } 件

## 結果

share-yours = 共有（{ $request }、{ $images }）
share-of-another = 共有（{ $request }、{ $images }）
end-share-partly = :warning: { $subject }は、{ $count } { $unit ->
    [account] アカウント
   *[delivery] 件のコピー
}のうち { $done } { $unit ->
    [account] アカウント
   *[delivery] 件
}で完了し、残りは失敗しました。
end-share-completed = :white_check_mark: { $subject }が完了しました。次のイメージを使えます。
end-share-cut-down = :white_check_mark: { $subject }は、承認された範囲で完了しました。対象外になったものと、使えるイメージは次のとおりです。
end-share-failed = :x: { $subject }は失敗しました。
end-share-halfway = :x: { $subject }は権限の設定中に失敗しました。一部の権限が付与されている可能性があります。残りを設定するにはもう一度依頼し、やめる場合は取り消してください。
end-share-refused = :no_entry: { $images } を { $targets } と共有できません（{ $request }）。
end-share-denied = :no_entry: { $subject }は却下されました。
end-share-expired = :hourglass: { $subject }は、期限までに承認も却下もされなかったため、期限切れになりました。まだ必要な場合は、もう一度依頼してください。
end-revoke-completed = :lock: 共有で与えたものを取り消しました（{ $request }、対象 { $share }）。{ $copies ->
    [0] {""}
   *[other] { $copies } 個のコピーの登録を解除し、スナップショットも削除しました。
}
end-revoke-left = :warning: 共有で与えたもののうち、一部しか取り消せませんでした（{ $request }、対象 { $share }）。{ $copies ->
    [0] {""}
   *[other] { $copies } 個のコピーの登録を解除し、スナップショットも削除しました。
}残りは、次の原因を取り除いてから、もう一度取り消しを依頼してください。
end-revoke-partly = :warning: 共有で与えたものを取り消しました（{ $request }、対象 { $share }）が、登録を解除できなかったコピーがあります。
end-revoke-refused = :no_entry: その共有を取り消せません（{ $request }、対象 { $share }）。
end-revoke-denied = :no_entry: 共有の取り消し（{ $request }、対象 { $share }）は却下されました。
end-revoke-expired = :hourglass: 共有の取り消し（{ $request }、対象 { $share }）は、期限までに承認も却下もされなかったため、期限切れになりました。
end-revoke-failed = :x: 共有の取り消し（{ $request }、対象 { $share }）は失敗しました。与えたものがまだ残っている可能性があります。
end-audit-nothing = :white_check_mark: AWS は承認内容のとおりです（{ $what }）。修正するものはありません。
end-audit-stuck = :warning: AWS は承認内容と異なりますが、このボットでは修正できません（{ $what }）。
end-audit-completed = :white_check_mark: AWS は再び承認内容のとおりになりました（{ $what }）。
end-audit-partly = :warning: 監査（{ $what }）で見つかった違いを、次のものを除いて修正しました。
end-audit-denied = :no_entry: 監査（{ $what }）で見つかった違いの修正は却下されました。
end-audit-expired = :hourglass: 監査（{ $what }）で見つかった違いは、期限までに承認も却下もされなかったため、修正されていません。
end-audit-failed = :x: 監査（{ $what }）は失敗しました。
audit-of-share = { $request }、対象 { $share }
audit-of-images = { $request }、対象 { $images }
end-retire-nothing = :white_check_mark: 保持数を超えるコピーがないか、あっても登録を解除できません（{ $request }）。
end-retire-completed = :wastebasket: { $gone ->
    [0] 登録を解除したコピーはありません
   *[other] { $gone } 個のコピーの登録を解除し、スナップショットを削除しました
}（{ $request }）。{ $staying ->
    [0] {""}
   *[other] 残ったコピーとその理由は次のとおりです。
}
end-retire-denied = :no_entry: コピーの削除（{ $request }）は却下されました。コピーは残ります。
end-retire-expired = :hourglass: コピーの削除（{ $request }）は、期限までに承認も却下もされませんでした。コピーは残ります。
end-retire-failed = :x: コピーの削除（{ $request }）は失敗しました。一部は削除された可能性があります。

calendar-found = :calendar: { $kind ->
    [retire] 保持数を超えるコピーの定期確認の結果です。
   *[audit] 定期監査の結果です。
}
calendar-only-news = 新たに見つかったものがない限り、次回以降は通知しません。

taken-back = :lock: 共有（{ $request }、{ $images } と { $targets }）で与えたものを取り消しました。理由: { $why ->
    [end_date] 承認されたとおり、期限が来たため
    [copies_done] 承認されたとおり、コピーが完了し共有元を閉じたため
   *[person] 依頼があり、承認されたため
}（{ $by }）。
ending-failed = :warning: { $who } さん、{ $share } の{ $why ->
    [end_date] 期限
   *[copies_done] コピーの完了
}に伴い、与えたもの（{ $images } と { $targets } の共有）を取り消すはずでしたが、失敗しました（{ $request }）。毎日やり直しますが、次の原因は担当者が取り除く必要があります。
ending-partly = :warning: { $who } さん、{ $share } の{ $why ->
    [end_date] 期限
   *[copies_done] コピーの完了
}に伴い、与えたもの（{ $images } と { $targets } の共有）を取り消すはずでしたが、一部を取り消せませんでした（{ $request }）。残りは毎日やり直しますが、次の原因は担当者が取り除く必要があります。

## プレビュー

title-preview = AMI の共有: プレビューのみ
asks-preview = { $images } を { $targets } と共有した場合の内容です。依頼はされておらず、何も変更されません。
preview-nothing-asked = あなただけに表示されるプレビューです。
end-preview-refused = :no_entry: { $images } を { $targets } と共有することはできません（{ $request }）。
end-preview-failed = :x: プレビュー（{ $request }）に失敗しました。

## リクエストについて表示するその他のこと

ticket = チケット: { $ticket }
image-old = { $image } は作成から { $days } 日たっています。
environment = { $environment } 環境が対象に含まれています: { $targets }
policy-diff = *{ $key } のキーポリシーにあるこのボットのステートメントの変更前と変更後*
details-title = 詳細
details-close = 閉じる
button-details = 詳細
button-notify = 通知を受け取る
button-retry = 再試行
button-retry-one = { $name } を再試行
button-retry-all = 失敗分をすべて再試行
button-stop-notifying = 通知をやめる
button-again = もう一度依頼…
button-revoke = 取り消す…
button-revoke-confirm = 依頼する
button-keep = そのまま
button-fill-in = フォームに入力
label-retry = { $request } で失敗したものを再試行
label-revoke = { $request } で与えたものを取り消す
question-take-back = この共有を取り消しますか？
confirm-take-back = 承認を依頼し、承認後に { $request } で与えたものを取り消します。コピーは残ります。
notify-noted = :bell: { $request } が終わったら、ダイレクトメッセージでお知らせします。
notify-already = { $request } が終わったときのお知らせは、すでに設定されています。
notify-stopped = :no_bell: { $request } が終わっても、お知らせしません。
notify-too-late = { $request } はすでに終わっています。
watched-end = :bell: { $who ->
    [nobody] リクエスト
   *[other] { $who } さんのリクエスト
} { $request }:
digest = :white_check_mark: { $count } 件の共有が完了しました。
digest-line = • { $request }{ $who ->
    [reader] {""}
   *[other] （{ $who } さんのリクエスト）
}: { $images } を { $targets } と共有{ $left_out ->
    [yes] （承認された範囲のみ）
   *[no] {""}
}
digest-ready = 次のイメージを使えます。

## リクエストの一覧

list-waiting = *承認待ち*
list-running = *進行中*
list-in-force = *共有中*
list-ended = *終了*
list-nothing = { $whose ->
    [mine] あなたのリクエストはありません。全員のものは `list all` で表示できます。
   *[all] 依頼中のものも、共有中のものもありません。
}
list-line = { $request }: { $images } → { $targets } · { $state }{ $until ->
    [never] {""}
   *[other] {" "}· 期限 { $until }
}
list-line-other = { $request }: { $kind ->
    [revoke] 共有の取り消し
    [audit] 監査
   *[retire] 整理
} · { $state }
status = *{ $request }* · { $title }

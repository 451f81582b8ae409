# 承認：誰が何を決めるか、誰が決めたか、ボタン、そしてクリックしても何も変わらなかった人に伝えること。

to-be-decided = { $who } の承認をお待ちしています。
to-be-decided-by-several = { $approved ->
    [0] { $who } のうち { $count } 名の承認が必要です。まだ誰も承認していません。
   *[other] { $who } のうち { $count } 名の承認が必要です。{ $count } 名中 { $approved } 名が承認しました: { $by }
}
nobody-may = :warning: このリクエストを承認できる人がほかにいません。
part = ルール { $rule }: { $targets }（期限: { $when }）
parts-later = { $count ->
   *[other] ほかに { $count } 件あります。上の項目が決まると表示されます。
}
story-elsewhere = 複数のチャンネルで承認をお願いしています。経過は { $channel } でお知らせします。
story-link = こちらのスレッド
no-targets = すべて

approve = 承認
put-it-right = 修正する
deny = 却下…
narrow = 共有先を絞る…
not-yet = まだ承認しない
approve-label = リクエスト { $request } を承認（ルール { $rule }）
deny-label = リクエスト { $request } を却下（ルール { $rule }）
narrow-label = リクエスト { $request } の共有先を絞る
question-share = この共有を承認しますか？
question-revoke = 共有を取り消しますか？
question-audit = 修正しますか？
question-retire = これらのコピーを削除しますか？

whole-approved = :white_check_mark: { $who } さんが承認しました（{ $when }）。
whole-denied = :no_entry: { $who } さんが却下しました（{ $when }）。
whole-void = :warning: { $who } さんの承認は無効になりました（{ $when }）。この件を承認する権限がなくなったためです。
part-approved = :white_check_mark: { $targets }（ルール { $rule }）を { $who } さんが承認しました（{ $when }）。
part-denied = :no_entry: { $targets }（ルール { $rule }）を { $who } さんが却下しました（{ $when }）。
part-void = :warning: { $targets }（ルール { $rule }）に対する { $who } さんの承認は無効になりました（{ $when }）。承認する権限がなくなったためです。
part-lapsed = :hourglass: { $targets }（ルール { $rule }）は期限までに承認も却下もされませんでした。
taken-out = :scissors: { $who } さんが { $targets } を共有先から外しました（{ $when }）。
narrowed-by = :scissors: { $who } さんが { $targets } を共有先から外しました（{ $when }）。残りを確認し、あらためて承認をお願いします。
narrowed-voids = これまでの承認は無効になりました。
being-checked-anew = 共有先を絞ったため、あらためて確認しています。
reminder = :bell: { $who } さん、このリクエストは承認待ちです。期限は { $when } です。

cancel-request = リクエストを取り下げる
cancel-label = リクエスト { $request } を取り下げる
cancel-question = リクエストを取り下げますか？
cancel-confirm = { $request } を取り下げます。AWS には何も変更を加えません。
cancelled-by = :wastebasket: { $who } さんが取り下げました（{ $when }）。

narrow-title = 共有先を絞る
narrow-submit = 絞る
narrow-what = 選択から外した共有先には共有されません。{ $request } の残りはあらためて確認し、承認をお願いします。これまでの承認は無効になります。
narrow-keep = 共有先
narrow-choose = 共有先を選択

objection-not-an-approver = このリクエストの承認者ではありません。承認できるのは { $who } です。
objection-own-request = ご自身のリクエストのため、ほかの方の承認が必要です。承認できるのは { $who } です。
objection-own-edit = 最後に共有先を絞ったのがご自身のため、ほかの方の承認が必要です。承認できるのは { $who } です。
objection-already-decided = { $verdict ->
    [denied] このリクエストはすでに { $by } さんが却下しました（{ $when }）。
    [lapsed] このリクエストはすでに締め切られています。期限までに承認も却下もされませんでした。
   *[approved] このリクエストはすでに { $by } さんが承認しました（{ $when }）。
}
objection-already-counted = あなたの承認はすでに数えられています（{ $when }）。{ $missing ->
   *[other] あと { $missing } 名の承認が必要です。
}
objection-not-waiting = このリクエストは承認待ちではありません。
objection-being-checked = このリクエストは現在確認中です。承認の依頼が表示されてから、もう一度ご覧ください。
objection-plan-changed = このメッセージの表示後にプランが変わりました。現在の内容をご確認のうえ、あらためて操作してください。
objection-rules-changed = このメッセージの表示後に承認ルールが変わりました。現在の内容をご確認のうえ、あらためて操作してください。
objection-expired = このリクエストは期限切れです（{ $when }）。必要な場合は、もう一度依頼してください。
objection-cancelled = このリクエストは { $by } さんが取り下げました（{ $when }）。
objection-not-the-requester = このリクエストを取り下げられるのは、依頼した { $by } さんだけです。
objection-nobodys = これは誰かの依頼ではなく、定期的な確認で見つかったものです。承認できる方が却下できます。
objection-nothing-left = 共有先がなくなってしまいます。代わりにリクエストを却下してください。
objection-nothing-removed = 共有先を 1 つ以上外すか、このフォームを閉じてください。
requester-unknown = あなたの所属グループを Slack から確認できませんでした。1 分ほどしてから、もう一度お試しください。

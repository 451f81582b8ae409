# フォームとヘルプ。Slack の上限: タイトルとボタンは 24 文字、選択肢とその説明は 75 文字。

form-title = AMI を共有
form-submit = 承認を依頼
form-submit-preview = プレビュー
form-close = キャンセル
form-image = イメージ
form-image-hint = 名前の一部か ID を入力します。共有元アカウントのイメージを 1 つ以上選べます
form-image-placeholder = イメージを選択
form-picture = { $image } · { $days } 日前 · { $encrypted ->
    [yes] 暗号化済み
   *[no] 暗号化なし
} · { $source }、{ $region }
form-picture-unknown = 共有元アカウントでまだ見つかっていません
form-targets = 共有先
form-targets-placeholder = アカウントを選択
form-target-account = アカウント { $account } · { $keys }
form-target-organization = { $organization }: 共有のみ
form-regions = リージョン
form-regions-hint = 他のリージョンにコピーする場合だけ指定します。空の場合は、イメージのあるリージョンです
form-regions-placeholder = リージョンを選択
form-mode = 方法
form-mode-copy = 暗号化コピー（推奨）
form-mode-copy-description = 共有先が、自分のキーで暗号化された自分のイメージを持ちます
form-mode-copy-then-unshare = 暗号化コピー後に共有を解除
form-mode-copy-then-unshare-description = 上に加え、コピーの完了後に共有元の許可を取り消します
form-mode-share = 共有のみ
form-mode-share-description = 共有先は元のイメージから起動し、何もコピーされません
form-choices = 「共有のみ」の場合
form-auto-scaling = Auto Scaling による起動も許可
form-auto-scaling-description = 共有先のサービスリンクロールに、イメージのキーの使用を許可します
form-until = 期限
form-until-hint = この日の終わり（UTC）に許可を取り消します。コピーは残ります
form-until-placeholder = 日付を選択
form-reason = 理由
form-reason-hint = 承認者が読みます
form-ticket = チケット
form-key = コピーのキー
form-key-hint = 共有先に表示されているものとは別のキーのエイリアス。特別な場合だけ指定します

denial-title = リクエストを却下
denial-submit = 却下
denial-needs-reason = 依頼者に伝わるので、理由を入力してください。
denial-read-by-requester = 理由は { $request } の依頼者に伝わります。

help-title = *AMI を他のアカウントと共有します*
help-copy = { $usage }: 承認後、各アカウントに暗号化されたコピーを作成します
help-by-name = { $usage }: 名前で指定すると、その名前の最新のイメージになります。チケットも表示されます
help-regions = { $usage }: 指定したリージョンにコピーを作成します（複数可）
help-key = { $usage }: 各アカウントのそのキーでコピーを暗号化します
help-no-copy = { $usage }: 各アカウントが元のイメージから起動できます。コピーは作成しません
help-auto-scaling = { $usage }: 暗号化されたイメージを Auto Scaling からも起動できます
help-then-unshare = { $usage }: コピーの完了後、共有元の許可を取り消します
help-end = { $usage } または `until 2026-12-31`: 期限が来たら取り消します
help-plan = { $usage }: 何が行われるかを、あなただけに表示します。依頼はしません
help-status = { $usage }: 現在の状態を表示します
help-list = { $usage } または `list all`: 進行中のものと、共有中のものを期限とともに表示します
help-cancel = { $usage }: 承認待ちの間に取り下げます
help-revoke = { $usage }: 承認後、共有を取り消します
help-revoke-copies = { $usage }: 共有の取り消しに加え、コピーの登録も解除します
help-audit = { $usage }: AWS を承認内容と比べ、違いがあれば修正を提案します
help-audit-one = { $usage } または `audit ami-…`: その対象だけを調べます
help-retire = { $usage }: 保持数を超え、登録を解除できるコピーを表示します
help-form = { $usage } だけを入力すると、フォームが開きます
help-verb = { $usage }: その操作の詳しい説明を表示します
help-about-share = *`share`*（省略できます）: 承認後、イメージを他のアカウントで使えるようにします。特に指定がなければ、各アカウントに暗号化されたコピーを作成します。共有先を省略すると、フォームで指定できます。
help-about-plan = *`plan`*（`preview`、`dry-run` も可）: 共有した場合に何が行われるか、または何が妨げになるかを、あなただけに表示します。依頼も変更も行いません。表示されたボタンから、そのまま依頼できます。
help-about-status = *`status`*: リクエストの状態（依頼者、決定した人、各コピーの進み具合）を表示します。
help-about-list = *`list`*（`ls`、または `status` のみも可）: 進行中の自分のリクエストと、共有中のものを期限とともに表示します。`all` を付けると、全員の分を表示します。
help-about-cancel = *`cancel`*（`withdraw` も可）: 承認待ちの間に、自分のリクエストを取り下げます。承認済みの共有は `revoke` で取り消します。
help-about-revoke = *`revoke`*（`unshare` も可）: 承認後、共有で与えた許可とキーの使用権を取り消します。他の共有に必要なものは残ります。コピーは、登録の解除を指定しない限り、各アカウントに残ります。
help-about-audit = *`audit`*（`repair` も可）: 全体、1 つの共有、または指定したイメージについて、AWS を承認内容と比べます。違いがあれば修正内容とともに表示し、承認後に修正します。
help-about-retire = *`retire`*（`retention` も可）: 設定された保持数を超えるコピーを探します。見つかったものを表示し、承認後に登録を解除します。使用中のものは残ります。
help-accounts = アカウント: { $names }
help-groups = アカウントのグループ: { $names }
help-organizations = 組織（`no copy` のみ）: { $names }
help-places = リージョン: { $names }

# 拒否、注意、失敗、補足、異議の文。キーは下の層が名付けた種類。

## できない理由

refusal-image-not-found = { $image } は、共有元として設定されているどのアカウントにも見つかりません（確認した場所: { $searched }）。ID を確認してください。作成直後の場合は、1 分ほど待ってからもう一度お試しください。
refusal-image-not-owned = { $image } はアカウント { $owner } のもので、このボットの共有元に含まれていません。共有できるのは所有者だけです。所有者に依頼するか、そのアカウントをこのボットの共有元に追加してもらってください。
refusal-source-unreadable = 共有元アカウントを参照できません: { $why }。このボットを運用している担当者が、そのアカウントのロールを直す必要があります。
refusal-image-state = { $image } は { $state } です。共有できるのは available のイメージだけです。{ $reason ->
    [none] {""}
   *[other] AWS の説明: 「{ $reason }」
}
refusal-image-disabled = { $image } は無効化されているため、共有できません。先に有効化する（EC2 コンソールの「AMI を有効にする」）か、別のイメージを選んでください。
refusal-instance-store = { $image } はインスタンスストアベースのため、コピーしても暗号化できません。先に EBS ベースのイメージを作成してください。
refusal-no-snapshot = { $image } には EBS スナップショットがなく、共有できるのは名前だけです。EBS ベースのイメージを選んでください。
refusal-marketplace-code = { $image } には AWS Marketplace のコード（{ $codes }）が付いており、AWS は他のアカウントによるコピーを認めません。共有先のアカウントでサブスクライブし、そこでインスタンスを起動して、そのインスタンスからイメージを作成してください。
refusal-billing-product = { $image } には課金対象の製品（{ $platform }）が含まれており、AWS は他のアカウントによるコピーを認めません。`no copy` で共有し、共有先のアカウントでインスタンスを起動して、そこからイメージを作成してください。
refusal-snapshot-unreadable = スナップショット { $snapshot } を参照できません: { $why }。
refusal-snapshot-state = スナップショット { $snapshot } は { $state } です。先に completed になる必要があります。
refusal-snapshot-archived = スナップショット { $snapshot } はアーカイブ階層にあります。先に標準階層へ復元してください（最大 72 時間かかります）。
refusal-aws-managed-key = { $snapshots } は AWS マネージドキー { $key } で暗号化されており、そのキーで暗号化されたものは一切共有できません。自アカウント内でカスタマーマネージドキーを使ってイメージをコピーし、そのコピーを共有してください。このボットの設定で共有元に `reencrypt_keys` を指定すれば、このコピーを自動で行えます。
refusal-key-unreadable = キー { $key } を参照できません: { $why }。キーポリシーで、このボットの共有元ロールに `kms:DescribeKey` を許可する必要があります。
refusal-key-foreign = スナップショットは、このボットのロールがないアカウント { $account } のキー { $key } で暗号化されているため、誰にも使えるようにできません。そのアカウントをこのボットの共有元に追加してもらうか、共有元のキーで再暗号化してください。
refusal-key-state = キー { $key } は { $state } です。このキーで暗号化されたものをコピーするには、有効である必要があります。
refusal-key-kind = キー { $key } は種類が適切ではありません（{ $spec }、{ $usage }）。EBS で使えるのは対称暗号化キーだけです。
refusal-policy-unreadable = キー { $key } のキーポリシーを参照できません: { $why }。このボットの共有元ロールには、このキーに対する `kms:GetKeyPolicy` と `kms:PutKeyPolicy` が必要です。
refusal-grants-unreadable = キー { $key } の許可 (grant) を参照できません: { $why }。このボットの共有元ロールには、このキーに対する `kms:ListGrants`、`kms:CreateGrant`、`kms:RevokeGrant` が必要です。
refusal-auto-scaling-role-missing = アカウント { $account } はまだ Auto Scaling を使ったことがなく、KMS は { $principal } を認識できないため、許可を与えられません。先にそのアカウントでサービスリンクロールを作成する（`aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com`）か、`with auto scaling` を外してください。
refusal-policy-deleted-principals = キー { $key } のキーポリシーに、存在しなくなったプリンシパル（{ $principals }）が残っており、このままでは KMS が書き戻しを拒否します。先にキーポリシーから取り除いてください。
refusal-policy-denies = キー { $key } のキーポリシー（ステートメント { $statement }）が { $principals } の使用を拒否しており、許可を追加しても拒否が優先されます。先にそのステートメントを変更してください。
refusal-policy-too-large = キー { $key } のキーポリシーは { $size } バイトになり、KMS が保存できる大きさを { $over } バイト超えます。空きを作るか、別のキーで共有してください。
refusal-policy-not-latin-1 = キー { $key } のキーポリシーに、KMS が受け付けない文字（{ $characters }）が含まれます。先に取り除いてください。
refusal-target-is-source = { $target } はイメージの所有者です。対象から外してください。
refusal-role-not-assumable = { $target } にあるこのボットのロール（{ $role }）を引き受けられません: { $why }。{ $target } の担当者が、このボットによる引き受けを許可する必要があります。
refusal-target-unreadable = { $target } にすでにあるものを確認できません: { $why }。{ $target } の担当者が、そのアカウントにあるこのボットのロールに `ec2:DescribeImages` と `ec2:DescribeSnapshots` を許可する必要があります。
refusal-no-key-for-region = { $target } には { $region } のキーが設定されていないため、そこで作成するコピーを暗号化できません。このボットの設定に追加してもらってください。
refusal-target-key-unreadable = { $target } のキー { $key } が見つからないか、参照できません: { $why }。
refusal-key-expired = キー { $key } にインポートされたキーマテリアルは { $when } に失効しました。再度インポートするまで、このキーで暗号化されたものは使えません。
refusal-target-key-state = { $target } のキー { $key } は { $state } です。有効である必要があります。
refusal-target-key-kind = { $target } のキー { $key } は種類が適切ではありません（{ $spec }、{ $usage }）。EBS で使えるのは対称暗号化キーだけです。
refusal-other-partition = { $target } はイメージとは別の AWS パーティション（{ $partition }）にあり、パーティションをまたぐ共有やコピーはできません。イメージを S3 に保存し、そちらで復元してください（`CreateStoreImageTask`）。
refusal-shared-elsewhere = { $image } は { $home } にあり、起動できるのもそこだけです。{ $region } で使うにはコピーが必要なので、`no copy` を外してください。
refusal-sharing-quota = { $image } の共有先（アカウント、組織、OU）は合計 { $entries } 件になり、AWS の上限の { $limit } 件を超えます。代わりに組織と共有するか、クォータ（Service Quotas、L-70015FFA）の引き上げと、あわせて設定の `sharing_quota` の変更を依頼してください。
refusal-organization-cant-copy = { $organization } は組織で、このボットのロールがそのすべてのアカウントにあるわけではないため、コピーを作成できません。`no copy` で共有するか、アカウントを指定してください。
refusal-members-unreadable = { $organization } のメンバーを確認できません: { $why }。スナップショットはメンバーごとに共有するため、メンバーを知る必要があります。このボットを運用している担当者が、AWS Organizations に問い合わせるロールを直す必要があります（`organizations:ListAccounts`、`ListAccountsForParent`、`ListOrganizationalUnitsForParent` が必要です）。
refusal-copy-without-imds-v2 = { $target } のコピー { $copy } では、元のイメージと違い、インスタンスに IMDSv2 が必須になっていません。そのアカウントで必須にするか（`modify-image-attribute --imds-support v2.0`）、コピーを登録解除してから、もう一度イメージを共有してください。
refusal-nothing-to-do = 変更の必要はありません。{ $image } は共有先ですでに使えます。{ $have }

## 承認する前に知っておくこと

left-behind = 一部を取り消せません。{ $why }
caution-copy-under-other-key = { $target } にはすでにコピー { $copy } がありますが、別のキーで暗号化されています。
caution-copy-under-way = { $target } ではすでにコピー { $copy } を作成中です。今回はもう 1 つ作成します。
caution-reused-without-imds-v2 = { $target } にすでにあるコピー { $copy } では、元のイメージと違い、インスタンスに IMDSv2 が必須になっていません。そのアカウントで必須にするか（`modify-image-attribute --imds-support v2.0`）、コピーを登録解除してから、もう一度イメージを共有してください。
caution-name-taken = { $target } には { $name } という名前のイメージがすでにあるため、コピーの名前は { $instead } になります。
caution-tags-left-out = イメージに付けられるタグは 50 個までのため、次のタグは付きません: { $tags }。
caution-policy-may-deny = { $key } のキーポリシーのステートメント { $statement } が、{ $principals } の使用を拒否する可能性があります。
caution-target-key-aws-managed = { $target } は AWS マネージドキーで暗号化するため、そのコピーをさらに共有することはできません。
caution-image-public = { $image } は公開されており、誰でもすでに起動できます。
caution-image-deprecated = { $image } は { $since } から非推奨になっています。{ $copies ->
    [deprecated] コピーも、作成の数分後に非推奨になります。
   *[fresh] {""}
}
caution-still-shared = { $image } は { $groups } と共有されたままです。これはこのボットでは取り消せず、そこに属するアカウントは引き続き起動できます。
caution-still-needed = { $grantees } は引き続き { $what } を使えます。{ $shares } でも必要なためです。
caution-still-given = { $grantees } は引き続き { $what } を使えます。このボット以外が与えた権限のため、取り消せません。
caution-volumes-need-key = 元のイメージから起動したインスタンスのボリュームは { $keys } で暗号化されています。稼働は続きますが、一度停止すると、このキーなしでは再び起動できません。
caution-not-looked-at = { $what } を確認できません: { $why }。
caution-cannot-be-put-right = { $what } は修正できません: { $why }。
caution-source-gone = { $what } は共有の元になっているのに、なくなっています。コピー済みのものは残りますが、新しくは作れません。
caution-source-disabled = { $image } は共有の元になっているのに、無効化されています。誰も起動できず、有効化される（EC2 コンソールの「AMI を有効にする」）まで再び共有することもできません。有効化してから、もう一度監査してください。
caution-copy-lost = { $share } で作成した { $place } のコピー { $copy } がなくなっています。必要であれば、もう一度共有してください。
caution-shared-beyond = { $image } は { $strangers } とも共有されています。このボットが共有したものではないため、そのままにします。
caution-copy-in-use = { $place } の { $copy } は、{ $users } が使用中のため残します。
caution-use-unread = { $place } のコピーは、使用中かどうかを確認できないため残します: { $why }。
caution-reencrypted-first = { $image } は AWS マネージドキーで暗号化されており、そのままでは共有できません。先に同じアカウント内で { $key } によるコピーを作成し、それを共有します。このコピーは残り、ストレージ料金がかかります。
caution-stands-in = { $image } はそのままでは共有できないため、同じアカウントにある再暗号化済みのコピー { $copy } を代わりに共有します。
caution-same-image = { $copy } は { $image } の再暗号化済みのコピーです。2 つは同じイメージのため、まとめて 1 つとして共有します。
caution-members-cant-copy = { $organization } のメンバーはイメージを起動できますが、コピーはできません。スナップショットはアカウント単位でしか共有できず、今回は共有されないためです。
caution-later-members-cant-copy = 後から { $organization } に加わるアカウントは、すぐにイメージを起動できますが、コピーはできません。スナップショットは、現在のメンバーにアカウントごとに共有されるためです。その後に加わったり離れたりしたアカウントは、監査で見つかります。
caution-members-now = { $organization } の現在の有効なアカウント数: { $count }。
caution-members-unknown = { $organization } のアカウント数を確認できません: { $why }。
caution-members-left = { $organization } から離れたアカウント: { $members }。共有されたスナップショットは、取り消すまで引き続き読み取れます。
caution-members-joined = { $organization } に加わったアカウント: { $members }。イメージは起動できますが、コピーするにはスナップショットの共有も必要です。
caution-members-not-compared = { $organization } の現在のメンバーを確認できないため、メンバーに共有したものはそのままにします: { $why }。
caution-covered-by-organization = { $targets } は { $organization } に属しており、組織を通じてイメージを起動できます。アカウントだけを取り消しても、それは続きます。
caution-key-use-limited = { $target } でキーを使えるのは { $principals } だけなので、共有されたイメージから起動できるのもそれらだけです。
caution-key-used-by-many = キー { $key } は、すでに他の { $accounts } アカウントから使えます。このキーで暗号化されたものには、そのすべてのアカウントがアクセスできます。
caution-key-expires = キー { $key } にインポートされたキーマテリアルは { $when } に失効します。それ以降は、再度インポートするまで、このキーで暗号化されたものは使えません。
caution-key-administrators = *設定により、{ $principals } が { $key } の管理者になります。* このボットを通さずに、どのアカウントの誰にでもキーの使用を許可でき、他の許可を取り消すこともできます。そのようにして渡された許可はこのボットからは見えず、この共有を取り消しても残ります。
caution-own-principals-deleted = { $key } のキーポリシーにあるこのボットのステートメントに、存在しなくなったプリンシパル（{ $principals }）が残っています。次にキーポリシーを書くときに取り除かれます。同じ名前で作り直されたものがある場合は、もう一度共有してください。
caution-auto-scaling-left-out = { $target } の Auto Scaling は、サービスリンクロールがキーを使えないため、共有されたイメージから起動できません。起動できるようにするには、`with auto scaling` を付けて依頼し直してください。
caution-auto-scaling-not-needed = { $image } は暗号化されていないため、Auto Scaling への許可は不要です。
caution-image-hidden = { $target } から { $image } は見えません。{ $region } の「許可された AMI」設定により、存在しないものとして隠されます。この設定の管理者（{ $by }）が、イメージプロバイダー { $owner } を含む条件を追加する必要があります。
caution-image-hidden-from-copy = { $target } の { $region } の「許可された AMI」設定により { $image } が隠されるため、コピーはおそらく失敗します。先に、この設定の管理者（{ $by }）が、イメージプロバイダー { $owner } を含む条件を追加する必要があります。
caution-image-may-be-hidden = { $target } の { $region } の「許可された AMI」設定により、{ $image } が隠される可能性があります。ここからは判断できない条件があるためです。隠される場合は、この設定の管理者（{ $by }）が、イメージプロバイダー { $owner } を含む条件を追加する必要があります。
caution-image-would-be-hidden = { $target } の { $region } の「許可された AMI」設定は監査モードです。今は何も隠されませんが、有効にされると { $image } は隠されます。イメージプロバイダー { $owner } を含む条件があれば隠されません。
caution-allowed-images-unread = { $target } の { $region } の「許可された AMI」設定がイメージを隠すかどうかを確認できません: { $why }。

## 失敗した理由

aws-says = 「{ $said }」
aws-gives-no-reason = AWS から理由は示されていません
failure-aws-refused = { $why }。
failure-aws-busy = AWS が長時間利用できませんでした。最後の状況: { $why }。
failure-time-over = 開始する前に期限を過ぎました。まだ必要なものは、もう一度依頼してください。
failure-others-at-it = 同じキー、イメージ、またはコピーに対する他のリクエストの処理が長時間続きました。それらが終わってから、もう一度依頼してください。
failure-account-removed = { $account } は、このボットの設定から削除されています。
failure-key-never-usable = { $minutes } 分待っても、共有先のロールは共有元のキー { $key } を使えませんでした。キーポリシーに加えて、ロール自身の IAM ポリシーでも、このキーに対する `kms:DescribeKey` などを許可する必要があります。
failure-copy-failed = AWS がコピーを中止しました: { $said }。多くの場合、共有先のロールが共有元のキーか自分のキーを使えないことが原因です。ロールの IAM ポリシーに両方が含まれているか確認してください。
failure-reencryption-failed = AWS が共有元アカウントでの再暗号化を中止しました: { $said }。多くの場合、共有元のロールが再暗号化に使うキーを使えないことが原因です。
failure-copy-wrong = コピー { $image } があるべき状態になっていません: { $why }。そのまま残してあります。誰かが確認するまで使わないでください。
failure-copy-gone = コピー { $image } がなくなりました。作成中に誰かが登録を解除したようです。
failure-copy-stalled = コピー { $image } は { $hours } 時間たっても完了していません。そのまま残してあります。
failure-not-revocable = { $share } の状態は「{ $state }」なので、取り消せるものがありません。
failure-unexpected = 予期しない問題が起きました。このボットを運用している担当者は、ログの参照番号 { $reference } で詳細を確認できます。

manager-of-setting = { $by ->
    [account] そのアカウント自身
    [declarative-policy] 宣言型ポリシー
   *[other] { $by }
}

## 妨げになっているもの。コロンの後に続き、句点で終わらない。

why-separator = 。
why-at = [{ $where }] { $why }
cause-refused = AWS が { $operation } を拒否しました（{ $code }: { $said }）
cause-could-not = AWS は { $operation } を一時的に実行できません（{ $code }: { $said }）
cause-own-credentials = このボット自身の AWS 認証情報がないか、期限切れか、正しくありません。このボットを運用している担当者が更新する必要があります（{ $operation }、{ $code }: { $said }）
cause-role-not-believed = AWS が { $operation } でロールの認証情報を受け付けません。アカウントでリージョンが有効になっているか確認してください（{ $code }: { $said }）
cause-other-organization = ロールは組織 { $found } に属しており、{ $wanted } のメンバーを確認できません
cause-not-read = 問い合わせていません
cause-absent = 存在しないか、参照する権限がありません
cause-key-not-named = 暗号化されていますが、AWS がキーを示していません
cause-nobody-may-ask = 問い合わせるためのロールが設定されていません
cause-no-longer-source = アカウント { $account } は、このボットの共有元から外されています
cause-no-longer-configured = { $account } は、このボットの設定から削除されています
cause-image-not-seen = 共有した { $image } が、アカウント { $account } からまだ見えません（AWS: { $said }）
cause-storage-not-seen = 共有した { $image } のスナップショットが、アカウント { $account } からまだ見えません（AWS: { $said }）
cause-permission-not-shown = { $resource } を { $grantees } と共有しましたが、AWS の表示にまだ反映されていません
cause-permission-still-shown = { $resource } の { $grantees } との共有を取り消しましたが、AWS の表示にまだ残っています
cause-grant-not-shown = { $principal } に { $key } の許可 (grant) を与えましたが、KMS の表示にまだ反映されていません
cause-grant-still-shown = { $principal } への { $key } の許可 (grant) を取り消しましたが、KMS の表示にまだ残っています
cause-malformed-id = 「{ $text }」は、ID または ARN の形式ではありません
cause-grantee-unknown = KMS が { $principal } を認識できないため、許可 (grant) を作成できません。存在するか確認してください。作成直後の場合は、数分待ってからもう一度お試しください
cause-service-linked-role-missing = KMS が { $principal } を認識できないため、許可 (grant) を作成できません。先にそのアカウントでサービスリンクロールを作成してください（`aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com`）
cause-malformed-policy = KMS にあるキーポリシーの内容を解釈できません
cause-deleted-principals = キーポリシーに、存在しなくなったプリンシパル（{ $principals }）が残っており、このままでは KMS が書き戻しを拒否します。先にキーポリシーから取り除いてください
cause-principals-unknown = KMS が{ $principals ->
    [none] キーポリシーのプリンシパル
   *[other] {" "}{ $principals }{" "}
}を認識できません。存在するか、そのアカウントでリージョンが有効になっているかを確認してください。作成直後の場合は、数分待ってからもう一度お試しください
cause-policy-not-latin-1 = キーポリシーに、KMS が受け付けない文字（{ $characters }）が含まれます
cause-policy-locks-out = KMS がキーポリシーを拒否しました（KMS: { $said }）。キーポリシーで、このボットの共有元ロールに `kms:PutKeyPolicy` を許可してください
cause-policy-too-large = キーポリシーが { $size } バイトになり、KMS が保存できる大きさを { $over } バイト超えます。空きを作るか、別のキーで共有してください
cause-policy-contested = { $key } のキーポリシーがほかからも繰り返し変更されているか、KMS の表示に変更がまだ反映されていません。誰が変更しているかは、キーの所有者に確認してください
cause-not-own-copy = { $image } にはタグ `{ $tag }` がなく、このボットが作成したものではないため、削除できません
cause-not-available = { $image } は{ $state ->
    [pending] まだ作成中です
    [failed] 作成に失敗しています
    [gone] 登録解除または無効化されています
   *[other] {" "}{ $state } です
}
cause-no-snapshots = { $image } にスナップショットがありません
cause-not-encrypted = { $snapshot } が暗号化されていません
cause-under-other-key = { $snapshot } が { $intended } ではなく { $key } で暗号化されています

## 問題のないコピーについての補足

note-not-deprecated = :warning: 元のイメージは非推奨ですが、コピーは非推奨になっていません: { $why }。
note-not-protected = :warning: 元のイメージは登録解除から保護されていますが、コピーは保護されていません: { $why }。
note-imds-v2-not-required = :warning: 元のイメージは IMDSv2 が必須ですが、コピーでは必須になっていません: { $why }。
note-parameter-not-set = :warning: パラメータ { $parameter } はこのコピーを指していません: { $why }。
note-parameter-set = パラメータ { $parameter } がこのコピーを指すようになりました（以前: { $before ->
    [nothing] なし
   *[other] { $before }
}）。
note-parameter-kept = パラメータ { $parameter } は、より新しいイメージのコピー { $newer } のままです。

## プランのうち実行されなかったもの

note-not-put-right = :warning: { $what } は修正できませんでした: { $why }。
note-still-used = { $place } の { $copy } は、現在 { $users } が使用しているため残しました。
note-handed-over-since = { $place } の { $copy } は、その後ほかの共有でも使われるようになったため残しました。
note-not-deregistered = :warning: { $place } の { $copy } の登録を解除できませんでした: { $why }。
note-protected-for-now = :hourglass_flowing_sand: { $place } の { $copy } には、クールダウン付きの登録解除保護が設定されていました。AWS で登録を解除できるのは { $until } 以降なので、それまで待って解除します。

## 利用できない理由

stranger-other-workspace = このボットを利用できるのは、このワークスペースのメンバーだけです。
stranger-deleted = このワークスペースのあなたのアカウントは無効になっています。
stranger-bot = ボットからの依頼や承認は受け付けません。
stranger-guest = ゲストは共有の依頼や承認ができません。ワークスペースの正規メンバーに依頼してください。
stranger-unknown = Slack であなたのアカウントを確認できませんでした。

## 共有を取り消せない理由、比べられない理由

not-revocable-itself-revokes = { $request } 自体が共有を取り消すものです。共有の { $share } を指定してください。
not-revocable-already = { $request } は { $by } により「{ $state }」です。{ $copies ->
    [yes] コピーは残っています。登録を解除するには `and deregister the copies` を付けてください。
   *[no] {""}
}
not-revocable-gave-nothing = { $request } の状態は「{ $state }」で、何も与えていないため、取り消すものがありません。
not-revocable-yet = { $request } の状態は「{ $state }」です。終わってから取り消せます。
not-in-force = { $request } は有効な共有ではない（状態: { $state }）ため、比べるものがありません。

## 再試行しない理由

not-retried-retried-already = すでに { $by } さんが再試行しました（{ $when }）。
not-retried-nothing-failed = { $request } の状態は「{ $state }」で、失敗したものがないため、再試行するものはありません。
not-retried-not-in-place = { $request } の状態は「{ $state }」で、再試行できる失敗したコピーがありません。まだ必要なものは、もう一度依頼してください。
not-retried-source-closed = { $request } はコピーの完了後に共有元を閉じたため（{ $revocation }）、承認された内容のままではコピーできません。失敗したものは、もう一度依頼してください。
not-retried-taken-back = { $request } は取り消されたか、取り消すことになっているため（{ $revocation }）、再試行しません。まだ必要なものは、もう一度依頼してください。
not-retried-to-be-taken-back = { $request } の取り消し（{ $revocation }）が依頼され、まだ終わっていません。その後も { $request } が有効な場合に、あらためて再試行してください。
not-retried-time-over = { $request } は期限を過ぎています（{ $when }）。まだ必要なものは、もう一度依頼してください。
not-retried-not-entitled = 再試行できるのは、依頼した { $by } さんと、承認者の { $who } だけです。

## リクエストの状態

state-checking = 確認中
state-refused = 実行不可
state-awaiting-approval = 承認待ち
state-denied = 却下
state-expired = 期限切れ
state-cancelled = 取り下げ済み
state-approved = 承認済み
state-preparing = 再暗号化中
state-applying = 適用中
state-copying = コピー中
state-completed = 完了
state-failed = 失敗
state-revoking = 取り消し中
state-revoked = 取り消し済み

## 変更の内容

change-allow-key-use = { $key } のキーポリシーに追加: { $users } が `Encrypt`、`Decrypt`、`ReEncrypt*`、`GenerateDataKey*`、`DescribeKey` を実行でき、AWS リソースのためにだけ許可 (grant) を作成できる
change-allow-key-administration = { $key } のキーポリシーに追加: { $users } が任意の許可 (grant) を作成、一覧、取り消しでき（`CreateGrant`、`ListGrants`、`RevokeGrant`）、`DescribeKey` と `GetKeyRotationStatus` を実行できる
change-create-key-grant = { $key } の KMS 許可 (grant)、対象は { $principal } のみ: { $operations }。そこから渡せる許可も、この範囲を超えない
change-create-key-grant-to-auto-scaling = { $key } の KMS 許可 (grant)、対象は { $account } の Auto Scaling（{ $principal }）のみ: { $operations }。そこから渡せる許可も、この範囲を超えない
change-add-create-volume-permission = { $snapshot } の `createVolumePermission` に { $accounts } を追加
change-add-launch-permission = { $image } の `launchPermission` に { $launchers } を追加
change-withdraw-key-use = { $key } のキーポリシーから削除: { $users }（このボットのステートメントのみ）
change-withdraw-key-administration = { $key } のキーポリシーから管理者 { $users } を削除。管理者が作成した許可 (grant) は残る
change-revoke-key-grant = { $key } の { $principal } への KMS 許可 (grant) を取り消し
change-remove-create-volume-permission = { $snapshot } の `createVolumePermission` から { $accounts } を削除
change-remove-launch-permission = { $image } の `launchPermission` から { $launchers } を削除
change-reencrypt-image = { $image } を { $account } 内で `CopyImage` し、名前を { $name } として { $key } で再暗号化
change-share-reencrypted = { $image } のそのコピーについて: `createVolumePermission` に { $accounts }、`launchPermission` に { $launchers } を追加
change-deregister-copy = { $account } の { $region } で { $image } を `DeregisterImage` し、スナップショットも削除
change-put-image-parameter = { $account } の { $region } の SSM パラメータ { $parameter } が、{ $image } のコピーを指すようにする
change-copy-image = { $account } が { $region } で { $image } を `CopyImage`。名前は { $name }、暗号化キーは { $key }{ $deprecated ->
    [none] {""}
   *[other] 、{ $deprecated } から非推奨
}{ $protected ->
    [yes] 、登録解除から保護
   *[no] {""}
}{ $imds ->
    [yes] 、IMDSv2 必須
   *[no] {""}
}

whoever-in-organization = { $organization } の中で IAM により許可された者
many-accounts = { $count } アカウント（{ $listed }）

## 変更が非常に多いとき。同じ種類のものを 1 行にまとめる。

changes-allow-key-use = { $key_count } 個のキー（{ $key }）のキーポリシーに追加: { $users } が `Encrypt`、`Decrypt`、`ReEncrypt*`、`GenerateDataKey*`、`DescribeKey` を実行でき、AWS リソースのためにだけ許可 (grant) を作成できる
changes-allow-key-administration = { $key_count } 個のキー（{ $key }）のキーポリシーに追加: { $users } が任意の許可 (grant) を作成、一覧、取り消しでき（`CreateGrant`、`ListGrants`、`RevokeGrant`）、`DescribeKey` と `GetKeyRotationStatus` を実行できる
changes-create-key-grant = { $key } の KMS 許可 (grant) { $count } 件、対象はそれぞれ { $principal } のうち 1 つのみ: { $operations }。そこから渡せる許可も、この範囲を超えない
changes-create-key-grant-to-auto-scaling = { $key } の KMS 許可 (grant) { $count } 件、対象はそれぞれ { $account } のうち 1 アカウントの Auto Scaling のみ: { $operations }。そこから渡せる許可も、この範囲を超えない
changes-add-create-volume-permission = { $snapshot_count } 個のスナップショット（{ $snapshot }）の `createVolumePermission` に { $accounts } を追加
changes-add-launch-permission = { $image_count } 個のイメージ（{ $image }）の `launchPermission` に { $launchers } を追加
changes-withdraw-key-use = { $key_count } 個のキー（{ $key }）のキーポリシーから削除: { $users }（このボットのステートメントのみ）
changes-withdraw-key-administration = { $key_count } 個のキー（{ $key }）のキーポリシーから管理者 { $users } を削除。管理者が作成した許可 (grant) は残る
changes-revoke-key-grant = { $key } の KMS 許可 (grant) { $count } 件を取り消し（対象: { $principal }）
changes-remove-create-volume-permission = { $snapshot_count } 個のスナップショット（{ $snapshot }）の `createVolumePermission` から { $accounts } を削除
changes-remove-launch-permission = { $image_count } 個のイメージ（{ $image }）の `launchPermission` から { $launchers } を削除
changes-reencrypt-image = { $image_count } 個のイメージ（{ $image }）をそれぞれのアカウント（{ $account }）内で `CopyImage` し、名前を { $name } として { $key } で再暗号化
changes-share-reencrypted = { $image } のそれらのコピーについて: `createVolumePermission` に { $accounts }、`launchPermission` に { $launchers } を追加
changes-deregister-copy = { $account_count ->
    [1] { $account }
   *[other] { $account_count } アカウント（{ $account }）
}の { $region } で { $image_count } 個のコピー（{ $image }）を `DeregisterImage` し、スナップショットも削除
changes-put-image-parameter = { $account_count ->
    [1] { $account }
   *[other] { $account_count } アカウント（{ $account }）
}の { $region } の SSM パラメータ { $count } 個（{ $parameter }）が、{ $image } のコピーを指すようにする
changes-copy-image = `CopyImage` でコピー { $count } 件: { $account_count ->
    [1] { $account }
   *[other] { $account_count } アカウント（{ $account }）
}が { $region_count ->
    [1] { $region }
   *[other] { $region_count } リージョン（{ $region }）
}で { $image_count ->
    [1] { $image }
   *[other] { $image_count } 個のイメージ（{ $image }）
} をコピー。名前は { $name }、暗号化キーはそれぞれのアカウントのもの（{ $key }）{ $deprecated ->
    [none] {""}
   *[other] 、元のイメージに合わせて非推奨
}{ $protected ->
    [yes] 、登録解除から保護
   *[no] {""}
}{ $imds ->
    [yes] 、IMDSv2 必須
   *[no] {""}
}

## 入力の意味が分からないとき。プレーンテキストで、表示する側でエスケープする。

problem-no-request = 「{ $text }」には、イメージと、「to」に続くアカウントがありません。
problem-no-image = イメージを 1 つ以上指定してください（例: ami-0123456789abcdef0）。
problem-no-target = 共有先を指定してください。「to」の後に、アカウントを名前か ID で 1 つ以上続けます。
problem-no-region = 「in」の後には、リージョンを 1 つ以上指定してください（例: eu-central-1）。
problem-not-an-image = 「{ $word }」を理解できません。AMI ID は ami- に続く 17 桁（または 8 桁）の 16 進数です（例: ami-0123456789abcdef0）。
problem-not-a-target = 「{ $word }」は、共有先として設定されているアカウントではありません。
problem-not-a-region = 「{ $word }」は、設定されているリージョンではありません。
problem-not-a-date = { $word ->
    [none] 「until」の後には、2026-12-31 のような日付を指定してください。
   *[other] 「{ $word }」は日付ではありません。2026-12-31 のように指定してください。
}
problem-not-a-time = { $word ->
    [none] 「for」の後には、30d、12h、2w のような期間を指定してください。
   *[other] 「{ $word }」は期間ではありません。30d、12h、2w のように指定してください。
}
problem-no-such-image = 「{ $word }」は AMI ID でも、共有元アカウントにある利用可能なイメージの名前でもありません。
problem-not-a-key = { $word ->
    [none] 「copy with」の後には、alias/copies のようなキーのエイリアスを指定してください。
   *[other] 「{ $word }」はキーのエイリアスではありません。alias/copies のように指定してください。
}
problem-not-a-ticket = { $word ->
    [none] 「ticket」の後には、OPS-42 のように、{ $limit } 文字以内の 1 語を指定してください。
   *[other] 「{ $word }」はチケットとして使えません。OPS-42 のように、{ $limit } 文字以内の 1 語で指定してください。
}
problem-not-a-request = 「{ $verb }」の後には、{ $word ->
    [none] {""}
   *[other] 「{ $word }」ではなく、
}R-7K2M9QXA のようなリクエスト ID を指定してください。
problem-nothing-to-list = 「list」の後には、何も付けないか「all」を付けてください（「{ $word }」は使えません）。
problem-nothing-to-retire = 「retire」の後には何も付けられません（「{ $word }」は使えません）。すべてのコピーが対象です。
problem-unknown-word = 「{ $word }」を理解できません。
problem-key-needs-copy = 「copy with …」と「no copy」は同時に指定できません。コピーしなければ、暗号化するものがないためです。
problem-nothing-to-audit = 「audit」の後には、何も付けないか、イメージ、または R-7K2M9QXA のようなリクエスト ID を指定してください。
problem-end-too-late = 共有の期限は 10 年以内です。期限を設けない場合は、省略してください。
problem-end-passed = その期限はすでに過ぎています。
problem-twice = 「{ $word }」が重複しています。
problem-modes-clash = 「no copy」と「then unshare」は同時に指定できません。コピーしなければ、何も残らないためです。
problem-organization-cant-copy = 「{ $name }」は組織で、コピーを作成するためのロールがそのすべてのアカウントにあるわけではありません。共有のみ（「no copy」）にするか、アカウントを指定してください。
problem-auto-scaling-needs-no-copy = 「with auto scaling」は「no copy」と一緒にだけ使えます。コピーは共有先自身のキーで暗号化され、Auto Scaling への許可は共有先が自分で行うためです。
problem-no-reason = 承認者が読むので、理由を入力してください。
problem-reason-too-long = 理由が { $count } 文字あります。最大 { $limit } 文字です。
problem-too-many-images = 1 回のリクエストに { $count } 個のイメージは多すぎます。最大 { $limit } 個です。
problem-too-many-targets = 1 回のリクエストに { $count } アカウントは多すぎます。最大 { $limit } アカウントです。
problem-too-many-copies = 1 回のリクエストに { $count } 件のコピー（イメージ × アカウント × リージョン）は多すぎます。最大 { $limit } 件です。
did-you-mean = { $said }「{ $alike }」のことですか？
or-separator = 」または「

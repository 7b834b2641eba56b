//! The store's promises: sealed, private, replaced whole, and gone when forgotten.

use super::*;
use crate::session::{Flow, Scopes};
use crate::terms::ObjectId;

fn home() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Utf8PathBuf::try_from(folder.path().join("home")).expect("UTF-8");
    (folder, home)
}

fn at() -> UtcInstant {
    UtcInstant::from_millis(1_700_000_000_000).expect("in range")
}

fn account(name: &str) -> Account {
    Account {
        user_principal_name: format!("{name}@x.example"),
        display_name: None,
        object_id: ObjectId::new(name).expect("an id"),
        tenant_id: "t".into(),
        authority_tenant: "t".into(),
        client_id: "c".into(),
        cloud: crate::cloud::CloudName::Custom,
        login_url: "http://127.0.0.1:1/".into(),
        graph_url: "http://127.0.0.1:2/".into(),
        scopes: Scopes::parse("Mail.Read"),
        flow: Flow::DeviceCode,
        write_scopes_allowed: false,
        issued_at: at(),
        expires_at: at(),
        token_id: None,
        credential_ends: None,
        cae: false,
    }
}

fn tokens(access: &str) -> Tokens {
    Tokens {
        access: Secret::new(access.into()),
        refresh: Some(Secret::new("RT-secret".into())),
        issued_at: at(),
        expires_at: at(),
        credential: None,
        claims: None,
    }
}

fn cloud() -> Cloud {
    Cloud::custom("http://127.0.0.1:1", "http://127.0.0.1:2").expect("loopback")
}

fn with_passphrase(home: &Utf8PathBuf, text: &str) -> Store {
    Store::new(home.clone(), StoreKind::File { passphrase: Some(Secret::new(text.into())) })
}

fn with_key_file(home: &Utf8PathBuf) -> Store {
    Store::new(home.clone(), StoreKind::File { passphrase: None })
}

fn sealed_file(home: &Utf8PathBuf) -> Utf8PathBuf {
    let files = files::list(&home.join("tokens")).expect("a folder");
    files.into_iter().find(|path| path.extension() == Some("sealed")).expect("a sealed file")
}

#[tokio::test]
async fn a_sign_in_opens_again_and_no_byte_of_its_file_can_change() {
    let (_folder, home) = home();
    with_key_file(&home).save(&account("ana"), &tokens("AT-secret")).await.expect("saved");
    let path = sealed_file(&home);
    let bytes = std::fs::read(&path).expect("there");
    assert!(!bytes.windows(6).any(|window| window == b"secret"));
    let list = std::fs::read_to_string(home.join("accounts.json")).expect("there");
    assert!(list.contains("ana@x.example") && !list.contains("secret"));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(
            sealed::open(&changed, &account("ana").file(), "x".into(), &with_key_file(&home).keys).is_err(),
            "byte {at}"
        );
    }
    for short in [0, 1, 2, 40, 62, bytes.len() - 1] {
        assert!(
            sealed::open(&bytes[..short], &account("ana").file(), "x".into(), &with_key_file(&home).keys).is_err(),
            "{short}"
        );
    }
    let (who, held) = with_key_file(&home).load(None, &cloud()).await.expect("opens").expect("there");
    assert_eq!((who, held.access.expose()), (account("ana"), "AT-secret"));
}

#[tokio::test]
async fn one_accounts_file_cannot_stand_in_for_anothers() {
    let (_folder, home) = home();
    with_key_file(&home).save(&account("ana"), &tokens("A")).await.expect("saved");
    let bytes = std::fs::read(sealed_file(&home)).expect("there");
    let opened = sealed::open(&bytes, &account("ben").file(), "x".into(), &with_key_file(&home).keys);
    assert!(matches!(opened, Err(StoreError::Seal)));
}

#[tokio::test]
async fn a_wrong_and_a_missing_passphrase_are_told_from_a_changed_file() {
    let (_folder, home) = home();
    with_passphrase(&home, "right").save(&account("ana"), &tokens("A")).await.expect("saved");
    assert!(with_passphrase(&home, "right").load(None, &cloud()).await.expect("opens").is_some());
    let wrong = with_passphrase(&home, "wrong").load(None, &cloud()).await;
    assert!(matches!(wrong, Err(StoreError::WrongPassphrase)));
    let none = with_key_file(&home).load(None, &cloud()).await;
    assert!(matches!(none, Err(StoreError::PassphraseNeeded)));
    let path = sealed_file(&home);
    let mut bytes = std::fs::read(&path).expect("there");
    *bytes.last_mut().expect("bytes") ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let changed = with_passphrase(&home, "right").load(None, &cloud()).await;
    assert!(matches!(changed, Err(StoreError::Seal)));
}

#[tokio::test]
async fn renewed_tokens_keep_the_kind_of_key_and_a_forgotten_account_stays_forgotten() {
    let (_folder, home) = home();
    let store = with_key_file(&home);
    store.save(&account("ana"), &tokens("A")).await.expect("saved");
    with_passphrase(&home, "later").replace(&account("ana"), &tokens("B")).await.expect("replaced");
    let (_, held) = store.load(None, &cloud()).await.expect("opens").expect("there");
    assert_eq!(held.access.expose(), "B");
    store.forget(Some("ANA@x.example")).await.expect("forgotten");
    store.replace(&account("ana"), &tokens("C")).await.expect("nothing to do");
    assert!(store.load(None, &cloud()).await.expect("readable").is_none());
}

#[tokio::test]
async fn forgetting_leaves_no_file_behind_even_of_a_damaged_store() {
    let (_folder, home) = home();
    let store = with_key_file(&home);
    store.save(&account("ana"), &tokens("A")).await.expect("saved");
    store.save(&account("ben"), &tokens("B")).await.expect("saved");
    drop(store.turn(&account("ben")).await.expect("a turn"));
    assert_eq!(store.forget(Some("ben@x.example")).await.expect("forgotten"), [account("ben")]);
    let (who, _) = store.load(None, &cloud()).await.expect("opens").expect("there");
    assert_eq!(who, account("ana"));
    std::fs::write(home.join("accounts.json"), "{").expect("written");
    assert!(matches!(store.accounts().await, Err(StoreError::Accounts { .. })));
    store.forget(None).await.expect("forgotten");
    assert_eq!(files::list(&home).expect("a folder"), Vec::<Utf8PathBuf>::new());
}

#[tokio::test]
async fn the_current_account_is_the_last_one_and_another_cloud_has_its_own() {
    let (_folder, home) = home();
    let store = with_key_file(&home);
    let elsewhere = Account { graph_url: "https://graph.microsoft.com/".into(), ..account("ana") };
    store.save(&account("ana"), &tokens("A")).await.expect("saved");
    store.save(&elsewhere, &tokens("E")).await.expect("saved");
    let (_, held) = store.load(None, &cloud()).await.expect("opens").expect("there");
    assert_eq!(held.access.expose(), "A");
    assert_eq!(store.accounts().await.expect("readable").len(), 2);
    assert_eq!(store.cloud(None).map(|cloud| cloud.graph().to_string()), Some(elsewhere.graph_url));
}

#[tokio::test]
async fn a_list_from_a_newer_version_is_said_to_be_one() {
    let (_folder, home) = home();
    files::write(&home.join("accounts.json"), br#"{"format":2,"accounts":[]}"#).expect("written");
    assert!(matches!(with_key_file(&home).accounts().await, Err(StoreError::Newer { .. })));
}

#[tokio::test]
async fn only_one_process_renews_an_account_at_a_time() {
    let (_folder, home) = home();
    let store = with_key_file(&home);
    let turn = store.turn(&account("ana")).await.expect("a turn");
    let path = home.join("tokens").join(format!("{}.lock", account("ana").file()));
    assert!(files::try_hold(&path).expect("readable").is_none());
    drop(turn);
    assert!(files::try_hold(&path).expect("readable").is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_private_and_a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, home) = home();
    let store = with_key_file(&home);
    store.save(&account("ana"), &tokens("A")).await.expect("saved");
    let mode = |path: &Utf8PathBuf| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&home), mode(&home.join("tokens"))), (0o700, 0o700));
    for path in [home.join("accounts.json"), home.join("token.key"), home.join("accounts.lock"), sealed_file(&home)] {
        assert_eq!(mode(&path), 0o600, "{path}");
    }
    std::fs::set_permissions(home.join("token.key"), std::fs::Permissions::from_mode(0o640)).expect("chmod");
    let opened = store.load(None, &cloud()).await;
    assert!(matches!(opened, Err(StoreError::OpenToOthers { .. })));
}

#[tokio::test]
async fn the_sealing_key_is_made_once_sealed_and_outlives_every_sign_in() {
    let (_folder, home) = home();
    let store = with_key_file(&home);
    store.save(&account("ana"), &tokens("A")).await.expect("saved");
    let beside = with_key_file(&home);
    let (one, two) = tokio::join!(store.sealing_key(), beside.sealing_key());
    let public = one.expect("made").public();
    assert_eq!(two.expect("the same").public(), public);
    store.forget(None).await.expect("forgotten");
    assert_eq!(with_key_file(&home).sealing_key().await.expect("still there").public(), public);
    // A passphrase that is given later does not lock out what was sealed without.
    assert_eq!(with_passphrase(&home, "new").sealing_key().await.expect("opens").public(), public);
    let path = home.join("sealing-key.sealed");
    let mut bytes = std::fs::read(&path).expect("there");
    assert!(!files::is_open_to_others(&path).expect("looked"));
    *bytes.last_mut().expect("bytes") ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let changed = with_key_file(&home).sealing_key().await;
    assert!(matches!(changed, Err(StoreError::SealingKey { .. })), "never quietly another key");
    let memory = Store::new(home.clone(), StoreKind::Memory);
    let ephemeral = memory.sealing_key().await.expect("made").public();
    assert_eq!(memory.clone().sealing_key().await.expect("kept").public(), ephemeral);
    assert_ne!(ephemeral, public);
}

#[tokio::test]
async fn a_sealing_key_behind_another_passphrase_is_told_with_what_to_do() {
    let (_folder, home) = home();
    with_passphrase(&home, "right").sealing_key().await.expect("made");
    let wrong = with_passphrase(&home, "wrong").sealing_key().await;
    assert!(matches!(wrong, Err(StoreError::SealingKey { .. })));
    let none = with_key_file(&home).sealing_key().await;
    assert!(matches!(none, Err(StoreError::PassphraseNeeded)));
}

//! Files the output is held to.

use std::path::Path;

/// Compares with a file of the repository, or makes it anew where `REMAKE` is set.
pub fn check(path: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("REMAKE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{} differs; REMAKE=1 makes it anew. Now it is:\n{actual}", path.display());
}

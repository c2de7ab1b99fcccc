//! The rules that stand in the binary. One more document is one more file in `rules/` and one line here.

/// Name and text of every file that is always in force, in the order in which documents name a shared port.
pub(super) const FILES: &[(&str, &str)] = &[
    ("rules/products.toml", include_str!("../../rules/products.toml")),
    ("rules/protocols.toml", include_str!("../../rules/protocols.toml")),
    ("rules/kb832017.toml", include_str!("../../rules/kb832017.toml")),
    ("rules/kb832017-early.toml", include_str!("../../rules/kb832017-early.toml")),
    ("rules/sccm-2007.toml", include_str!("../../rules/sccm-2007.toml")),
    ("rules/vmm-2016.toml", include_str!("../../rules/vmm-2016.toml")),
    ("rules/q256884.toml", include_str!("../../rules/q256884.toml")),
    ("rules/housekeeping.toml", include_str!("../../rules/housekeeping.toml")),
];

/// Files that `--with NAME` switches on.
pub(super) const OPTIONAL: &[(&str, &str)] = &[("common-lan", include_str!("../../rules/common-lan.toml"))];

/// What the documents contradict each other about; read only when somebody asks.
pub(super) const READINGS: (&str, &str) = ("rules/readings.toml", include_str!("../../rules/readings.toml"));

/// Registered ports for hints on unmatched flows; read only when there is one.
pub(super) const REGISTERED: (&str, &str) = ("rules/registered-ports.toml", include_str!("../../rules/registered-ports.toml"));

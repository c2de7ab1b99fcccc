//! The `flowlabel` command.

fn main() {}

#![no_main]

#[path = "../entry.rs"]
#[allow(dead_code, reason = "each target uses its own part")]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::announce(bytes));

//! Floor 2: who talks to whom.

pub mod duplicates;
pub mod fragments;
pub mod tcp;

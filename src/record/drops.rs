//! Packets that were lost before they could be read: by whom, why, and what helps against it.

use schemars::JsonSchema;
use serde::Serialize;

/// Packets lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct Drops {
    /// By the kernel: the capture buffer was full.
    pub kernel: u64,
    /// By the interface, as it counts itself.
    pub interface: u64,
    /// By flowlabel.
    pub flowlabel: u64,
}

/// What one of them lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loss {
    /// Who lost them.
    pub by: &'static str,
    /// How many.
    pub packets: u64,
    /// Why.
    pub why: &'static str,
    /// What helps.
    pub help: &'static str,
}

impl Drops {
    /// All of them.
    pub fn total(self) -> u64 {
        self.kernel.saturating_add(self.interface).saturating_add(self.flowlabel)
    }

    /// One for each that lost packets.
    pub fn losses(self) -> impl Iterator<Item = Loss> {
        let all = [
            Loss {
                by: "the kernel",
                packets: self.kernel,
                why: "its buffer was full",
                help: "a larger --buffer, a --filter or a smaller --snaplen helps",
            },
            Loss {
                by: "the interface",
                packets: self.interface,
                why: "the kernel never had them",
                help: "a larger receive ring helps (ethtool -G IFACE rx 4096)",
            },
            Loss {
                by: "flowlabel",
                packets: self.flowlabel,
                why: "they came after an interface had changed its link type",
                help: "start again for those to come",
            },
        ];
        all.into_iter().filter(|loss| loss.packets > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_is_told_with_what_helps_and_nothing_else_is() {
        assert_eq!(Drops::default().losses().count(), 0);
        let drops = Drops { kernel: 3, interface: 0, flowlabel: 4 };
        let told: Vec<(&str, u64, bool)> =
            drops.losses().map(|loss| (loss.by, loss.packets, loss.help.contains("--buffer"))).collect();
        assert_eq!(told, [("the kernel", 3, true), ("flowlabel", 4, false)]);
        assert_eq!((drops.total(), Drops { kernel: u64::MAX, ..drops }.total()), (7, u64::MAX));
    }
}

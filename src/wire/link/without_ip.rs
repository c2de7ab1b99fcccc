//! Link types that are known and never lead to IP: their frames are named, not decoded.

use crate::net::LinkType;

/// By number.
const NAMES: &[(u16, &str)] = &[
    (114, "localtalk"),
    (139, "mtp2"),
    (140, "mtp2"),
    (141, "mtp3"),
    (142, "sccp"),
    (144, "irda"),
    (165, "bacnet-mstp"),
    (177, "lapd"),
    (184, "arinc-429"),
    (185, "arinc-653"),
    (186, "usb"),
    (187, "bluetooth"),
    (189, "usb"),
    (190, "can"),
    (199, "ipmb"),
    (201, "bluetooth"),
    (203, "lapd"),
    (209, "ipmb"),
    (210, "flexray"),
    (211, "most"),
    (212, "lin"),
    (216, "evdev"),
    (220, "usb"),
    (227, "can"),
    (231, "dbus"),
    (235, "dvb-ci"),
    (236, "mux27010"),
    (245, "nfc"),
    (249, "usb"),
    (251, "bluetooth"),
    (253, "netlink"),
    (254, "bluetooth"),
    (255, "bluetooth"),
    (256, "bluetooth"),
    (257, "profibus"),
    (260, "ipmi"),
    (261, "z-wave"),
    (262, "z-wave"),
    (263, "wattstopper"),
    (264, "iso-14443"),
    (265, "rds"),
    (266, "usb"),
    (270, "lora"),
    (271, "vsock"),
    (272, "bluetooth"),
    (275, "displayport-aux"),
    (278, "usb"),
    (287, "z-wave"),
    (288, "usb"),
    (293, "usb"),
    (294, "usb"),
    (295, "usb"),
];

/// What a link type without IP is called.
pub(super) fn name(link: LinkType) -> Option<&'static str> {
    NAMES.iter().find(|(listed, _)| *listed == link.0).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::outcome;
    use super::NAMES;

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn a_frame_is_named_and_not_read() {
        assert_eq!(outcome(227, "45000020"), "non-ip can");
        assert_eq!(outcome(220, ""), "non-ip usb");
    }
}

//! The names in a certificate (RFC 5280), as far as there is one: the subject's common name and the alternative names of its hosts.

use super::ber;
use super::cursor::Cursor;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 6;
const OCTETS: u8 = 4;
/// A name of a host among the alternatives (section 4.2.1.6).
const HOST: u8 = 0x82;
/// Where the extensions stand.
const EXTENSIONS: u8 = 0xa3;

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ALTERNATIVES: &[u8] = &[0x55, 0x1d, 0x11];

/// Names that are taken.
const MOST: usize = 4;

/// The names of a certificate.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Names<'a> {
    /// Each once, the subject's common name first.
    pub(super) names: Vec<&'a [u8]>,
    /// The certificate was read as far as there are names.
    pub(super) whole: bool,
}

impl<'a> Names<'a> {
    fn add(&mut self, name: &'a [u8]) {
        if self.names.len() < MOST && !name.is_empty() && !self.names.contains(&name) {
            self.names.push(name);
        }
    }
}

/// The names of a certificate, perhaps cut.
pub(super) fn names(certificate: &[u8]) -> Names<'_> {
    let mut names = Names::default();
    names.whole = read(certificate, &mut names).is_some();
    names
}

/// `None` where it is cut before its end.
fn read<'a>(certificate: &'a [u8], names: &mut Names<'a>) -> Option<()> {
    let mut outer = ber::expect(&mut Cursor::new(certificate), SEQUENCE)?.body;
    let mut fields = ber::expect(&mut outer, SEQUENCE)?.body;
    // The version is left out where it is 1.
    let _ = ber::expect(&mut fields, 0xa0);
    // Serial number, algorithm, issuer, validity.
    for tag in [2, SEQUENCE, SEQUENCE, SEQUENCE] {
        ber::expect(&mut fields, tag)?;
    }
    common_names(ber::expect(&mut fields, SEQUENCE)?.body, names);
    ber::expect(&mut fields, SEQUENCE)?;
    while let Some(field) = ber::next(&mut fields) {
        if field.tag == EXTENSIONS {
            return alternatives(field.body, field.len, names);
        }
    }
    // A certificate of version 1 ends here.
    (fields.rest().is_empty() && !outer.rest().is_empty()).then_some(())
}

/// Attributes, each in a set of its own (section 4.1.2.4).
fn common_names<'a>(mut subject: Cursor<'a>, names: &mut Names<'a>) {
    while let Some(mut set) = ber::expect(&mut subject, SET) {
        let Some(mut attribute) = ber::expect(&mut set.body, SEQUENCE).map(|attribute| attribute.body) else { return };
        if ber::whole(&mut attribute, OBJECT) == Some(COMMON_NAME)
            && let Some(text) = ber::next(&mut attribute).filter(|text| text.body.rest().len() == text.len)
        {
            names.add(text.body.rest());
        }
    }
}

fn alternatives<'a>(mut extensions: Cursor<'a>, len: usize, names: &mut Names<'a>) -> Option<()> {
    let is_whole = extensions.rest().len() == len;
    let mut list = ber::expect(&mut extensions, SEQUENCE)?.body;
    while let Some(mut extension) = ber::expect(&mut list, SEQUENCE) {
        if ber::whole(&mut extension.body, OBJECT) != Some(ALTERNATIVES) {
            continue;
        }
        // Whether it is critical.
        let _ = ber::expect(&mut extension.body, 1);
        let mut hosts = ber::expect(&mut ber::expect(&mut extension.body, OCTETS)?.body, SEQUENCE)?;
        let has_all = hosts.body.rest().len() == hosts.len;
        while let Some(host) = ber::next(&mut hosts.body) {
            if host.tag == HOST && host.body.rest().len() == host.len {
                names.add(host.body.rest());
            }
        }
        return has_all.then_some(());
    }
    is_whole.then_some(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::recognize::testing::hex;

    /// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj "/O=Corp/CN=mail.corp.example" -addext
    /// "subjectAltName=DNS:mail.corp.example,DNS:*.corp.example,IP:10.1.0.5"`; `openssl x509 -text` shows these names.
    pub(in crate::recognize) const CERTIFICATE: &str = "308201e130820187a00302010202140f4ee7cbdbc90695c60dcac491099be9a5430405300a06082a8648ce3d040302302b310d300b060355040a0c04\
        436f7270311a301806035504030c116d61696c2e636f72702e6578616d706c65301e170d3236313132353137353134305a170d323631313236313735\
        3134305a302b310d300b060355040a0c04436f7270311a301806035504030c116d61696c2e636f72702e6578616d706c653059301306072a8648ce3d\
        020106082a8648ce3d0301070342000458044b8f7b853d883ed213b2913d50182ef511fe3e841369faae18e3d5de3f2d20256452df7ef42a61d470f0\
        a1296fa3c38478089f9782e0ce1ce2ab8b478142a38188308185301d0603551d0e041604140ba58335dfde7cc690681196277352a9e1994efb301f06\
        03551d230418301680140ba58335dfde7cc690681196277352a9e1994efb300f0603551d130101ff040530030101ff30320603551d11042b30298211\
        6d61696c2e636f72702e6578616d706c65820e2a2e636f72702e6578616d706c6587040a010005300a06082a8648ce3d0403020348003045022100d6\
        a4b606728d68ec14ce3139a57a1f0f5aebf7d7bcc26ec31dc30a47e244885d02207b61bd51af23e3c73b500838d504ec92cb3cbd98c2a10224eaff09\
        75eeb06700";

    #[test]
    fn the_subject_and_the_alternatives() {
        let certificate = hex(CERTIFICATE);
        let all = names(&certificate);
        assert_eq!((all.names.as_slice(), all.whole), (&[&b"mail.corp.example"[..], b"*.corp.example"][..], true));
    }

    #[test]
    fn a_certificate_cut_anywhere_gives_what_there_is() {
        let certificate = hex(CERTIFICATE);
        let mut most = 0;
        for len in 0..certificate.len() {
            let some = names(&certificate[..len]);
            assert!(some.names.len() >= most && (!some.whole || some.names.len() == 2), "{len}");
            most = some.names.len();
        }
        assert_eq!(most, 2);
        assert_eq!(names(b"\x30\x03\x02\x01\x05"), Names::default());
    }
}

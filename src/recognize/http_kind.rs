//! What is spoken over HTTP: kinds that differ in method, target and header fields, and the systems of the catalog whose they are.
//!
//! One more kind is a line in [`KINDS`], the special above the general. A kind whose protocol has a narrower `behind` than plain HTTP contradicts
//! the ports of other services, as every other protocol does.

use super::finding::{Kind, Protocol};
use super::text;

/// HTTP in the clear.
pub static HTTP: Protocol = Protocol {
    name: "HTTP",
    label: Some("HTTP"),
    behind: &[
        "HTTP",
        "WinRM",
        "WS-Management",
        "RPC over HTTP",
        "SSDP event notification",
        "SSDP legacy event notification",
        "UPNP",
        "Discovery",
        "Provisioning",
        "MMS",
        "RTSP",
        "WCF",
        "ASP.NET Session State",
        "Proxy",
        "SQL Analysis Services",
        "Serial over LAN and IDE redirection",
    ],
};
/// What belongs on a Web server and on none of the others that speak HTTP.
pub static SITE: Protocol = Protocol { name: "HTTP", label: Some("HTTP"), behind: &["HTTP", "Proxy"] };
/// WS-Management, `WinRM` among it; AMT speaks it too.
pub static WS_MANAGEMENT: Protocol = Protocol {
    name: "HTTP",
    label: Some("WS-Management"),
    behind: &["WS-Management", "WinRM", "HTTP", "Proxy", "Discovery", "Provisioning"],
};
/// AMT's Web server.
pub static AMT: Protocol = Protocol {
    name: "HTTP",
    label: Some("Discovery"),
    behind: &["Discovery", "Provisioning", "HTTP", "Proxy", "Serial over LAN and IDE redirection"],
};
/// RPC over HTTP: one request for each direction.
pub static RPC_OVER_HTTP: Protocol =
    Protocol { name: "HTTP", label: Some("RPC over HTTP"), behind: &["RPC over HTTP", "HTTP", "Proxy"] };
/// Devices that describe themselves and are controlled.
pub static UPNP: Protocol = Protocol {
    name: "HTTP",
    label: Some("UPNP"),
    behind: &["UPNP", "SSDP event notification", "SSDP legacy event notification", "HTTP", "Proxy"],
};
/// Events of such devices.
pub static UPNP_EVENTS: Protocol = Protocol {
    name: "HTTP",
    label: Some("SSDP event notification"),
    behind: &["SSDP event notification", "SSDP legacy event notification", "UPNP", "HTTP"],
};
/// Windows Media, where MMS does not get through.
pub static WINDOWS_MEDIA: Protocol = Protocol { name: "HTTP", label: Some("MMS"), behind: &["MMS", "RTSP", "HTTP", "Proxy"] };
/// Session data of Web applications.
pub static SESSION_STATE: Protocol =
    Protocol { name: "HTTP", label: Some("ASP.NET Session State"), behind: &["ASP.NET Session State", "HTTP"] };

/// A header field's name, and where its value goes.
type Field = (&'static str, for<'a, 'b> fn(&'b mut Words<'a>) -> &'b mut Option<&'a [u8]>);

/// The header fields that are looked at, and where their values go.
static FIELDS: &[Field] = &[
    ("Host", |words| &mut words.host),
    ("User-Agent", |words| &mut words.agent),
    ("Server", |words| &mut words.server),
    ("Content-Type", |words| &mut words.content),
    ("Authorization", |words| &mut words.credentials),
    ("Proxy-Authorization", |words| &mut words.credentials),
    ("WWW-Authenticate", |words| &mut words.credentials),
    ("SOAPAction", |words| &mut words.action),
    ("NT", |words| &mut words.notification),
    ("CALLBACK", |words| &mut words.callback),
    ("SID", |words| &mut words.subscription),
    ("BITS-Packet-Type", |words| &mut words.transfer),
    ("Exclusive", |words| &mut words.exclusive),
    ("Timeout", |words| &mut words.timeout),
    ("Pragma", |words| &mut words.pragma),
    ("DAV", |words| &mut words.dav),
    ("MS-Author-Via", |words| &mut words.dav),
    ("MicrosoftSharePointTeamServices", |words| &mut words.share_point),
];

/// What both sides say of themselves.
#[derive(Clone, Copy, Default)]
pub(super) struct Words<'a> {
    pub(super) method: &'a [u8],
    target: &'a [u8],
    /// The target without the server.
    path: &'a [u8],
    pub(super) host: Option<&'a [u8]>,
    pub(super) agent: Option<&'a [u8]>,
    pub(super) status: Option<&'a [u8]>,
    pub(super) server: Option<&'a [u8]>,
    /// What is proved, by either side.
    pub(super) credentials: Option<&'a [u8]>,
    content: Option<&'a [u8]>,
    action: Option<&'a [u8]>,
    notification: Option<&'a [u8]>,
    callback: Option<&'a [u8]>,
    subscription: Option<&'a [u8]>,
    transfer: Option<&'a [u8]>,
    exclusive: Option<&'a [u8]>,
    timeout: Option<&'a [u8]>,
    pragma: Option<&'a [u8]>,
    dav: Option<&'a [u8]>,
    share_point: Option<&'a [u8]>,
}

impl<'a> Words<'a> {
    /// A start line of a request, and what follows.
    pub(super) fn request(&mut self, method: &'a [u8], head: &'a [u8]) {
        self.method = method;
        self.ask_for(text::lines(head).next().and_then(|line| text::words(line).nth(1)).unwrap_or_default());
        self.fields(head);
    }

    /// What a request is for.
    pub(super) fn ask_for(&mut self, target: &'a [u8]) {
        self.target = target;
        self.path = match text::find(target.get(..8).unwrap_or(target), b"://") {
            // To a proxy the whole address is said.
            Some(at) => {
                let rest = target.get(at + 3..).unwrap_or_default();
                memchr::memchr(b'/', rest).and_then(|at| rest.get(at..)).unwrap_or_default()
            }
            None => target,
        };
    }

    /// A status, and what follows.
    pub(super) fn response(&mut self, status: &'a [u8], head: &'a [u8]) {
        self.status = Some(status);
        self.fields(head);
    }

    /// The header fields up to the empty line, each looked at once.
    fn fields(&mut self, head: &'a [u8]) {
        for line in text::lines(head).skip(1).take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = memchr::memchr(b':', line).and_then(|at| line.split_at_checked(at)) {
                self.field(name, value.get(1..).unwrap_or_default().trim_ascii());
            }
        }
    }

    /// One header field; of two with one name the first counts.
    pub(super) fn field(&mut self, name: &[u8], value: &'a [u8]) {
        let is_it = |known: &str| known.len() == name.len() && known.as_bytes().eq_ignore_ascii_case(name);
        if let Some((_, slot)) = FIELDS.iter().find(|(known, _)| is_it(known)) {
            slot(self).get_or_insert(value);
        }
    }

    /// Whether the path is one of these or lies below it; servers of Windows do not care for case.
    fn below(&self, paths: &[&str]) -> bool {
        paths.iter().any(|known| text::after(self.path, known.as_bytes()).is_some())
    }

    fn method_is(&self, methods: &[&str]) -> bool {
        methods.iter().any(|known| known.as_bytes() == self.method)
    }
}

fn begins(field: Option<&[u8]>, words: &[&str]) -> bool {
    field.is_some_and(|value| words.iter().any(|word| text::after(value, word.as_bytes()).is_some()))
}

fn has(field: Option<&[u8]>, words: &[&str]) -> bool {
    field.is_some_and(|value| words.iter().any(|word| text::has(value, word.as_bytes())))
}

/// A kind, and how it is told.
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) protocol: &'static Protocol,
    tells: fn(&Words<'_>) -> bool,
}

const fn row(
    name: &'static str,
    protocol: &'static Protocol,
    systems: &'static [&'static str],
    tells: fn(&Words<'_>) -> bool,
) -> Row {
    Row { kind: Kind { name, systems }, protocol, tells }
}

/// Services of the catalog that are managed through WS-Management, at 80 the old way (reading C86).
const MANAGED: &[&str] =
    &["vmm16.src.01", "vmm16.src.03", "vmm16.src.05", "vmm16.sfs.01", "vmm16.sfs.03", "vmm16.src.14", "sccm.amt.c"];

/// Every kind; the first that fits counts.
#[rustfmt::skip]
static KINDS: &[Row] = &[
    // [MS-RPCH] sections 2.1.2 and 3: a virtual connection is two requests without end.
    row("RPC", &RPC_OVER_HTTP, &[], |words| words.method_is(&["RPC_IN_DATA", "RPC_OUT_DATA", "RPC_CONNECT"]) || begins(words.content, &["application/rpc"]) || begins(words.agent, &["MSRPC"])),
    // [MS-TSGU] section 3.3.
    row("Remote Desktop Gateway", &SITE, &[], |words| words.method_is(&["RDG_IN_DATA", "RDG_OUT_DATA"])),
    // [MS-ASP] section 2.2: the time-out is a number, a lock is asked for and given back.
    row("session state", &SESSION_STATE, &["svc.aspnet-state"], |words| begins(words.exclusive, &["acquire", "release"]) || (words.method_is(&["PUT"]) && words.timeout.is_some_and(|value| !value.is_empty() && value.iter().all(u8::is_ascii_digit)))),
    row("AMT", &AMT, &["sccm.amt.c"], |words| has(words.server, &["Active Management Technology", "Intel(R) Standard Manageability"]) || has(words.agent, &["Intel(R) AMT", "AMT Redirection"])),
    // [MS-WSMV] section 2.2.1 and DSP0226.
    row("WS-Management", &WS_MANAGEMENT, MANAGED, |words| words.below(&["/wsman"]) || has(words.agent, &["WinRM Client", "WS-Management", "WSMAN", "Openwsman", "OpenWSMAN"])),
    // UPnP Device Architecture 1.1 section 4. Exchange has methods of these names too, without what GENA says (reading C37).
    row("UPnP event", &UPNP_EVENTS, &["svc.ssdp"], |words| words.method_is(&["NOTIFY"]) && begins(words.notification, &["upnp:"])),
    row("UPnP subscription", &UPNP_EVENTS, &["svc.upnphost"], |words| words.method_is(&["SUBSCRIBE", "UNSUBSCRIBE"]) && (begins(words.notification, &["upnp:"]) || begins(words.callback, &["<http"]) || begins(words.subscription, &["uuid:"]))),
    // [MS-WUSP] section 2.1, [MS-WSUSSS] section 2.1, and the service behind WSUS's own console.
    row("WSUS synchronisation", &SITE, &["sccm.link.03", "sccm.link.04", "sccm.link.33", "sccm.wsus"], |words| words.below(&["/ServerSyncWebService", "/DssAuthWebService"])),
    row("WSUS administration", &SITE, &["sccm.link.03", "sccm.wsus", "vmm16.src.08", "vmm16.src.09"], |words| words.below(&["/ApiRemoting30"])),
    row("WSUS client", &SITE, &["sccm.link.06", "sccm.wsus"], |words| words.below(&["/ClientWebService", "/SimpleAuthWebService", "/ReportingWebService", "/selfupdate"]) || begins(words.agent, &["Windows-Update-Agent", "Windows Update", "Industry Update Control"])),
    row("SCCM management point", &SITE, &["sccm.link.17", "sccm.client-to-site-system"], |words| words.method_is(&["CCM_POST"]) || words.below(&["/ccm_", "/SMS_MP", "/bgb"])),
    row("SCCM distribution point", &SITE, &["sccm.link.15", "sccm.link.19", "sccm.client-to-site-system", "sccm.dp-appv"], |words| words.below(&["/SMS_DP_SMSPKG", "/SMS_DP_SMSSIG", "/NOCERT_SMS_DP_"])),
    row("SCCM fallback status point", &SITE, &["sccm.link.13"], |words| words.below(&["/SMS_FSP"])),
    row("SCCM server locator point", &SITE, &["sccm.link.18"], |words| words.below(&["/SMS_SLP"])),
    row("SCCM state migration point", &SITE, &["sccm.link.07"], |words| words.below(&["/SMSSMP"])),
    row("SCCM reports", &SITE, &["sccm.link.25", "sccm.link.46", "sccm.client-to-reporting-point"], |words| words.below(&["/SMSReporting_", "/SMSComponent"])),
    row("SCCM client", &SITE, &["sccm.link.17", "sccm.link.15", "sccm.link.13", "sccm.client-to-site-system"], |words| begins(words.agent, &["SMS CCM", "ccmhttp", "ccmsetup"])),
    row("health registration", &SITE, &["sccm.link.11", "sccm.nap-hra"], |words| words.below(&["/domainhra", "/nondomainhra"])),
    // [MS-BPAU], [MC-BUP]: uploads have a method, downloads only the user agent.
    row("BITS", &SITE, &[], |words| words.method_is(&["BITS_POST"]) || words.transfer.is_some() || begins(words.agent, &["Microsoft BITS"])),
    // [MS-WMSP] section 2.2.
    row("Windows Media", &WINDOWS_MEDIA, &["svc.wmserver"], |words| begins(words.agent, &["NSPlayer/", "NSServer/", "WMServer/", "WMFSDK"]) || begins(words.content, &["application/x-mms-framed", "application/vnd.ms.wms-hdr", "application/x-wms-"]) || begins(words.pragma, &["xClientGUID"])),
    row("UPnP", &UPNP, &["svc.upnphost"], |words| has(words.server, &["UPnP/1."]) || has(words.agent, &["UPnP/1."]) || has(words.action, &["urn:schemas-upnp-org:"])),
    row("IPP", &HTTP, &["svc.w3svc"], |words| begins(words.content, &["application/ipp"])),
    row("SharePoint", &HTTP, &["svc.sharepoint-portal"], |words| words.share_point.is_some() || words.below(&["/_vti_bin", "/_layouts/"])),
    // RFC 4918, RFC 3253, RFC 5323, and what Windows asks before any of it.
    row("WebDAV", &HTTP, &[], |words| words.method_is(&["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "POLL", "BPROPFIND"]) || words.dav.is_some() || begins(words.agent, &["Microsoft-WebDAV-MiniRedir", "Microsoft Data Access Internet Publishing Provider"])),
    row("SOAP", &HTTP, &[], |words| words.action.is_some() || begins(words.content, &["application/soap+xml"])),
    row("gRPC", &HTTP, &[], |words| begins(words.content, &["application/grpc"])),
    row("proxy", &HTTP, &[], |words| words.method_is(&["CONNECT"]) || begins(Some(words.target), &["http://", "ftp://"])),
];

/// The kind of what was said, where it has one.
pub(super) fn kind(words: &Words<'_>) -> Option<&'static Row> {
    KINDS.iter().find(|row| (row.tells)(words))
}

/// Every kind that has a name, for the table of protocols and for tests.
pub fn kinds() -> impl Iterator<Item = (&'static Kind, &'static Protocol)> {
    KINDS.iter().map(|row| (&row.kind, row.protocol))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::http::look;
    use crate::recognize::testing::{detail, found, tcp};

    /// What a request of these header fields and its answer are called, and the catalog's name of what it is.
    fn called(request: &str, response: &str) -> (String, &'static str) {
        let [request, response] = [request, response].map(|text| text.replace('\n', "\r\n"));
        let finding = found(look(&tcp(request.as_bytes(), response.as_bytes())));
        (detail(&finding).split(": ").next().unwrap_or_default().to_owned(), finding.protocol.label.unwrap_or_default())
    }

    const OK: &str = "HTTP/1.1 200 OK\nServer: Microsoft-IIS/6.0\n\n";

    /// A request, its answer, the kind, and the catalog's name.
    const CASES: &[(&str, &str, &str, &str)] = &[
        // [MS-RPCH] section 4.1.
        (
            "RPC_IN_DATA /rpc/rpcproxy.dll?mail:6001 HTTP/1.1\nAccept: application/rpc\nUser-Agent: MSRPC\nContent-Length: 1073741824\n\n",
            "",
            "RPC",
            "RPC over HTTP",
        ),
        // [MS-ASP] section 4.
        (
            "GET /LM/W3SVC/1/ROOT/app(hash)/session HTTP/1.1\nHost: localhost\nExclusive: acquire\n\n",
            "HTTP/1.1 200 OK\nTimeout: 20\n\n",
            "session state",
            "ASP.NET Session State",
        ),
        (
            "GET /index.htm HTTP/1.1\nHost: ws20:16992\n\n",
            "HTTP/1.1 200 OK\nServer: Intel(R) Active Management Technology 9.0.2\n\n",
            "AMT",
            "Discovery",
        ),
        (
            "POST /wsman HTTP/1.1\nUser-Agent: Microsoft WinRM Client\nContent-Type: application/soap+xml;charset=UTF-16\n\n",
            OK,
            "WS-Management",
            "WS-Management",
        ),
        // UPnP Device Architecture 1.1 sections 4.1.2 and 4.3.2.
        (
            "UNSUBSCRIBE /event HTTP/1.1\nHOST: 10.0.0.5:2869\nSID: uuid:1\n\n",
            "HTTP/1.1 200 OK\nServer: Netgear/1.0 UPnP/1.0\n\n",
            "UPnP subscription",
            "SSDP event notification",
        ),
        (
            "SUBSCRIBE /event HTTP/1.1\nHOST: 10.0.0.5:2869\nCALLBACK: <http://10.0.0.9:5000/x>\nNT: upnp:event\n\n",
            "HTTP/1.1 200 OK\nSID: uuid:1\n\n",
            "UPnP subscription",
            "SSDP event notification",
        ),
        (
            "NOTIFY /x HTTP/1.1\nHOST: 10.0.0.9:5000\nNT: upnp:event\nNTS: upnp:propchange\nSEQ: 0\n\n",
            "",
            "UPnP event",
            "SSDP event notification",
        ),
        (
            "POST /control HTTP/1.1\nSOAPAction: \"urn:schemas-upnp-org:service:WANIPConnection:1#GetStatusInfo\"\n\n",
            "",
            "UPnP",
            "UPNP",
        ),
        (
            "GET /desc.xml HTTP/1.1\nHost: a\n\n",
            "HTTP/1.1 200 OK\nServer: Microsoft-Windows-NT/5.1 UPnP/1.0 UPnP-Device-Host/1.0\n\n",
            "UPnP",
            "UPNP",
        ),
        (
            "POST /ServerSyncWebService/ServerSyncWebService.asmx HTTP/1.1\nSOAPAction: \"x\"\n\n",
            OK,
            "WSUS synchronisation",
            "HTTP",
        ),
        ("POST /ApiRemoting30/WebService.asmx HTTP/1.1\n\n", OK, "WSUS administration", "HTTP"),
        ("POST /ClientWebService/client.asmx HTTP/1.1\nUser-Agent: Windows-Update-Agent\n\n", OK, "WSUS client", "HTTP"),
        ("GET http://sup1:8530/selfupdate/wuident.cab HTTP/1.1\n\n", OK, "WSUS client", "HTTP"),
        ("CCM_POST /ccm_system/request HTTP/1.1\nUser-Agent: ccmhttp\n\n", OK, "SCCM management point", "HTTP"),
        (
            "GET /SMS_DP_SMSPKGC$/CEN00014/a.cab HTTP/1.1\nUser-Agent: Microsoft BITS/6.6\n\n",
            OK,
            "SCCM distribution point",
            "HTTP",
        ),
        ("GET /SMS_FSP/.sms_fsp HTTP/1.1\n\n", OK, "SCCM fallback status point", "HTTP"),
        ("GET /SMS_SLP/slp.dll?site&sc=CEN HTTP/1.1\n\n", OK, "SCCM server locator point", "HTTP"),
        ("GET /SMSReporting_CEN/ HTTP/1.1\n\n", OK, "SCCM reports", "HTTP"),
        ("BITS_POST /up/a HTTP/1.1\nBITS-Packet-Type: Create-Session\n\n", OK, "BITS", "HTTP"),
        ("GET /a.cab HTTP/1.1\nRange: bytes=0-1\nUser-Agent: Microsoft BITS/7.5\n\n", OK, "BITS", "HTTP"),
        (
            "GET /a.asf HTTP/1.0\nUser-Agent: NSPlayer/9.0.0.2980\nPragma: xClientGUID={3300AD50-2C39-46c0-AE0A-AC7B8159E203}\n\n",
            "",
            "Windows Media",
            "MMS",
        ),
        ("POST /printers/laser/.printer HTTP/1.1\nContent-Type: application/ipp\n\n", OK, "IPP", "HTTP"),
        ("PROPFIND /share HTTP/1.1\nDepth: 0\n\n", OK, "WebDAV", "HTTP"),
        ("OPTIONS /share HTTP/1.1\n\n", "HTTP/1.1 200 OK\nDAV: 1,2\n\n", "WebDAV", "HTTP"),
        ("POST /a.asmx HTTP/1.1\nSOAPAction: \"http://tempuri.org/B\"\n\n", OK, "SOAP", "HTTP"),
        ("CONNECT www.example:443 HTTP/1.1\n\n", OK, "proxy", "HTTP"),
        ("GET / HTTP/1.1\nHost: a\n\n", OK, "GET to a answer 200 from Microsoft-IIS/6.0", "HTTP"),
    ];

    #[test]
    fn kinds_are_told_by_what_they_say() {
        for (request, response, name, label) in CASES {
            assert_eq!(called(request, response), ((*name).to_owned(), *label), "{request}");
        }
    }

    #[test]
    fn what_only_resembles_a_kind_is_plain_http() {
        for request in [
            // Exchange's notifications, a page about management, a time-out as WebDAV writes it.
            "NOTIFY /a HTTP/1.1\nHost: a\n\n",
            "SUBSCRIBE /exchange HTTP/1.1\nNotification-type: update\n\n",
            "GET /doc/wsman.html HTTP/1.1\n\n",
            "PUT /a HTTP/1.1\nTimeout: Second-3600\n\n",
        ] {
            let (name, label) = called(request, "");
            assert_eq!((kinds().find(|(kind, _)| kind.name == name), label), (None, "HTTP"), "{request}");
        }
    }
}

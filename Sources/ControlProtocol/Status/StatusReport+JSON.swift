import NetworkTypes

extension StatusReport {
    /// The version of the document's layout. Keys are only ever added to it.
    package static let schema = 1

    /// The document that `ipop status --json` prints: every key always there, `null` when unknown.
    package var json: JSONValue {
        let report = report
        return [
            "schema": JSONValue(Self.schema), "state": .text(state?.rawValue),
            "grid": .text(report?.grid ?? configured?.grid), "site": .text(report?.site ?? configured?.site),
            "node": .text(node), "uptimeSeconds": .count(report?.uptimeSeconds),
            "certificate": certificate?.json ?? CertificateReport.unknownJSON, "device": deviceJSON,
            "overlay": report?.overlay.json ?? OverlayReport.unknownJSON, "sites": sitesJSON, "routes": routesJSON,
            "exports": .list(report?.exports ?? [], \.statusJSON), "leases": .list(report?.leases ?? [], \.json),
            "nat": (report?.nat ?? NATReport()).json, "problems": .list(problems, \.json),
            "version": .text(report?.version),
            "lan": [
                "interface": .text(host?.lanInterface), "mode": .text(host?.lanMode.rawValue),
                "bridge": .text(host?.bridge),
            ],
            "forwarding": [
                "ipv4": .optional(kernel.forwardingV4) { JSONValue($0) },
                "ipv6": .optional(kernel.forwardingV6) { JSONValue($0) },
            ],
            "drops": .list(report?.drops ?? [], \.json),
            "refusedHandshakes": .list(report?.refusedHandshakes ?? [], \.json),
        ]
    }

    /// The document that `ipop sites --json` prints.
    package var sitesDocument: JSONValue {
        ["schema": JSONValue(Self.schema), "state": .text(state?.rawValue), "sites": sitesJSON]
    }

    /// The document that `ipop routes --json` prints.
    package var routesDocument: JSONValue {
        ["schema": JSONValue(Self.schema), "state": .text(state?.rawValue), "routes": routesJSON]
    }

    private var sitesJSON: JSONValue { .list(report?.sites ?? [], \.json) }

    private var routesJSON: JSONValue { .list(routes, \.json) }

    /// A device that does not exist is not up; its name is still the one that it should have.
    private var deviceJSON: JSONValue {
        let device = kernel.device
        let counters = device?.counters
        return [
            "name": .string(kernel.deviceName), "up": JSONValue(device?.isUp ?? false), "mtu": .count(device?.mtu),
            "rxBytes": .count(counters?.rxBytes), "txBytes": .count(counters?.txBytes),
            "rxPackets": .count(counters?.rxPackets), "txPackets": .count(counters?.txPackets),
            "rxDropped": .count(counters?.rxDropped), "txDropped": .count(counters?.txDropped),
        ]
    }
}

extension RouteStanding {
    var json: JSONValue {
        [
            "prefix": .text(prefix), "site": .text(site), "wanted": .optional(wanted) { JSONValue($0) },
            "kernel": .text(kernel?.rawValue), "device": .text(device), "metric": .count(metric),
            "reason": .text(reason?.rawValue), "detail": .text(note), "vanished": .optional(vanished, \.json),
            "deadEnd": JSONValue(isDeadEnd),
        ]
    }

    /// A route that vanished has that for its reason until the daemon forgets it.
    private var reason: RouteCode? { vanished == nil ? issue?.code : .removedByAnotherProgram }
}

extension ExportReport {
    /// In the status document, where `reason` is the code.
    var statusJSON: JSONValue {
        [
            "subnet": .text(subnet), "virtual": .text(virtual), "state": .string(state.rawValue),
            "reason": .text(issue?.code.rawValue), "detail": .text(issue?.text),
        ]
    }
}

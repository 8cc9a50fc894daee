import NetworkTypes

/// The facts of `ipop status --json` for Prometheus: names `ipop_*`, base units (seconds, bytes, ratios).
///
/// Names and labels stay with their meaning; families and labels are only ever added.
package struct MetricsPage {
    /// The media type of `bytes`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var writer = ExpositionWriter()

    /// Draws the page of `status`.
    package init(_ status: StatusReport) {
        gateway(status)
        device(status.kernel)
        if let report = status.report {
            overlay(report.overlay)
            sites(report.sites)
            paths(report.sites)
            streams(report.streams)
            relays(report.relays)
            leases(report.leases)
        }
        routes(status)
        problems(status)
    }

    /// The page as it is served.
    package var bytes: [UInt8] { writer.bytes }

    private mutating func gateway(_ status: StatusReport) {
        if let report = status.report {
            writer.family("ipop_gateway_info", .gauge, "What this gateway is; always 1.")
            writer.sample(
                ExpositionWriter.labels([
                    "grid": report.grid, "site": report.site, "node": report.node.description,
                    "version": report.version,
                ]), 1)
        }
        writer.family("ipop_up", .gauge, "Whether the gateway is in its grid, healthy (state up) or not (degraded).")
        writer.sample("", status.state == .up || status.state == .degraded)
        writer.family("ipop_state", .gauge, "The gateway's state: 1 for the one that holds, 0 for the others.")
        for state in GatewayState.allCases {
            writer.sample(ExpositionWriter.labels(["state": state.rawValue]), state == status.state)
        }
        if let report = status.report {
            writer.family("ipop_uptime_seconds", .gauge, "Time since the daemon's start.")
            writer.sample("", report.uptimeSeconds)
        }
        if let certificate = status.certificate {
            writer.family(
                "ipop_certificate_expiry_timestamp_seconds", .gauge,
                "When this gateway's certificate ends, since 1970-01-01T00:00:00Z.")
            writer.sample("", certificate.notAfter)
        }
        if let nat = status.report?.nat {
            writer.family("ipop_nat_info", .gauge, "The NAT before this gateway, in the words of RFC 4787; always 1.")
            writer.sample(
                ExpositionWriter.labels(["mapping": nat.mapping.rawValue, "udp": nat.udp.rawValue]), 1)
        }
    }

    private mutating func device(_ kernel: KernelFacts) {
        let labels = ExpositionWriter.labels(["device": kernel.deviceName])
        writer.family("ipop_device_up", .gauge, "Whether the overlay's device exists and is up.")
        writer.sample(labels, kernel.device?.isUp ?? false)
        if let device = kernel.device {
            writer.family("ipop_device_mtu_bytes", .gauge, "The MTU of the overlay's device.")
            writer.sample(labels, device.mtu)
        }
        if let counters = kernel.device?.counters {
            let families: [(String, UInt64, String)] = [
                ("receive_bytes", counters.rxBytes, "Bytes that came out of the overlay."),
                ("transmit_bytes", counters.txBytes, "Bytes that went into the overlay."),
                ("receive_packets", counters.rxPackets, "Packets that came out of the overlay."),
                ("transmit_packets", counters.txPackets, "Packets that went into the overlay."),
                ("receive_dropped", counters.rxDropped, "Packets out of the overlay that the kernel dropped."),
                ("transmit_dropped", counters.txDropped, "Packets into the overlay that the kernel dropped."),
            ]
            for (name, count, help) in families {
                writer.family("ipop_device_\(name)_total", .counter, help)
                writer.sample(labels, count)
            }
        }
        writer.family("ipop_forwarding_enabled", .gauge, "Whether this host's kernel forwards packets.")
        for (family, isOn) in [("ipv4", kernel.forwardingV4), ("ipv6", kernel.forwardingV6)] {
            if let isOn { writer.sample(ExpositionWriter.labels(["family": family]), isOn) }
        }
    }

    private mutating func overlay(_ overlay: OverlayReport) {
        writer.family("ipop_overlay_members", .gauge, "Gateways known to be in the grid, this one included.")
        writer.sample("", overlay.members)
        writer.family("ipop_overlay_links", .gauge, "Links of this gateway by what it keeps them for.")
        for (purpose, count) in [
            ("near", overlay.near), ("far", overlay.far), ("shortcut", overlay.shortcuts),
        ] {
            writer.sample(ExpositionWriter.labels(["purpose": purpose]), count)
        }
        if let isConsistent = overlay.ringConsistent {
            writer.family(
                "ipop_overlay_ring_consistent", .gauge, "Whether the ring neighbours see this gateway as it does them.")
            writer.sample("", isConsistent)
        }
    }

    private mutating func sites(_ sites: [SiteReport]) {
        let labels = sites.map { ExpositionWriter.labels(["site": $0.site, "node": $0.node.description]) }
        writer.family("ipop_site_up", .gauge, "Whether the site's gateway can be reached.")
        for (site, label) in zip(sites, labels) { writer.sample(label, site.path != .down) }
        writer.family("ipop_site_receive_bytes_total", .counter, "Payload from the site.")
        for (site, label) in zip(sites, labels) { writer.sample(label, site.rxBytes) }
        writer.family("ipop_site_transmit_bytes_total", .counter, "Payload to the site.")
        for (site, label) in zip(sites, labels) { writer.sample(label, site.txBytes) }
        writer.family(
            "ipop_site_source_dropped_packets_total", .counter,
            "Packets of the site that were dropped because their source was not the site's.")
        for (site, label) in zip(sites, labels) { writer.sample(label, site.sourceDrops) }
        writer.family("ipop_site_last_heard_seconds", .gauge, "Time since the last authentic datagram of the site.")
        for (site, label) in zip(sites, labels) {
            if let seconds = site.lastHeardSeconds { writer.sample(label, seconds) }
        }
    }

    private mutating func paths(_ sites: [SiteReport]) {
        writer.family("ipop_path_info", .gauge, "How the site's gateway is reached, and why so; always 1.")
        for site in sites {
            writer.sample(
                ExpositionWriter.labels([
                    "site": site.site, "node": site.node.description, "path": site.path.rawValue,
                    "via": site.via ?? "", "endpoint": site.endpoint?.description ?? "",
                    "uplink": site.uplink ?? "", "reason": site.reason.rawValue,
                ]), 1)
        }
        let live = sites.filter { $0.path != .down }
        let labels = live.map {
            ExpositionWriter.labels(["site": $0.site, "node": $0.node.description, "path": $0.path.rawValue])
        }
        writer.family("ipop_path_rtt_seconds", .gauge, "Smoothed round trip of the path.")
        for (site, label) in zip(live, labels) {
            if let microseconds = site.rttMicroseconds { writer.sample(label, Double(microseconds) / 1e6) }
        }
        writer.family("ipop_path_loss_ratio", .gauge, "Share of the path's last probes that were lost, 0 to 1.")
        for (site, label) in zip(live, labels) {
            if let percent = site.lossPercent { writer.sample(label, percent / 100) }
        }
        writer.family("ipop_path_mtu_bytes", .gauge, "The largest packet that travels to the site in one piece.")
        for (site, label) in zip(live, labels) {
            if let mtu = site.mtu { writer.sample(label, mtu) }
        }
    }

    private mutating func streams(_ streams: StreamsReport) {
        writer.family("ipop_streams", .gauge, "TLS connections that carry datagrams, by state.")
        writer.sample(ExpositionWriter.labels(["state": "open"]), streams.open)
        writer.sample(ExpositionWriter.labels(["state": "opening"]), streams.opening)
        writer.family("ipop_stream_receive_bytes_total", .counter, "Bytes from TLS connections, TLS's own included.")
        writer.sample("", streams.rxBytes)
        writer.family("ipop_stream_transmit_bytes_total", .counter, "Bytes to TLS connections, TLS's own included.")
        writer.sample("", streams.txBytes)
        writer.family("ipop_stream_waiting_bytes", .gauge, "Bytes of datagrams that wait for room on TLS connections.")
        writer.sample("", streams.waitingBytes)
        writer.family(
            "ipop_stream_dropped_datagrams_total", .counter,
            "Datagrams that had no room on a TLS connection, or waited too long.")
        writer.sample("", streams.droppedDatagrams)
        writer.family(
            "ipop_streams_abandoned_total", .counter, "Accepted connections that were given up before they were open.")
        writer.sample("", streams.abandoned)
    }

    private mutating func relays(_ relays: RelaysReport) {
        writer.family("ipop_relay_pairs", .gauge, "Pairs of members that this gateway is the relay of.")
        writer.sample("", relays.pairs)
        writer.family("ipop_relay_ways", .gauge, "Ways through relays that this gateway has itself.")
        writer.sample("", relays.ways)
        writer.family("ipop_relay_passed_frames_total", .counter, "Datagrams passed on for others.")
        writer.sample("", relays.passedFrames)
        writer.family("ipop_relay_passed_bytes_total", .counter, "Bytes passed on for others.")
        writer.sample("", relays.passedBytes)
        writer.family(
            "ipop_relay_dropped_frames_total", .counter, "Datagrams for a relay that belonged to no pair and no way.")
        writer.sample("", relays.strangeFrames)
    }

    private mutating func routes(_ status: StatusReport) {
        let claimed = status.routes.filter { $0.site != nil && !$0.isDeadEnd }
        writer.family("ipop_routes", .gauge, "Prefixes of other sites by how they stand in the kernel.")
        for state in KernelRouteState.allCases {
            let count = claimed.count { $0.kernel == state }
            writer.sample(ExpositionWriter.labels(["kernel": state.rawValue]), count)
        }
        guard let report = status.report else { return }
        writer.family("ipop_exports", .gauge, "Subnets that this site exports, by how far they are.")
        for state in ExportState.allCases {
            let count = report.exports.count { $0.state == state }
            writer.sample(ExpositionWriter.labels(["state": state.rawValue]), count)
        }
    }

    private mutating func leases(_ leases: [LeaseReport]) {
        writer.family("ipop_leases", .gauge, "Leases of addresses and prefixes that this gateway knows, by state.")
        for state in LeaseState.allCases {
            let count = leases.count { $0.state == state }
            writer.sample(ExpositionWriter.labels(["state": state.rawValue]), count)
        }
        writer.family(
            "ipop_hosts", .gauge, "LAN hosts of this site in a bridged subnet, by how they have their address.")
        for origin in LeaseOrigin.allCases {
            let count = leases.count { $0.origin == origin && $0.state == .held }
            writer.sample(ExpositionWriter.labels(["origin": origin.rawValue]), count)
        }
    }

    private mutating func problems(_ status: StatusReport) {
        writer.family("ipop_problems", .gauge, "Problems that stand now, by code; see the page of codes.")
        for code in ProblemCode.allCases {
            let count = status.problems.count { $0.code == code }
            writer.sample(ExpositionWriter.labels(["code": code.rawValue]), count)
        }
        guard let report = status.report else { return }
        writer.family("ipop_dropped_packets_total", .counter, "Packets and datagrams dropped, by reason.")
        for drop in report.drops {
            writer.sample(ExpositionWriter.labels(["reason": drop.reason]), drop.packets)
        }
        writer.family("ipop_handshakes_refused_total", .counter, "Handshakes refused, by either end, by reason.")
        for refusal in report.refusedHandshakes {
            writer.sample(ExpositionWriter.labels(["reason": refusal.reason.rawValue]), refusal.count)
        }
    }
}

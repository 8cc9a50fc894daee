import ControlProtocol
import NetworkTypes

// The daemon, its certificate, its port, and who else minds the network.
extension HostExamination {
    /// CAP_NET_ADMIN of capabilities(7).
    private static let networkAdministration: UInt64 = 1 << 12
    private static let secondsPerDay: Int64 = 86_400

    var daemon: DoctorCheck {
        switch facts.report {
        case .success(let report) where report.state == .joining:
            return DoctorCheck(
                .daemon, .warning, "ipopd runs and has reached no member of grid \(report.grid) yet",
                fix: "See the problems in ipop status.", degrades: true)
        case .success(let report):
            let up = report.sites.count { $0.path != .down }
            return DoctorCheck(
                .daemon, .ok,
                "ipopd runs, site \(report.site) of grid \(report.grid), \(up) of "
                    + "\(HumanUnits.count(report.sites.count, "site")) reached")
        case .failure(let absence):
            let isHidden = absence == .permissionDenied
            return DoctorCheck(
                .daemon, isHidden ? .unknown : .failure, absence.problem.text, fix: absence.problem.fix)
        }
    }

    var capabilities: DoctorCheck {
        guard let found = facts.capabilities else {
            return DoctorCheck(.capabilities, .unknown, "there is no daemon whose capabilities could be read")
        }
        if found & Self.networkAdministration == 0 {
            return DoctorCheck(
                .capabilities, .failure, "the daemon lacks CAP_NET_ADMIN",
                fix: "Start it by its unit: systemctl restart ipopd; AmbientCapabilities=CAP_NET_ADMIN is in it.")
        }
        return DoctorCheck(.capabilities, .ok, "the daemon has CAP_NET_ADMIN")
    }

    var certificate: DoctorCheck {
        guard let validity = facts.configuration?.validity else {
            guard let known = gateway?.certificate else {
                return DoctorCheck(.certificate, .unknown, "the certificate cannot be read")
            }
            return certificate(known.notAfter)
        }
        if facts.now < validity.lowerBound {
            return DoctorCheck(
                .certificate, .failure,
                "the certificate is not valid before \(UTCTime(unixSeconds: validity.lowerBound))",
                fix: "Set the clock: timedatectl.")
        }
        return certificate(validity.upperBound)
    }

    private func certificate(_ notAfter: Int64) -> DoctorCheck {
        let report = CertificateReport(notAfter: notAfter, now: facts.now, subnets: [])
        let end = UTCTime(unixSeconds: notAfter).description
        if report.daysLeft < 0 {
            return DoctorCheck(
                .certificate, .failure, "the certificate expired at \(end)",
                fix: "Renew it: ipop cert renew; see that the clock is right.")
        }
        let days = HumanUnits.count(report.daysLeft, "day")
        if report.daysLeft < CertificateReport.degradedDays {
            return DoctorCheck(
                .certificate, .warning, "the certificate expires in \(days), at \(end)",
                fix: "Renew it: ipop cert renew.", degrades: true)
        }
        return DoctorCheck(.certificate, .ok, "the certificate is valid for \(days)")
    }

    var clock: DoctorCheck {
        switch facts.isClockSynchronised {
        case true?: DoctorCheck(.clock, .ok, "the clock is synchronised")
        case false?:
            DoctorCheck(
                .clock, .warning, "nothing keeps the clock right; certificates are judged by it",
                fix: "Let a program set it: timedatectl set-ntp true.")
        case nil: DoctorCheck(.clock, .unknown, "the kernel does not say whether the clock is synchronised")
        }
    }

    var udpPort: DoctorCheck {
        guard let port = facts.configuration?.port else {
            return DoctorCheck(.udpPort, .unknown, "the listen port is not known: the files cannot be read")
        }
        let isRunning = gateway != nil
        switch facts.udpPort {
        case nil: return DoctorCheck(.udpPort, .unknown, "who has UDP port \(port) cannot be seen")
        case .program("ipopd")?: return DoctorCheck(.udpPort, .ok, "ipopd has UDP port \(port)")
        case .program(let name)?:
            return DoctorCheck(
                .udpPort, .failure, "\(name) has UDP port \(port)",
                fix: "Stop that program, or set another listen.port in ipop.yaml.")
        case .somebody?:
            let text = "UDP port \(port) is taken; only root sees by whom"
            return DoctorCheck(.udpPort, isRunning ? .ok : .unknown, text)
        case .nobody?:
            return DoctorCheck(
                .udpPort, isRunning ? .failure : .ok, "nobody has UDP port \(port)",
                fix: isRunning ? "Restart the daemon: systemctl restart ipopd." : nil)
        }
    }

    var tcpPort: DoctorCheck {
        guard let port = facts.configuration?.port else {
            return DoctorCheck(.tcpPort, .unknown, "the listen port is not known: the files cannot be read")
        }
        return switch facts.tcpPort {
        case nil: DoctorCheck(.tcpPort, .unknown, "who has TCP port \(port) cannot be seen")
        case .program("ipopd")?: DoctorCheck(.tcpPort, .ok, "ipopd listens on TCP port \(port)")
        case .program(let name)?:
            DoctorCheck(
                .tcpPort, .warning, "\(name) listens on TCP port \(port)",
                fix: "Stop that program, or set another listen.port in ipop.yaml.")
        case .somebody?: DoctorCheck(.tcpPort, .ok, "TCP port \(port) is taken; only root sees by whom")
        case .nobody?: DoctorCheck(.tcpPort, .ok, "nobody listens on TCP port \(port)")
        }
    }

    var udp: DoctorCheck {
        guard let nat = gateway?.nat else { return DoctorCheck(.udp, .unknown, "only the daemon can tell") }
        return switch nat.udp {
        case .ok: DoctorCheck(.udp, .ok, "UDP gets out and back")
        case .blocked:
            DoctorCheck(
                .udp, .failure, "the network lets no UDP through",
                fix: "Allow UDP to and from the listen port in the firewalls before this gateway.")
        case .unknown: DoctorCheck(.udp, .unknown, "no member has been reached by UDP")
        }
    }

    var nat: DoctorCheck {
        guard let nat = gateway?.nat else { return DoctorCheck(.nat, .unknown, "only the daemon can tell") }
        let seen = nat.endpoints.map(\.description).joined(separator: ", ")
        let ends = seen.isEmpty ? "" : "; others see \(seen)"
        return switch nat.mapping {
        case .none: DoctorCheck(.nat, .ok, "no NAT before this gateway\(ends)")
        case .endpointIndependent: DoctorCheck(.nat, .ok, "a NAT that keeps one mapping for all\(ends)")
        case .addressDependent, .addressAndPortDependent:
            DoctorCheck(
                .nat, .warning, "a symmetric NAT: another mapping for each destination\(ends)",
                fix: "Forward the listen port on the NAT to this gateway: paths are then direct.")
        case .unknown: DoctorCheck(.nat, .unknown, "it takes reports of two members to tell the kind of NAT\(ends)")
        }
    }

    var networkPrograms: DoctorCheck {
        let examples = "/usr/share/doc/ipop-gateway/examples"
        for program in facts.networkPrograms {
            let isNetworkd = program.name == "systemd-networkd"
            let place = isNetworkd ? "\(examples)/networkd" : "\(examples)/NetworkManager"
            if program.managesDevice == true {
                return DoctorCheck(
                    .networkPrograms, .warning, "\(program.name) manages \(facts.device)",
                    fix: "Let it alone: the example in \(place); see OPERATIONS.md.")
            }
            if program.removesForeignRoutes == true {
                return DoctorCheck(
                    .networkPrograms, .warning, "\(program.name) removes routes of others when it restarts",
                    fix: "ManageForeignRoutes=no: the example in \(place); see OPERATIONS.md.")
            }
        }
        let names = facts.networkPrograms.map(\.name).joined(separator: " and ")
        return DoctorCheck(
            .networkPrograms, .ok,
            names.isEmpty ? "neither NetworkManager nor systemd-networkd runs" : "\(names) let \(facts.device) alone")
    }
}

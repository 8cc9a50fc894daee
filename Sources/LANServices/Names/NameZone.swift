package import NetworkTypes

/// The names that a gateway answers for: `HOST.SITE.GRID`, `SITE.GRID`, and the names of addresses in its prefixes.
///
/// It is a resolver for nothing else: what lies outside is refused, so that a resolver asks elsewhere.
package struct NameZone: Equatable, Sendable {
    package let grid: String
    /// Addresses whose names are asked for here.
    private let prefixes: PrefixIndex
    /// The sites of the grid.
    package var sites: Set<String>

    package init(grid: String, prefixes: [IPPrefix], sites: Set<String> = []) {
        self.grid = grid
        self.prefixes = PrefixIndex(prefixes)
        self.sites = sites
    }

    /// What becomes of a question.
    package enum Outcome: Equatable, Sendable {
        /// Send this.
        case reply([UInt8])
        /// Look up a host of a site, or, without a name, the site's gateway, and answer with `reply(to:_:)`.
        case host(String, site: String, DNSQuery)
        /// Look up who has an address, and answer with `reply(to:_:)`.
        case address(IPAddress, DNSQuery)
        /// Say nothing.
        case silence
    }

    /// What a look-up has found.
    package enum Finding: Equatable, Sendable {
        case addresses([IPAddress])
        case name(host: String, site: String)
        case nobody
        /// Whoever knows could not be asked.
        case unknown
    }

    /// Understands a message of a client. Never more than 512 bytes come back for it, or what the client has said that
    /// it takes, up to 1,232.
    package func understand(_ message: RawSpan) -> Outcome {
        let query: DNSQuery
        do throws(DNSFault) {
            query = try DNSQuery(reading: message)
        } catch {
            switch error {
            case .silent: return .silence
            case .answered(let head, let code): return .reply(DNSAnswer.fault(head, code))
            }
        }
        if query.name.last == grid { return outcome(within: query) }
        if let address = ReverseName.address(of: query.name) {
            guard prefixes.contains(address) else { return refusal(of: query) }
            return .address(address, query)
        }
        return refusal(of: query)
    }

    private func outcome(within query: DNSQuery) -> Outcome {
        let labels = query.name.dropLast()
        switch labels.count {
        case 0:
            return .reply(reply(to: query, .addresses([]), over: .datagram))
        case 1 where sites.contains(labels[0]):
            return .host("", site: labels[0], query)
        case 2 where sites.contains(labels[1]) && !labels[0].isEmpty:
            return .host(labels[0], site: labels[1], query)
        default:
            return .reply(reply(to: query, .nobody, over: .datagram))
        }
    }

    private func refusal(of query: DNSQuery) -> Outcome {
        .reply(DNSAnswer(query: query, code: .refused).encoded(over: .datagram))
    }

    /// The answer to a question, when its look-up has ended.
    package func reply(to query: DNSQuery, _ finding: Finding, over transport: DNSTransport) -> [UInt8] {
        answer(to: query, finding).encoded(over: transport)
    }

    private func answer(to query: DNSQuery, _ finding: Finding) -> DNSAnswer {
        // The names of addresses have other zones, about which nothing is known here.
        let zone = query.name.last == grid ? [grid] : nil
        switch finding {
        case .addresses(let addresses):
            let records = addresses.prefix(LANLimits.addressesOfName).compactMap { address -> DNSAnswer.Record? in
                let type = address.family == .v4 ? DNSQuery.Record.address : DNSQuery.Record.address6
                guard query.type == type || query.type == DNSQuery.Record.any else { return nil }
                return DNSAnswer.Record(type: type, data: address.bytes)
            }
            return DNSAnswer(query: query, code: .done, records: records, zone: zone)
        case .name(let host, let site):
            guard query.type == DNSQuery.Record.pointer || query.type == DNSQuery.Record.any else {
                return DNSAnswer(query: query, code: .done, zone: zone)
            }
            let labels = host.isEmpty ? [site, grid] : [host, site, grid]
            let record = DNSAnswer.Record(type: DNSQuery.Record.pointer, data: DNSAnswer.name(labels))
            return DNSAnswer(query: query, code: .done, records: [record])
        case .nobody:
            return DNSAnswer(query: query, code: .noSuchName, zone: zone)
        case .unknown:
            return DNSAnswer(query: query, code: .failed)
        }
    }
}

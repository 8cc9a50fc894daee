import GatewayCore
import NetworkTypes

// What is looked at after every event, of the one host that it touched.
extension Simulator {
    func checkOutput(of host: SimulatedHost) {
        // To every member, and a page of the directory to each of some.
        let limit = 4 * slots.count + 256
        if outbox.count > limit { fail(.boundedOutput, at: host, "\(outbox.count) datagrams for one input") }
    }

    func checkState(of host: SimulatedHost) {
        if host.joined == nil, host.gateway.isInRing { host.joined = now }
        if let detail = host.gateway.exceededLimit { fail(.boundedState, at: host, detail) }
    }
}

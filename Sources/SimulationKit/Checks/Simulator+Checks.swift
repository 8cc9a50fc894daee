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
        // Its tables lie far apart in memory, and what has grown too large stays so: every eighth event will do.
        if eventCount & 7 == UInt64(host.handle & 7), let detail = host.gateway.exceededLimit {
            fail(.boundedState, at: host, detail)
        }
    }
}

import GatewayConfiguration
import GatewayCore
import LinkSecurity
import NetworkTypes
import RoutePlanning

extension Daemon {
    /// Asks the router that this host has now, if the configuration wants it.
    func followRouter() {
        let isWanted = files.settings.listen.portMapping == .automatic
        let overlay = gateway.routes.map(\.prefix) + gateway.profile.pools
        let router =
            isWanted
            ? DefaultRouter.find(in: keeper.found, device: files.settings.device, overlay: overlay) : nil
        tellMappings { $0.follow(router, now: now) }
    }

    func readPortMapping() { tellMappings { $0.read(now: now) } }

    func expirePortMapping() { tellMappings { $0.handleTimeout(now: now) } }

    /// Tells the core where others can try, if `body` has changed it.
    private func tellMappings(_ body: (PortMappingClient) -> Void) {
        let before = portMapping.endpoints
        body(portMapping)
        guard portMapping.endpoints != before else { return }
        gateway.underlayChanged(underlayFacts, now: now, effects: &effects)
        settle()
    }
}

import ArgumentParser
import ControlProtocol
import GatewayConfiguration
import GatewayDaemon
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning

/// `ipop lan`: the bridge of a bridged LAN.
struct LANCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lan", abstract: "Look after the bridge of a bridged LAN", subcommands: [LANReleaseCommand.self])
}

/// `ipop lan release`.
struct LANReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Undo the bridge that the gateway made",
        discussion: """
            Where lan.mode is bridged the gateway makes a bridge once, moves the LAN interface's addresses and routes \
            to it, and leaves it when it stops, so that the host keeps its network. This command takes the interface \
            out of the bridge, removes the bridge, and gives the interface its addresses and routes back, as they were \
            recorded. What was added to the bridge since then is gone with it; a bridge that was there before the \
            gateway is not touched.

            The daemon must not run. It needs root. Broken off, it can be run again.
            """)

    @OptionGroup var state: StateDirectory
    @OptionGroup var runtime: RunDirectory

    func run() throws {
        guard try RunningDaemon(directory: runtime.path).processID() == nil else {
            throw CommandFailure(
                "ipopd runs, and would make the bridge again; end it first (systemctl stop ipopd)", .degraded)
        }
        do throws(BridgeRefusal) {
            let file = BridgeFile(directory: state.path)
            guard let record = try file.read() else {
                print("no bridge was made here; nothing is to be undone")
                return
            }
            try undo(record)
            try file.remove()
            print("removed the bridge \(record.bridge); \(record.port) has its addresses and routes again")
        } catch {
            throw CommandFailure("\(error.text); \(error.fix)", .degraded)
        }
    }

    private func undo(_ record: BridgeRecord) throws(BridgeRefusal) {
        do throws(NetlinkError) {
            let writer = try HostNetworkWriter()
            let reader = try HostNetworkReader()
            if BridgePlanner.isOfFormerBoot(record, found: try reader.read(device: record.bridge)) { return }
            try writer.carryOut(device: record.bridge, reader: reader) { BridgePlanner.undoing(record, found: $0) }
        } catch {
            throw .kernelRefused("\(error)")
        }
    }
}

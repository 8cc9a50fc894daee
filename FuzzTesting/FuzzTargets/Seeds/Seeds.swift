import Glibc
import OpenSSLLink

/// Makes the part of the corpus that people cannot write by hand.
package enum Seeds {
    /// Writes every seed to its folder as `seed-NAME`, and the authority's certificate beside them.
    package static func write() throws {
        let signed = try CertificateSeeds.signed()
        Corpus.write(Array(signed.authority.utf8), TestAuthority.path)
        let all: [(FuzzTarget, [(name: String, bytes: [UInt8])])] = [
            (.sealedDatagrams, PacketSeeds.sealedDatagrams), (.tapFrames, PacketSeeds.tapFrames),
            (.bridgedFrames, PacketSeeds.bridgedFrames), (.mappedErrors, PacketSeeds.mappedErrors),
            (.controlMessage, CoreSeeds.controlMessages), (.announcement, CoreSeeds.announcements),
            (.gateway, CoreSeeds.gateway), (.handshake, CertificateSeeds.handshakes),
            (.stunRequest, StrangerSeeds.requests), (.portMapping, StrangerSeeds.routers),
            (.certificate, signed.certificates), (.signingRequest, signed.requests),
            (.revocationList, signed.lists), (.pemBundle, signed.bundles), (.publication, signed.publications),
            (.ringMessage, OverlaySeeds.ringMessages), (.storeMessage, OverlaySeeds.storeMessages),
            (.arpPacket, LANSeeds.arpPackets), (.neighbourMessage, LANSeeds.neighbourMessages),
            (.dhcpMessage, LANSeeds.dhcpMessages), (.dnsQuestion, LANSeeds.dnsQuestions),
            (.lanServices, LANSeeds.services), (.lanMemory, LANSeeds.memories),
            (.storeMemory, OverlaySeeds.storeMemories), (.publicationMemory, OverlaySeeds.publicationMemories),
        ]
        for (target, seeds) in all {
            let folder = "\(Corpus.folder)/\(target.rawValue)"
            mkdir(folder, 0o755)
            for seed in seeds { Corpus.write(seed.bytes, "\(folder)/seed-\(seed.name)") }
        }
    }
}

/// The keys that one handshake made, with the numbers that name them on the wire.
///
/// A session has several: the newest confirmed one seals; older ones still open what is on its way, so a rekey loses
/// nothing, and two handshakes that cross need no referee.
package final class KeyGeneration {
    /// By which datagrams to this gateway name the generation; unique among all live generations here.
    package let localIndex: UInt32
    /// By which datagrams to the peer name it.
    package let remoteIndex: UInt32
    /// Which handshake of the session this was, modulo 256; chosen by each sealing side for itself, for captures only.
    package let epoch: UInt8
    package let sealing: any PacketCipher
    package let opening: any PacketCipher
    /// The counter of the next datagram to seal.
    package var sendCounter: UInt64 = 0

    package init(
        localIndex: UInt32, remoteIndex: UInt32, epoch: UInt8, sealing: any PacketCipher, opening: any PacketCipher
    ) {
        self.localIndex = localIndex
        self.remoteIndex = remoteIndex
        self.epoch = epoch
        self.sealing = sealing
        self.opening = opening
    }
}

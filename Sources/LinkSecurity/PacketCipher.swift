/// One direction's AEAD key of one handshake.
///
/// The nonce is made of the sealed header: its bytes 0 to 3 (type, epoch, flags) and 8 to 15 (counter), 12 bytes in
/// all, XORed with a static 12-byte value that comes from the exporter with the key. Neither call allocates.
package protocol PacketCipher: AnyObject {
    /// Encrypts `byteCount` bytes from `plaintext` to `output`, and writes the 16-byte tag behind them.
    ///
    /// `header` are the 16 bytes of the sealed header. `plaintext` and `output` may be the same place.
    func seal(header: UnsafeRawPointer, plaintext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer)

    /// Checks and decrypts `byteCount` bytes (ciphertext and tag) from `ciphertext` to `output`, which receives
    /// `byteCount - 16` bytes. Returns whether the tag was right; when it was not, `output` holds garbage.
    func open(
        header: UnsafeRawPointer, ciphertext: UnsafeRawPointer, byteCount: Int, output: UnsafeMutableRawPointer
    ) -> Bool
}

import COpenSSL

/// Bytes in and out of the library.
enum Encoding {
    /// What an `i2d_` function writes: asked for the length first, then for the bytes. Empty when it fails.
    static func bytes(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
        let count = Int(encode(nil))
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var cursor = buffer.baseAddress
            initialized = max(0, Int(encode(&cursor)))
        }
    }

    /// What a `d2i_` function makes of all of `bytes`; `nil` when it fails or leaves bytes over.
    static func object(
        of bytes: [UInt8], free: (OpaquePointer) -> Void,
        decode: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
    ) -> OpaquePointer? {
        ERR_clear_error()
        return bytes.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            guard let object = decode(&cursor, buffer.count) else { return nil }
            if let cursor, let start = buffer.baseAddress, cursor - start == buffer.count { return object }
            free(object)
            return nil
        }
    }

    /// The 32 bytes of SHA-256.
    static func sha256(_ message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { buffer, initialized in
            SHA256(message, message.count, buffer.baseAddress)
            initialized = Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// What a function writes into a buffer of `capacity` bytes and tells the length of, as UTF-8; `nil` when negative.
    static func text(capacity: Int, _ write: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = Int(write(start, capacity))
            guard count >= 0 else { return nil }
            return String(validating: buffer[..<count].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}

import GatewayLab

/// Small programs that run in a lab's namespaces and that no package brings.
enum Script {
    /// A SOCKS5 or HTTP CONNECT proxy: KIND PORT [USER PASSWORD]. Says `ready`, then a line for each connection that it
    /// makes.
    static let proxy = #"""
        import base64, socket, sys, threading
        kind, port, login = sys.argv[1], int(sys.argv[2]), sys.argv[3:5]

        def exactly(client, count):
            data = b""
            while len(data) < count:
                part = client.recv(count - len(data))
                if not part: raise EOFError
                data += part
            return data

        def socks(client):
            methods = exactly(client, exactly(client, 2)[1])
            method = 2 if login else 0
            if method not in methods: return client.sendall(b"\x05\xff")
            client.sendall(bytes([5, method]))
            if login:
                user = exactly(client, exactly(client, 2)[1])
                password = exactly(client, exactly(client, 1)[0])
                right = [user.decode(), password.decode()] == login
                client.sendall(bytes([1, 0 if right else 1]))
                if not right: return
            head = exactly(client, 4)
            family = socket.AF_INET if head[3] == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, exactly(client, 4 if head[3] == 1 else 16))
            return host, int.from_bytes(exactly(client, 2), "big"), b"\x05\x00\x00\x01" + bytes(6)

        def http(client):
            head = b""
            while not head.endswith(b"\r\n\r\n"): head += exactly(client, 1)
            lines = head.decode().split("\r\n")
            wanted = "Proxy-Authorization: Basic " + base64.b64encode(":".join(login).encode()).decode()
            if login and wanted not in lines:
                return client.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            host, port = lines[0].split(" ")[1].rsplit(":", 1)
            return host.strip("[]"), int(port), b"HTTP/1.1 200 Connection established\r\nVia: a test\r\n\r\n"

        def pump(source, sink):
            try:
                while data := source.recv(65536): sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError: pass

        def serve(client):
            try:
                wanted = (socks if kind == "socks5" else http)(client)
                if not wanted: return client.close()
                far = socket.create_connection(wanted[:2], 10)
                far.settimeout(None)
                client.sendall(wanted[2])
                print("connected", wanted[0], flush=True)
            except (OSError, EOFError): return client.close()
            threading.Thread(target=pump, args=(far, client), daemon=True).start()
            pump(client, far)

        listener = socket.create_server(("0.0.0.0", port))
        print("ready", flush=True)
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#

    /// Has the first address that MAC asks for by ARP, but says so to that MAC alone. Says `ready`, then the address.
    static let squatter = #"""
        import socket, sys
        client = bytes.fromhex(sys.argv[1].replace(":", ""))
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        wire.bind(("lan", 0))
        own, taken = wire.getsockname()[4], None
        print("ready", flush=True)
        while True:
            frame = wire.recv(2048)
            if frame[6:12] != client or frame[20:22] != b"\x00\x01": continue
            sender, target = frame[28:32], frame[38:42]
            if sender == target or (taken and target != taken): continue
            if not taken: print(socket.inet_ntoa(target), flush=True)
            taken = target
            head = client + own + b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x02"
            wire.send(head + own + target + client + sender + bytes(18))
        """#

    /// Sends back what comes to PORT. Says `ready`.
    static let echo = #"""
        import socket, sys, threading
        def serve(client):
            while data := client.recv(4096): client.sendall(data)
        listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
        print("ready", flush=True)
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#

    /// Keeps a stream to ADDRESS PORT busy with single bytes that come back. Says `ready`, then again and again how
    /// many have, the longest time between two, in seconds, and when that ended, in seconds since 1970. SIGUSR1 makes
    /// the longest begin anew.
    static let chatter = #"""
        import signal, socket, sys, time
        stream = socket.create_connection((sys.argv[1], int(sys.argv[2])), 30)
        stream.settimeout(None)
        def begin(*_):
            global longest
            longest = 0.0
        signal.signal(signal.SIGUSR1, begin)
        print("ready", flush=True)
        count, longest, ended, last = 0, 0.0, time.time(), time.monotonic()
        while True:
            stream.sendall(b"x")
            if not stream.recv(1): break
            now = time.monotonic()
            if now - last > longest: longest, ended = now - last, time.time()
            count, last = count + 1, now
            if count % 10 == 0: print(count, round(longest, 3), round(ended, 3), flush=True)
            time.sleep(0.01)
        """#

    /// Connects COUNT times by TLS with a certificate: ADDRESS PORT CERTIFICATE KEY COUNT. Prints how often it was
    /// refused.
    static let strangers = #"""
        import socket, ssl, sys
        address, port, certificate, key, count = sys.argv[1], int(sys.argv[2]), *sys.argv[3:5], int(sys.argv[5])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["ipop/1"])
        context.load_cert_chain(certificate, key)
        refused = 0
        print("ready", flush=True)
        for _ in range(count):
            try:
                with context.wrap_socket(socket.create_connection((address, port), 30)) as stream:
                    if not stream.recv(1): refused += 1
            except (ssl.SSLError, ConnectionError): refused += 1
        print(refused)
        """#

    /// Shakes hands by DTLS COUNT times with a certificate of nobody's, each time from another port: ADDRESS PORT
    /// CERTIFICATE KEY COUNT. Says `ready`, then how many were refused.
    static let datagramStrangers = #"""
        import ctypes, socket, struct, sys
        address, port, certificate, key, count = sys.argv[1], int(sys.argv[2]), *sys.argv[3:5], int(sys.argv[5])
        tls, crypto, pointer = ctypes.CDLL("libssl.so.3"), ctypes.CDLL("libcrypto.so.3"), ctypes.c_void_p
        for library, name in [
            (tls, "DTLS_client_method"), (tls, "SSL_CTX_new"), (tls, "SSL_new"), (crypto, "BIO_new_dgram"),
        ]: getattr(library, name).restype = pointer
        crypto.BIO_ctrl.argtypes = [pointer, ctypes.c_int, ctypes.c_long, ctypes.c_char_p]
        context = pointer(tls.SSL_CTX_new(pointer(tls.DTLS_client_method())))
        tls.SSL_CTX_use_certificate_file(context, certificate.encode(), 1)
        tls.SSL_CTX_use_PrivateKey_file(context, key.encode(), 1)
        peer = struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(address) + bytes(8)
        SET_CONNECTED, SET_RECEIVE_TIMEOUT, refused = 32, 33, 0
        print("ready", flush=True)
        for _ in range(count):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.connect((address, port))
                datagrams = pointer(crypto.BIO_new_dgram(client.fileno(), 0))
                crypto.BIO_ctrl(datagrams, SET_CONNECTED, 0, peer)
                crypto.BIO_ctrl(datagrams, SET_RECEIVE_TIMEOUT, 0, struct.pack("qq", 5, 0))
                session = pointer(tls.SSL_new(context))
                tls.SSL_set_bio(session, datagrams, datagrams)
                if tls.SSL_connect(session) != 1: refused += 1
                tls.SSL_free(session)
        print(refused, flush=True)
        """#

    /// Holds COUNT connections open and says nothing on them: ADDRESS PORT COUNT. Says `ready`; opens anew what is
    /// closed.
    static let slowClients = #"""
        import select, socket, sys
        address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        held = [socket.create_connection((address, port), 30) for _ in range(count)]
        print("ready", flush=True)
        while True:
            for closed in select.select(held, [], [])[0]:
                closed.close()
                held[held.index(closed)] = socket.create_connection((address, port), 30)
        """#
}

extension Lab {
    /// Starts a script that says `ready` when it is.
    func startScript(_ script: String, _ arguments: [String], at node: LabNode, role: String) throws
        -> (process: RecordedProcess, log: String)
    {
        let started = try start(["python3", "-c", script] + arguments, at: node, role: role)
        try until("\(role) to be ready") { () throws(LabError) in text(started.log).contains("ready") }
        return started
    }
}

internal import CYAML
internal import GatewayConfiguration

/// The single owner of a libyaml parser, and the descent over its events.
struct EventParser: ~Copyable {
    /// On the heap: libyaml keeps the parser's own address as the handle of its input.
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// `nil` when libyaml is out of memory.
    init?() {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            return nil
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// `bytes` must live as long as events are read.
    func setInput(_ bytes: UnsafeBufferPointer<UInt8>) {
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    /// The one document of the input.
    func document() throws(YAMLFault) -> ConfigurationNode {
        let empty = ConfigurationNode(.mapping([]), at: SourcePosition(line: 1, column: 1))
        guard case .other = try next() else { return empty }
        var event = try next()
        if case .streamEnd = event { return empty }
        guard case .documentStart = event else { throw Self.unexpected(event) }
        let root = try node(startingWith: try next(), depth: 0)
        event = try next()
        if case .other = event { event = try next() }
        switch event {
        case .streamEnd:
            break
        case .documentStart(let position):
            throw YAMLFault(at: position, "a second document begins here", suggestion: "the file is one document")
        case .scalar, .sequenceStart, .mappingStart, .sequenceEnd, .mappingEnd, .other:
            throw Self.unexpected(event)
        }
        if case .scalar(_, isQuoted: false) = root.content, root.isAbsent { return empty }
        return root
    }

    private func node(startingWith event: Event, depth: Int) throws(YAMLFault) -> ConfigurationNode {
        switch event {
        case .scalar(let text, let isQuoted, let position):
            return ConfigurationNode(.scalar(text, isQuoted: isQuoted), at: position)
        case .sequenceStart(let position):
            try Self.checkDepth(depth, at: position)
            var items: [ConfigurationNode] = []
            while true {
                let event = try next()
                if case .sequenceEnd = event { break }
                items.append(try node(startingWith: event, depth: depth + 1))
            }
            return ConfigurationNode(.sequence(items), at: position)
        case .mappingStart(let position):
            try Self.checkDepth(depth, at: position)
            return ConfigurationNode(.mapping(try entries(depth: depth)), at: position)
        case .documentStart, .sequenceEnd, .mappingEnd, .streamEnd, .other:
            throw Self.unexpected(event)
        }
    }

    private func entries(depth: Int) throws(YAMLFault) -> [ConfigurationNode.Entry] {
        var entries: [ConfigurationNode.Entry] = []
        while true {
            let event = try next()
            switch event {
            case .mappingEnd:
                return entries
            case .scalar(let key, _, let position):
                let value = try node(startingWith: try next(), depth: depth + 1)
                entries.append(ConfigurationNode.Entry(key: key, position: position, value: value))
            case .sequenceStart(let position), .mappingStart(let position):
                throw YAMLFault(at: position, "a key must be a word, not a list or a mapping")
            case .documentStart, .sequenceEnd, .streamEnd, .other:
                throw Self.unexpected(event)
            }
        }
    }

    private static func checkDepth(_ depth: Int, at position: SourcePosition) throws(YAMLFault) {
        guard depth < YAMLReader.depthLimit else {
            throw YAMLFault(at: position, "nested more than \(YAMLReader.depthLimit) levels deep")
        }
    }

    private static func unexpected(_ event: Event) -> YAMLFault {
        YAMLFault(at: event.position, "the document does not end as it should")
    }
}

/// libyaml's events as far as they matter here.
private enum Event {
    case documentStart(SourcePosition)
    case scalar(String, isQuoted: Bool, SourcePosition)
    case sequenceStart(SourcePosition)
    case sequenceEnd
    case mappingStart(SourcePosition)
    case mappingEnd
    case streamEnd
    /// Start of the stream, end of the document.
    case other

    var position: SourcePosition? {
        switch self {
        case .documentStart(let position), .scalar(_, _, let position), .sequenceStart(let position),
            .mappingStart(let position):
            position
        case .sequenceEnd, .mappingEnd, .streamEnd, .other:
            nil
        }
    }
}

extension EventParser {
    private func next() throws(YAMLFault) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw fault() }
        defer { yaml_event_delete(&event) }
        let position = Self.position(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            let start = event.data.document_start
            guard start.tag_directives.start == start.tag_directives.end else {
                throw YAMLFault(at: position, "tag directives are not taken here", suggestion: "remove the %TAG line")
            }
            return .documentStart(position)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try Self.refuse(anchor: scalar.anchor, tag: scalar.tag, at: position)
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            return .scalar(text, isQuoted: !isPlain, position)
        case YAML_SEQUENCE_START_EVENT:
            try Self.refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, at: position)
            return .sequenceStart(position)
        case YAML_MAPPING_START_EVENT:
            try Self.refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, at: position)
            return .mappingStart(position)
        case YAML_SEQUENCE_END_EVENT:
            return .sequenceEnd
        case YAML_MAPPING_END_EVENT:
            return .mappingEnd
        case YAML_ALIAS_EVENT:
            throw YAMLFault(at: position, "aliases (*name) are not taken here", suggestion: "write the value out")
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            return .streamEnd
        default:
            return .other
        }
    }

    private static func refuse(
        anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?, at position: SourcePosition
    ) throws(YAMLFault) {
        if anchor != nil {
            throw YAMLFault(at: position, "anchors (&name) are not taken here", suggestion: "write the value out")
        }
        if tag != nil {
            throw YAMLFault(at: position, "tags (!name) are not taken here", suggestion: "write the value without")
        }
    }

    /// What libyaml says about its last failure.
    private func fault() -> YAMLFault {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "libyaml gives no reason"
        switch parser.pointee.error {
        case YAML_READER_ERROR:
            var fault = YAMLFault(at: nil, "not UTF-8 text: \(problem)")
            fault.offset = parser.pointee.problem_offset
            return fault
        case YAML_MEMORY_ERROR:
            return YAMLFault(at: nil, "libyaml is out of memory")
        default:
            let context = parser.pointee.context.map { " \(String(cString: $0))" } ?? ""
            return YAMLFault(at: Self.position(parser.pointee.problem_mark), "not YAML: \(problem)\(context)")
        }
    }

    private static func position(_ mark: yaml_mark_t) -> SourcePosition {
        SourcePosition(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}

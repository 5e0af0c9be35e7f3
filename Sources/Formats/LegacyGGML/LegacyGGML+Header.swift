import Bytes

extension LegacyGGML {
  /// The tokens of a file as it has them.
  struct TokenList {
    var texts: [[UInt8]] = []
    /// One for each token; empty in files without scores.
    var scores: [Float] = []
    /// Whether the header counts one token more than there are.
    var lacksLast = false
  }

  /// Reads a file up to its tensors.
  struct HeaderReader {
    var cursor: ByteCursor
    private let file: any ByteSource
    private(set) var revision = Revision(magic: .ggml, version: nil)
    private(set) var header: [(name: String, value: UInt32)] = []
    private(set) var vocabulary = TokenList()

    init(_ file: any ByteSource) {
      self.file = file
      cursor = ByteCursor(file)
    }

    mutating func readRevision() throws(LegacyGGMLError) -> Revision {
      let letters = String(decoding: try readBytes(4, at: .header).reversed(), as: UTF8.self)
      let magic = Magic(rawValue: letters) ?? .ggml
      let version = magic == .ggml ? nil : try readWord(at: .header)
      guard magic != .ggla else {
        throw .adapter(rank: try readWord(at: .header), alpha: try readWord(at: .header))
      }
      revision = Revision(magic: magic, version: version)
      return revision
    }

    /// Reads header and vocabulary of llama.cpp.
    mutating func readLlama() throws(LegacyGGMLError) {
      let known: ClosedRange<UInt32> = revision.magic == .ggjt ? 1...3 : 1...1
      if let version = revision.version, !known.contains(version) {
        throw .version(revision.magic, version, known: known.count == 1 ? "1" : "1 to \(known.upperBound)")
      }
      try readFields(Family.llamaFields)
      for (name, value) in header where value > Int32.max {
        throw .headerValue(name, value, expected: "at most \(Int32.max.grouped)")
      }
      try readTokens(header[0].value, hasScores: revision.hasScores, mayLackLast: true)
      guard cursor.remaining > 0 else { return }
      for (name, value) in header where value == 0 && ["n_embd", "n_head", "n_layer"].contains(name) {
        throw .headerValue(name, value, expected: "at least 1")
      }
      _ = try Record(file, at: cursor.offset, index: 0)
    }

    /// Reads header and vocabulary of another program.
    mutating func read(_ family: Family) throws(LegacyGGMLError) {
      if let version = revision.version, family.versions?.contains(version) != true {
        throw .version(revision.magic, version, known: "")
      }
      try readFields(family.fields)
      if family.hasFilters {
        let (count, overflow) = UInt64(try readWord(at: .header)).multipliedReportingOverflow(
          by: UInt64(try readWord(at: .header)))
        guard !overflow, let values = try? cursor.requireRemaining(count, of: 4) else {
          throw .headerValue("n_mel", UInt32(truncatingIfNeeded: count), expected: "filters that are in the file")
        }
        try skip(values * 4)
      }
      switch family.vocabulary {
      case .none: break
      case .ofHeader(let hasScores):
        let count = header.first { $0.name == "n_vocab" }?.value ?? 0
        try readTokens(count, hasScores: hasScores, mayLackLast: false)
      case .counted: try readTokens(readWord(at: .header), hasScores: false, mayLackLast: false)
      }
    }

    /// Whether a tensor follows whose name begins with one of `names`; any name if there are none.
    func hasNames(_ names: [String]) -> Bool {
      guard cursor.remaining > 0 else { return false }
      guard let record = try? Record(file, at: cursor.offset, index: 0) else { return false }
      return names.isEmpty || names.contains { record.name.text.hasPrefix($0) }
    }

    private mutating func readFields(_ fields: [String]) throws(LegacyGGMLError) {
      header = []
      for name in fields { header.append((name, try readWord(at: .header))) }
    }

    private mutating func readTokens(
      _ count: UInt32, hasScores: Bool, mayLackLast: Bool
    ) throws(LegacyGGMLError) {
      guard count <= LegacyGGML.maximumTokenCount, (try? cursor.requireRemaining(UInt64(count), of: 4)) != nil else {
        throw .vocabularyTooLarge(count, remaining: cursor.remaining)
      }
      vocabulary = TokenList()
      for index in 0..<Int(count) {
        if mayLackLast, index + 1 == count, hasNames(Family.llamaNames) {
          vocabulary.lacksLast = true
          return
        }
        let length = try readWord(at: .token(index: index))
        guard length <= LegacyGGML.maximumTokenByteCount else {
          throw .tokenTooLong(index: index, byteCount: length, limit: LegacyGGML.maximumTokenByteCount)
        }
        vocabulary.texts.append(try readBytes(Int(length), at: .token(index: index)))
        if hasScores { vocabulary.scores.append(Float(bitPattern: try readWord(at: .token(index: index)))) }
      }
    }

    private mutating func readWord(at location: LegacyGGMLError.Location) throws(LegacyGGMLError) -> UInt32 {
      do throws(ByteCursor.Failure) { return try cursor.read(UInt32.self) } catch { throw .init(error, at: location) }
    }

    private mutating func readBytes(
      _ count: Int, at location: LegacyGGMLError.Location
    ) throws(LegacyGGMLError) -> [UInt8] {
      do throws(ByteCursor.Failure) { return try cursor.readBytes(count) } catch { throw .init(error, at: location) }
    }

    private mutating func skip(_ count: Int) throws(LegacyGGMLError) {
      do throws(ByteCursor.Failure) { try cursor.skip(count) } catch { throw .init(error, at: .header) }
    }
  }
}

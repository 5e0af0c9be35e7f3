import Bytes
import Tensors

/// An importance matrix that was measured and is to be written.
public struct ImportanceMatrixBuilder: Sendable {
  /// The measurement of one tensor.
  public struct Entry: Sendable, Equatable {
    /// The tensor's name in a GGUF.
    public let name: TensorName
    /// Σ x² of the input activations x of each column, expert after expert.
    public let sums: [Float]
    /// The number of x that were summed: one count for all columns, or one for each expert of a stack.
    public let counts: [Int]

    /// - Precondition: `sums` splits evenly into `counts`.
    public init(name: TensorName, sums: [Float], counts: [Int]) {
      precondition(!counts.isEmpty && sums.count.isMultiple(of: counts.count))
      self.name = name
      self.sums = sums
      self.counts = counts
    }
  }

  /// By name, as llama-imatrix orders them.
  public let entries: [Entry]
  /// The name of the text.
  public let dataset: String
  /// Tokens per chunk of the text, 1 or more.
  public let chunkSize: Int

  public init(_ entries: [Entry], dataset: String, chunkSize: Int) {
    precondition(chunkSize > 0)
    self.entries = entries.sorted { $0.name < $1.name }
    self.dataset = dataset
    self.chunkSize = chunkSize
  }

  /// The whole chunks of the entry with the most rows, as llama-imatrix counts them.
  public var chunkCount: Int { (entries.lazy.flatMap(\.counts).max() ?? 0) / chunkSize }

  /// Writes the matrix in `container` to `path`, complete or not at all.
  ///
  /// - Throws: `LocatedError` with `GGUFError` if a name does not fit a GGUF; `FileError`.
  public func write(to path: String, container: ImportanceMatrix.Container, overwrite policy: OverwritePolicy) throws {
    switch container {
    case .gguf: try writeGGUF(to: path, overwrite: policy)
    case .legacy: try AtomicFile.write(legacyBytes, to: path, overwrite: policy)
    }
  }
}

extension ImportanceMatrixBuilder {
  /// The tensors in a GGUF; as in ggml, a leading dimension of 1 is left out.
  private var declarations: [OutputTensor] {
    entries.flatMap { entry in
      let experts = entry.counts.count == 1 ? [] : [entry.counts.count]
      return [
        (ImportanceMatrix.sumsSuffix, entry.sums.count / entry.counts.count), (ImportanceMatrix.countsSuffix, 1),
      ].compactMap { suffix, width in
        Shape(experts + [width]).map {
          OutputTensor(name: TensorName(entry.name.text + suffix), format: .f32, shape: $0)
        }
      }
    }
  }

  private func writeGGUF(to path: String, overwrite policy: OverwritePolicy) throws {
    var metadata = Metadata()
    metadata["general.type"] = .string("imatrix")
    metadata[ImportanceMatrix.datasetsKey] = .array(.string(PackedStrings([dataset])))
    metadata[ImportanceMatrix.chunkCountKey] = .uint32(UInt32(clamping: chunkCount))
    metadata[ImportanceMatrix.chunkSizeKey] = .uint32(UInt32(clamping: chunkSize))
    let layout: GGUF.Layout
    do {
      layout = try GGUF.Layout(tensors: declarations, metadata: metadata)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
    let file = try AtomicFile(path, overwrite: policy)
    try file.reserve(layout.fileByteCount)
    try file.write(layout.header, at: 0)
    for (index, entry) in entries.enumerated() {
      for (offset, values) in [(2 * index, entry.sums), (2 * index + 1, entry.counts.map { Float($0) })] {
        var bytes: [UInt8] = []
        for value in values { bytes.appendLittleEndian(value.bitPattern) }
        try file.write(bytes, at: layout.offsets[offset])
      }
    }
    try file.commit()
  }

  /// The bytes of the legacy container: entries without any row are left out, and columns without one have the mean 1.
  private var legacyBytes: [UInt8] {
    func append(_ number: Int, to bytes: inout [UInt8]) { bytes.appendLittleEndian(Int32(clamping: number)) }
    func append(_ text: String, to bytes: inout [UInt8]) {
      append(text.utf8.count, to: &bytes)
      bytes += text.utf8
    }
    let used = entries.filter { $0.counts.contains { $0 > 0 } }
    var bytes: [UInt8] = []
    append(used.count, to: &bytes)
    for entry in used {
      let passCount = ((entry.counts.max() ?? 0) + chunkSize - 1) / chunkSize
      append(entry.name.text, to: &bytes)
      append(passCount, to: &bytes)
      append(entry.sums.count, to: &bytes)
      let width = entry.sums.count / entry.counts.count
      for (index, sum) in entry.sums.enumerated() {
        let count = entry.counts[index / width]
        bytes.appendLittleEndian(((count > 0 ? sum / Float(count) : 1) * Float(passCount)).bitPattern)
      }
    }
    append(chunkCount, to: &bytes)
    append(dataset, to: &bytes)
    return bytes
  }
}

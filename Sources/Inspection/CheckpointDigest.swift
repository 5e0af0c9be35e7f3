import Architectures
import Bytes
import Models
import Quantization
import Synchronization
import Tensors

/// SHA-256 digests of a model's tensors that do not depend on container, file, tensor order or naming scheme.
///
/// A tensor's digest is that of its text `NAME FORMAT E1xE2x…`, a newline, and its bytes. NAME is the canonical
/// (Hugging Face) name and the bytes are in the canonical layout, rows moved back where the naming scheme moved
/// them. FORMAT is the storage format; the dimensions are decimal, slowest-varying first, joined by `x`. The model's
/// digest is that of the lines `DIGEST NAME`, each with a newline, sorted by the bytes of NAME.
public struct CheckpointDigest: Sendable {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.hash/1"

  /// One tensor.
  public struct Entry: Sendable, Hashable {
    /// The canonical name.
    public let name: TensorName
    /// The storage format.
    public let format: String
    /// The extents.
    public let shape: Shape
    /// 64 hexadecimal digits.
    public let sha256: String
  }

  /// The checkpoint's path.
  public let path: String
  /// Whether the names are canonical; otherwise the architecture is unknown, and they are those of the file.
  public let isCanonical: Bool
  /// The tensors, sorted by name.
  public let entries: [Entry]
  /// The digest of them all.
  public let sha256: String
  /// The tensors that `sha256` leaves out, sorted by name, because another container may not have them: those without a role
  /// in the architecture, those that follow from hyperparameters, and embeddings with their padding rows.
  public let others: [Entry]
  /// The digest of `others`; nil if there are none.
  public var othersSHA256: String? { others.isEmpty ? nil : Self.digest(of: others) }

  private static func digest(of entries: [Entry]) -> String {
    FileDigest.sha256(entries.flatMap { Array("\($0.sha256) \($0.name.text)\n".utf8) })
  }
}

extension CheckpointDigest {
  /// Reads all of a recognized model's tensors, or those of a checkpoint that no definition knows as they are.
  ///
  /// Memory is bounded by a slab of rows for each thread.
  public init(
    _ recognition: ModelIdentification, _ checkpoint: Checkpoint, threads: Int, progress: @Sendable (Int) -> Void
  )
    throws
  {
    let slots = try Self.sources(recognition, checkpoint)
    let sources = slots + Self.others(recognition)
    let digests = Digests(count: sources.count)
    try Parallel.forEach(sources.count, threads: threads) { index in
      digests.set(index, try sources[index].sha256(checkpoint, progress: progress))
    }
    for file in checkpoint.files { try file.requireUnchanged() }
    let all = zip(sources, digests.all).map { source, digest in
      Entry(name: source.name, format: source.format, shape: source.shape, sha256: digest)
    }
    entries = all.prefix(slots.count).sorted { $0.name < $1.name }
    others = all.dropFirst(slots.count).sorted { $0.name < $1.name }
    path = checkpoint.path
    if case .model = recognition { isCanonical = true } else { isCanonical = false }
    sha256 = Self.digest(of: entries)
  }

  private static func sources(_ recognition: ModelIdentification, _ checkpoint: Checkpoint) throws -> [DigestSource] {
    guard case .model(let model) = recognition else {
      return checkpoint.stored.map { DigestSource(name: $0.name, tensor: $0, reader: nil) }
    }
    let problems = model.problemsOfStoredTensors
    guard problems.isEmpty else {
      throw ProblemList(problems.map { LocatedError(path: checkpoint.path, reason: $0) })
    }
    return try model.slots.map { place in
      let reader = try model.canonicalReader(place)
      let name = model.definition.canonicalName(of: place)
      return DigestSource(name: name, tensor: reader.sources[0].descriptor, reader: reader)
    }
  }

  /// What a model has beyond its slots, as stored: other tensors, and embeddings with padding rows.
  private static func others(_ recognition: ModelIdentification) -> [DigestSource] {
    guard case .model(let model) = recognition else { return [] }
    let padded = model.padding.compactMap { model.checkpoint.tensor($0.tensor) }
    return (model.others + model.derived + padded).map { DigestSource(name: $0.name, tensor: $0, reader: nil) }
  }

  /// The digests as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema), "path": .string(path), "sha256": .string(sha256),
      "canonical": .bool(isCanonical), "tensors": .array(entries.map(\.json)),
      "others_sha256": othersSHA256.map { .string($0) } ?? .null, "others": .array(others.map(\.json)),
    ])
  }
}

extension CheckpointDigest.Entry {
  fileprivate var json: JSON {
    .members([
      "name": .string(name.text), "format": .string(format),
      "shape": .array(shape.dimensions.map { .integer($0) }), "sha256": .string(sha256),
    ])
  }
}

/// A tensor to be digested.
private struct DigestSource: Sendable {
  /// Bytes that are read and hashed at a time.
  static let slabByteCount = 4 << 20

  let name: TensorName
  let tensor: TensorDescriptor
  /// Gives rows in the canonical layout; nil for the bytes as they are.
  let reader: RowReader?

  /// The storage format of the digested bytes.
  var format: String {
    guard let reader, !reader.isStoredAsIs else { return tensor.declaredFormat.description }
    return reader.format.name
  }
  /// The extents.
  var shape: Shape { reader?.layout.shape ?? tensor.shape }

  func sha256(_ checkpoint: Checkpoint, progress: @Sendable (Int) -> Void) throws -> String {
    let dimensions = shape.dimensions.map(String.init).joined(separator: "x")
    var hasher = FileDigest.Hasher()
    hasher.update(Array("\(name.text) \(format) \(dimensions)\n".utf8)[...])
    var slab: [UInt8] = []
    if let reader, !reader.isStoredAsIs {
      var buffers = RowBuffers()
      let rowCount = reader.geometry.rowCount, width = reader.geometry.rowElementCount
      let step = max(1, Self.slabByteCount / max(1, reader.format.byteCount(elementCount: width) ?? 0))
      for first in stride(from: 0, to: rowCount, by: step) {
        let rows = first..<min(rowCount, first + step)
        let byteCount = reader.format.byteCount(elementCount: rows.count * width) ?? 0
        if reader.rows.format != nil {
          try reader.rows.readBytes(rows, into: &buffers)
          hasher.update(buffers.bytes.prefix(byteCount))
        } else {
          try reader.rows.readValues(rows, into: &buffers)
          hasher.update(try Codec.encode(.f32, Array(buffers.values.floats.prefix(rows.count * width)))[...])
        }
        progress(byteCount)
      }
    } else if let range = tensor.byteRange {
      for start in stride(from: 0, to: range.byteCount, by: Self.slabByteCount) {
        let count = min(Self.slabByteCount, range.byteCount - start)
        try checkpoint.read(range, from: start, count: count, into: &slab)
        hasher.update(slab.prefix(count))
        progress(count)
      }
    }
    return hasher.finish()
  }
}

/// The digests of all threads, by tensor.
private final class Digests: Sendable {
  private let values: Mutex<[String]>

  init(count: Int) { values = Mutex(Array(repeating: "", count: count)) }

  func set(_ index: Int, _ value: String) { values.withLock { $0[index] = value } }
  var all: [String] { values.withLock { $0 } }
}

import Bytes
import Formats
import Models
import Tensors

/// The measurement of an importance matrix on a text, which several runs can share by chunks.
public struct ImportanceMeasurement: SharedMeasurement {
  public static let itemName = "chunks"

  private let weights: ModelWeights
  /// The model that is measured.
  public var model: Model { weights.model }
  /// Of `chunkSize` tokens each.
  private let chunks: [[Int]]
  private let chunkSize: Int
  private let dataset: String
  private let includesOutput: Bool

  /// - Parameters:
  ///   - chunks: of `chunkSize` tokens each.
  ///   - dataset: the name of the text.
  ///   - includesOutput: whether the output matrix is measured as well, if it is not tied.
  public init(
    _ weights: ModelWeights, on chunks: [[Int]], chunkSize: Int, dataset: String, includesOutput: Bool = false
  ) {
    self.weights = weights
    self.chunks = chunks
    self.chunkSize = chunkSize
    self.dataset = dataset
    self.includesOutput = includesOutput
  }

  public var itemCount: Int { chunks.count }

  public var facts: JSON.Object {
    [
      "tokens_sha256": .string(chunks.digest), "chunk_size": .integer(chunkSize), "dataset": .string(dataset),
      "process_output": .bool(includesOutput),
    ]
  }

  public func measure(_ items: Range<Int>, threads: Int, progress: (Int) -> Void) throws -> [UInt8] {
    try sums(items, threads: threads, progress: progress).encoded
  }

  /// Measures all chunks.
  ///
  /// - Throws: as `ForwardPass`; if an activation is not finite.
  public func matrix(threads: Int, progress: (Int) -> Void = { _ in }) throws -> ImportanceMatrixBuilder {
    matrix(of: try sums(chunks.indices, threads: threads, progress: progress))
  }

  /// Joins what parts of the text gave, with the bytes of one run.
  ///
  /// - Throws: `UnreadableResult`; if a sum overflows, as one run does.
  public func matrix(joining results: [[UInt8]]) throws -> ImportanceMatrixBuilder {
    var sums = ImportanceSums()
    for (part, result) in results.enumerated() {
      guard let found = ImportanceSums(result, of: weights.model) else { throw UnreadableResult(part: part) }
      try located { try sums.add(found) }
    }
    return matrix(of: sums)
  }

  private func matrix(of sums: ImportanceSums) -> ImportanceMatrixBuilder {
    ImportanceMatrixBuilder(sums.entries(of: weights.model), dataset: dataset, chunkSize: chunkSize)
  }

  private func sums(_ items: Range<Int>, threads: Int, progress: (Int) -> Void) throws -> ImportanceSums {
    let collector = ImportanceCollector(weights.model)
    for chunk in chunks[items] {
      try located { try collector.add(chunk, weights, includesOutput: includesOutput, threads: threads) }
      progress(1)
    }
    return collector.sums
  }

  /// Puts the path of the model before errors of its activations.
  private func located(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as UnusableActivations {
      throw LocatedError(path: model.checkpoint.path, reason: error)
    }
  }
}

extension [[Int]] {
  /// The SHA-256 of tokens in chunks: each chunk's number of tokens and tokens as 64 bits.
  public var digest: String {
    var bytes: [UInt8] = []
    for chunk in self {
      for number in [chunk.count] + chunk { bytes.appendLittleEndian(Int64(number)) }
    }
    return FileDigest.sha256(bytes)
  }
}

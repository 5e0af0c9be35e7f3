import Bytes
import Models

/// The files of a source that a conversion deletes, each when all that is made of it is on the disk.
public struct SourceConsumption: Sendable {
  /// The files that are still there, in the order of the source.
  public let files: [ConsumableFile]
  /// The tensors of the source that the output does not have, which are deleted with the others.
  public let droppedCount: Int

  /// - Throws: `SourceConsumptionError`, `FileError` if the files of the source cannot be deleted, or should not be.
  public init(_ plan: ConversionPlan) throws {
    let isRead = plan.inputsAreRead
    files = try zip(plan.source.checkpoint.files, isRead).filter { $1 && $0.consumedDigest == nil }.map { source, _ in
      guard let file = ConsumableFile(source) else { throw SourceConsumptionError.isNotPlain(path: source.path) }
      try file.requireFreeing()
      return file
    }
    droppedCount = plan.dropped.count
  }

  /// The bytes of all files.
  public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

  /// What is deleted, in words.
  public var words: String {
    let dropped = droppedCount == 0 ? "" : ", with \(counted(droppedCount, "tensor")) that the output does not have"
    return "\(counted(files.count, "file")) of the source, \(byteCount.byteSize)\(dropped)"
  }
}

extension ConversionPlan {
  /// Whether the output has anything of each file of the source.
  fileprivate var inputsAreRead: [Bool] {
    var isRead = [Bool](repeating: false, count: source.checkpoint.files.count)
    for tensor in tensors {
      for range in tensor.sources.flatMap(\.descriptor.sources).compactMap(\.byteRange) {
        let index = tensor.firstInput + range.fileIndex
        if isRead.indices.contains(index) { isRead[index] = true }
      }
    }
    return isRead
  }
}

/// A source whose files cannot be deleted one by one.
public enum SourceConsumptionError: IngotError, Equatable {
  /// A file is compressed, encrypted, or on a server.
  case isNotPlain(path: String)
  /// A run that continues must find the journal before it can plan.
  case namedByPlan(path: String)

  public var category: ErrorCategory { .usage }

  public var description: String {
    switch self {
    case .isNotPlain(let path):
      "\(path.escapedForDisplay): is compressed, encrypted or on a server, so it cannot be consumed"
        + " (leave out --consume-shards)"
    case .namedByPlan(let path):
      "\(path.escapedForDisplay): is completed from the source, which --consume-shards deletes (give the whole name)"
    }
  }
}

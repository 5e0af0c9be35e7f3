import Bytes
import Models

/// A plan in parts as a file has it.
///
/// Nothing in it is trusted: `ConversionParts` derives it again and compares. Only the states of parts are told by what it
/// says, without the inputs.
public struct SavedPlan: Sendable {
  /// The file.
  public let document: PlanDocument
  /// The bytes of the output in each part.
  public let byteCounts: [Int]
  /// What the parts are estimated to take, in seconds of one core.
  public let coreSeconds: Double
  let cut: PartCut
  /// The sizes of the files of parts.
  let fileByteCounts: [Int]
  /// The files of the output, and the indices of those that each part writes.
  private let outputs: [(path: String, byteCount: Int)], outputIndices: [[Int]]

  /// Reads the plan at `path`.
  ///
  /// - Throws: as `PlanDocument`; `PartError.notAPlan`.
  public init(_ path: String) throws { try self.init(PlanDocument(path)) }

  /// Reads the plan with these bytes, which are the file at `path`.
  package init(_ bytes: [UInt8], at path: String) throws { try self.init(PlanDocument(bytes, at: path)) }

  /// - Throws: `PartError.notAPlan` if it is one of other parts.
  public init(_ saved: PlanDocument) throws(PartError) {
    let document = saved.content
    func defect(_ place: String) -> PartError { .notAPlan(path: saved.path, place: place) }
    guard saved.schema == ConversionParts.schema else { throw defect("has no schema \(ConversionParts.schema)") }
    guard let cut = PartCut(json: document["cut"]), let parts = document["parts"]?.array else {
      throw defect("has no parts")
    }
    let outputs = document["outputs"]?.array?.map { output -> (path: String, byteCount: Int)? in
      guard let path = output["path"]?.string, let byteCount = output["bytes"]?.integer, byteCount >= 0 else {
        return nil
      }
      return (path, byteCount)
    }
    guard let outputs = outputs?.compactMap(\.self), outputs.count == document["outputs"]?.array?.count else {
      throw defect("has no outputs")
    }
    var byteCounts: [Int] = [], fileByteCounts: [Int] = [], outputIndices: [[Int]] = [], coreSeconds = 0.0
    for (index, part) in parts.enumerated() {
      guard let pieces = part["writes"]?.array?.map(Self.piece), let ranges = pieces.wholeRanges,
        ranges.allSatisfy({ outputs.indices.contains($0.fileIndex) })
      else {
        throw defect("parts[\(index)] does not say what it writes")
      }
      let planned = PlanPart(index, ranges)
      byteCounts.append(planned.byteCount)
      fileByteCounts.append(planned.fileByteCount)
      outputIndices.append(ranges.map(\.fileIndex))
      coreSeconds += part["core_seconds"]?.real ?? 0
    }
    self.document = saved
    self.cut = cut
    self.byteCounts = byteCounts
    self.fileByteCounts = fileByteCounts
    self.outputs = outputs
    self.outputIndices = outputIndices
    self.coreSeconds = coreSeconds
  }

  /// What was measured for a size target; nil for a plan without one.
  public var measuredErrors: MeasuredErrors? { MeasuredErrors(document.content["size_target"]) }

  /// The path, as the user gave it.
  public var path: String { document.path }
  /// The SHA-256 of the file, which names the job.
  public var digest: String { document.digest }
  /// The command that does the conversion in one run.
  public var arguments: [String] { document.arguments }

  /// The files of the output that a part writes.
  func outputs(of part: Int) -> [(path: String, byteCount: Int)] { outputIndices[part].map { outputs[$0] } }

  /// The bytes of one file that a part writes; nil if they are none that a file can have.
  private static func piece(_ json: JSON) -> (fileIndex: Int, range: Range<Int>)? {
    // No file system has files of 2⁵⁸ bytes.
    let limit = 1 << 58
    guard let file = json["file"]?.integer, let offset = json["offset"]?.integer, let count = json["bytes"]?.integer,
      file >= 0, (0..<limit).contains(offset), (0..<limit).contains(count)
    else { return nil }
    return (file, offset..<offset + count)
  }

  /// Saves the plan of `parts` as a new file, or over another.
  ///
  /// - Returns: the plan as it can be read again.
  public static func write(
    _ parts: ConversionParts, to path: String, overwrite policy: OverwritePolicy
  ) throws -> SavedPlan {
    try parts.plan.requireSeparate(path)
    try AtomicFile.write(parts.document.encoded(.indented), to: path, overwrite: policy)
    return try SavedPlan(path)
  }
}

extension [(fileIndex: Int, range: Range<Int>)?] {
  /// All elements, if none is nil and their sum does not overflow.
  fileprivate var wholeRanges: [(fileIndex: Int, range: Range<Int>)]? {
    var sum = 0
    var ranges: [(fileIndex: Int, range: Range<Int>)] = []
    for element in self {
      guard let element else { return nil }
      let (next, overflow) = sum.addingReportingOverflow(element.range.count + AtomicFile.sharedBlockByteCount)
      guard !overflow else { return nil }
      sum = next
      ranges.append(element)
    }
    return ranges
  }
}

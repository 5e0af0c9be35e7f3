import Bytes
import Models

/// A plan in parts as a file has it.
///
/// Nothing in it is trusted: `ConversionParts` derives it again and compares. Only the states of parts are told by what it
/// says, without the inputs.
public struct SavedPlan: Sendable {
  /// A plan of 40,000 tensors in 1,000 parts has about 20 MB.
  private static let maximumByteCount = 1 << 30

  /// The path, as the user gave it.
  public let path: String
  /// The SHA-256 of the file, which names the job.
  public let digest: String
  /// The version of the program that saved it.
  public let version: String
  /// The command that does the conversion in one run.
  public let arguments: [String]
  /// The bytes of the output in each part.
  public let byteCounts: [Int]
  /// What the parts are estimated to take, in seconds of one core.
  public let coreSeconds: Double
  let cut: PartCut
  let document: JSON
  /// The sizes of the files of parts.
  let fileByteCounts: [Int]

  /// Reads the plan at `path`.
  ///
  /// - Throws: `FileError`; `LocatedError` with a `JSONError`; `PartError.notAPlan`.
  public init(_ path: String) throws {
    let bytes = try InputLocation.openFile(path).wholeContent(limit: Self.maximumByteCount)
    let document: JSON
    do {
      document = try JSON(parsing: bytes)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
    func defect(_ place: String) -> PartError { .notAPlan(path: path, place: place) }
    guard document["schema"]?.string == ConversionParts.schema else {
      throw defect("has no schema \(ConversionParts.schema)")
    }
    guard let version = document["tool"]?["version"]?.string else { throw defect("names no version") }
    guard let arguments = document["arguments"]?.array?.compactMap(\.string),
      arguments.count == document["arguments"]?.array?.count
    else { throw defect("has no arguments") }
    guard let cut = PartCut(json: document["cut"]), let parts = document["parts"]?.array else {
      throw defect("has no parts")
    }
    var byteCounts: [Int] = [], fileByteCounts: [Int] = [], coreSeconds = 0.0
    for (index, part) in parts.enumerated() {
      guard let pieces = part["writes"]?.array?.map(Self.piece), let ranges = pieces.wholeRanges else {
        throw defect("parts[\(index)] does not say what it writes")
      }
      let planned = PlanPart(index, ranges)
      byteCounts.append(planned.byteCount)
      fileByteCounts.append(planned.fileByteCount)
      coreSeconds += part["core_seconds"]?.real ?? 0
    }
    guard document.encoded(.indented) == bytes else { throw defect("is not spelled as it was saved") }
    self.path = path
    self.version = version
    self.arguments = arguments
    self.cut = cut
    self.document = document
    self.byteCounts = byteCounts
    self.fileByteCounts = fileByteCounts
    self.coreSeconds = coreSeconds
    digest = FileDigest.sha256(bytes)
  }

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

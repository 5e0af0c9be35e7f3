import Bytes

/// A measurement over items, such as the chunks of a text, that several runs can share.
public protocol SharedMeasurement: Sendable {
  /// What the items are called.
  static var itemName: String { get }
  /// The number of items.
  var itemCount: Int { get }
  /// All that decides the result, apart from the bytes of the files that are read.
  var facts: JSON.Object { get }

  /// Measures some of the items.
  ///
  /// - Parameter progress: receives the items done since the last call.
  /// - Returns: what all parts are joined from; the same bytes for the same items.
  func measure(_ items: Range<Int>, threads: Int, progress: (Int) -> Void) throws -> [UInt8]
}

/// A measurement in parts: each is done by any run, on any machine.
///
/// Every run derives the plan again from its command and compares the document, so nothing in a saved plan is trusted.
public struct MeasuringParts<Measurement: SharedMeasurement>: Sendable {
  public let measurement: Measurement
  /// The items of each part.
  public let items: [Range<Int>]
  /// The plan as documented in `docs/json.md`.
  public let document: JSON
  /// The files that were opened, and what was read of them before anything is measured.
  let inputs: [PartInput]
  let log: ReadLog

  /// Opens what is measured, and cuts it into parts that differ by at most one item.
  ///
  /// - Parameters:
  ///   - count: the number of parts; those without items are empty.
  ///   - arguments: the command that measures in one run.
  public init(_ count: Int, arguments: [String], opening: () throws -> Measurement) throws {
    let log = ReadLog()
    measurement = try log.opening(opening)
    self.log = log
    inputs = try log.take().map(PartInput.init)
    let itemCount = measurement.itemCount
    items = (0..<count).map { itemCount * $0 / count..<itemCount * ($0 + 1) / count }
    var members: JSON.Object = [
      "schema": .string(MeasuringPlan.schema), "tool": PlanDocument.tool,
      "arguments": .array(arguments.map(JSON.string)), "inputs": .array(inputs.map(\.json)),
    ]
    for (key, value) in measurement.facts { members[key] = value }
    members["items"] = .string(Measurement.itemName)
    members["parts"] = .array(
      items.map { .members(["first": .integer($0.lowerBound), "count": .integer($0.count)]) })
    document = .object(members)
  }

  /// Derives a saved plan again.
  ///
  /// - Throws: `PartError` if another version of the program saved it, or anything in it came out differently.
  public init(_ saved: MeasuringPlan, opening: () throws -> Measurement) throws {
    try saved.document.requireRunningVersion()
    try self.init(saved.itemCounts.count, arguments: saved.document.arguments, opening: opening)
    try saved.document.requireSame(as: document)
  }

  /// Measures one part, unless that was done.
  ///
  /// - Returns: whether it was done now.
  public func work(
    _ part: Int, in folder: MeasuredParts, threads: Int, progress: (Int) -> Void = { _ in }
  ) throws -> Bool {
    guard items.indices.contains(part) else {
      throw PartError.noSuchPart(part, count: items.count, path: folder.plan.document.path)
    }
    if try folder.result(part, inputs).state == .done { return false }
    let path = folder.files.partPath(part)
    if AtomicFile.isBeingWritten(path) { throw FileError.isBeingMade(path: path) }
    try OutputFolder(folder.files.path).create()
    _ = log.take()
    let output = try AtomicFile(path, overwrite: .replace)
    defer { output.discard() }
    let result = try measurement.measure(items[part], threads: threads, progress: progress)
    try output.write(result, at: 0)
    try output.flush()
    let manifest = try MeasuredParts.Manifest(
      plan: folder.plan.document.digest, part: part, byteCount: result.count, sha256: FileDigest.sha256(result),
      reads: log.take().filter { $0.ranges.byteCount > 0 }.map(PartRead.init))
    try output.commit()
    try AtomicFile.write(
      manifest.document.encoded(.compact), to: folder.files.manifestPath(part), overwrite: .replace)
    return true
  }

  /// What the parts measured, in order.
  ///
  /// - Throws: `UnfinishedParts` with all that are missing or not right.
  public func results(in folder: MeasuredParts) throws -> [[UInt8]] {
    let found = try items.indices.map { try folder.result($0, inputs) }
    let results = found.compactMap(\.bytes)
    guard results.count == items.count else {
      throw UnfinishedParts(path: folder.plan.document.path, states: found.map(\.state))
    }
    return results
  }
}

/// A part that has its digest and yet is none of the measurement, so that another program wrote it.
public struct UnreadableResult: IngotError, Equatable {
  public let part: Int

  public init(part: Int) { self.part = part }

  public var category: ErrorCategory { .input }
  public var description: String { "part \(part): is none of this measurement (remove it and measure it again)" }
}

import Bytes
import Models

/// A conversion in parts: its plan, the parts, and the document that pins both.
///
/// Every run that has to do with a part derives the plan again from the same request, and compares the document. So the work
/// has one description, and nothing in a saved plan is trusted.
public struct ConversionParts: Sendable {
  /// The name and version of the layout of `document`.
  public static let schema = "ingot.parts/1"

  /// The plan that a single run would carry out.
  public let plan: ConversionPlan
  /// The parts, in the order of the output.
  public let parts: [PlanPart]
  /// The plan as documented in `docs/json.md`.
  public let document: JSON
  /// The files that planning opened, by path, and what it read of them.
  let inputs: [PartInput]
  /// Records what the parts read.
  let log: ReadLog
  /// What a run that is continued has deleted of the source.
  var consumed = ConsumedFiles([])

  /// The SHA-256 of the saved plan, which names the job.
  public var digest: String { FileDigest.sha256(document.encoded(.indented)) }

  /// Derives the plan and cuts it.
  ///
  /// - Parameters:
  ///   - arguments: the command that does the conversion in one run, which receipts record.
  ///   - planning: opens the source and plans; what it reads is recorded.
  /// - Throws: as `planning`; `PartError.hasNoPlaces` for a compressed output and for files of ranks.
  public init(_ cut: PartCut, arguments: [String], planning: () throws -> ConversionPlan) throws {
    try self.init(arguments: arguments) { (try planning(), cut) }
  }

  /// - Parameters:
  ///   - arguments: nil if the document is not saved; it then has neither them nor the list of parts.
  ///   - planning: also says how to cut, which may depend on the plan.
  init(arguments: [String]?, planning: () throws -> (ConversionPlan, PartCut)) throws {
    let log = ReadLog()
    let (plan, cut, pinned) = try log.opening {
      let (plan, cut) = try planning()
      try plan.requirePlaces()
      try plan.readWholeInputs()
      return (plan, cut, try plan.pinned)
    }
    let inputs = try log.take().map(PartInput.init)
    self.plan = plan
    self.log = log
    self.inputs = inputs
    parts = plan.parts(cut)
    var members: JSON.Object = ["schema": .string(Self.schema)]
    members["tool"] = PlanDocument.tool
    if let arguments { members["arguments"] = .array(arguments.map(JSON.string)) }
    members["cut"] = cut.json
    members["inputs"] = .array(inputs.map(\.json))
    for (key, value) in pinned { members[key] = value }
    if let sizeTarget = plan.sizeTarget { members["size_target"] = sizeTarget.json }
    members["parts"] = arguments == nil ? .integer(parts.count) : .array(parts.map { $0.json(plan, inputs) })
    document = .object(members)
  }

  /// Derives a saved plan again.
  ///
  /// - Throws: `PartError` if another version of the program saved it, or anything in it came out differently.
  public init(_ saved: SavedPlan, planning: () throws -> ConversionPlan) throws {
    try saved.document.requireRunningVersion()
    try self.init(saved.cut, arguments: saved.arguments, planning: planning)
    try saved.document.requireSame(as: document)
  }

  /// The part of this number.
  func part(_ index: Int, of path: String) throws(PartError) -> PlanPart {
    guard parts.indices.contains(index) else { throw .noSuchPart(index, count: parts.count, path: path) }
    return parts[index]
  }
}

extension PartCut {
  fileprivate var json: JSON {
    switch self {
    case .count(let count): .members(["parts": .integer(count)])
    case .byteCount(let limit): .members(["part_bytes": .integer(limit)])
    }
  }

  init?(json: JSON?) {
    if let count = json?["parts"]?.integer, count > 0 {
      self = .count(count)
    } else if let limit = json?["part_bytes"]?.integer, limit > 0 {
      self = .byteCount(limit)
    } else {
      return nil
    }
  }
}

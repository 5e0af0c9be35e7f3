import Bytes
import Models
import Quantization
import Tensors

/// The record of a conversion: inputs, outputs, and every tensor's rule and errors.
public struct Receipt: Sendable {
  /// The plan that was carried out.
  public let plan: ConversionPlan
  /// The errors of encoding.
  public let errors: ErrorSummary
  /// The options as the user gave them.
  public let options: [String]
  /// The version of the program.
  public let version: String

  /// Collects the record.
  public init(plan: ConversionPlan, errors: ErrorSummary, options: [String], version: String) {
    self.plan = plan
    self.errors = errors
    self.options = options
    self.version = version
  }

  /// The schema of `json`.
  public static let schema = "ingot.receipt/1"

  /// The SHA-256 of every file that a conversion reads; conversions of one model share them.
  struct InputDigests {
    fileprivate let names: [String], inputs: [FileDigest.Entry], others: [FileDigest.Entry]

    /// Reads the files on up to `threads` threads.
    init(_ plan: ConversionPlan, threads: Int) throws {
      let files = try plan.source.checkpoint.storedFiles + plan.source.readSideFiles()
      let others = try plan.inputFiles.map { try InputLocation.openFile($0.path) }
      let digests = try FileDigest.entries(of: files + others, threads: threads)
      names = files.map(\.stored.name)
      inputs = Array(digests.prefix(files.count))
      self.others = Array(digests.suffix(others.count))
    }
  }

  /// The receipt, with the SHA-256 of every file, read again from the disk on up to `threads` threads.
  public func json(threads: Int = Parallel.coreCount) throws -> JSON {
    try json(InputDigests(plan, threads: threads), threads: threads)
  }

  /// The receipt, with the SHA-256 of every output, read again from the disk on up to `threads` threads.
  func json(_ inputDigests: InputDigests, threads: Int) throws -> JSON {
    let outputs = try (plan.files.map(\.path) + plan.sideFiles.map(\.path)).map(InputLocation.openFile)
    let digests = try FileDigest.entries(of: outputs, threads: threads)
    func describe(_ names: [String], _ digests: [FileDigest.Entry]) -> JSON {
      .array(
        zip(names, digests).map { name, entry in
          .members([
            "name": .string(name), "bytes": .integer(entry.byteCount), "sha256": .string(entry.sha256),
          ])
        })
    }
    let otherInputs = zip(plan.inputFiles, inputDigests.others).map { input, entry in
      JSON.members([
        "option": .string(input.option), "path": .string(input.path), "bytes": .integer(entry.byteCount),
        "sha256": .string(entry.sha256),
      ])
    }
    var members: JSON.Object = [
      "schema": .string(Self.schema),
      "tool": .members(["name": .string("ingot"), "version": .string(version)]),
      "options": .array(options.map(JSON.string)),
      "architecture": .string(plan.source.definition.name),
      "naming": .members(["from": .string(plan.source.scheme.name), "to": .string(plan.scheme.name)]),
      "applied_transforms": plan.source.appliedTransforms.json,
      "inputs": describe(inputDigests.names, inputDigests.inputs),
      "other_inputs": .array(otherInputs),
      "outputs": describe(outputs.map(outputName), digests),
      "tensors": .array(errors.outcomes.map(\.json)),
      "errors": errors.json,
      "dropped": .array(
        plan.dropped.map { .members(["name": .string($0.name.text), "reason": .string($0.reason)]) }),
      "departures": plan.departures.json,
      "rounded": .array(plan.rounded.map(\.json)),
      "messages": .array(
        plan.messages.map {
          .members(["severity": .string($0.severity.rawValue), "message": .string($0.message)])
        }),
    ]
    if let sizeTarget = plan.sizeTarget { members["size_target"] = sizeTarget.json }
    if let graft = plan.graft { members["graft"] = graft.json }
    return .object(members)
  }
}

extension Receipt {
  /// The name of an output below the folder that is written.
  private func outputName(_ output: any ByteSource) -> String {
    plan.target == .folder
      ? Path.within(plan.destination, output.stored.path) ?? output.stored.name : output.stored.name
  }
}

extension TensorOutcome {
  /// The line of a tensor in a receipt.
  public var json: JSON {
    var members = tensor.facts
    for (key, value) in (report ?? EncodingReport()).members { members[key] = value }
    return .object(members)
  }
}

extension PlannedTensor {
  /// Where the tensor comes from, what it becomes and why.
  var facts: JSON.Object {
    var members = JSON.Object()
    members["name"] = .string(name.text)
    members["role"] = .string(purpose.name)
    if let layer = purpose.layer { members["layer"] = .integer(layer) }
    if let instance = purpose.instance { members["instance"] = .integer(instance) }
    members["source"] = sourceName.map { .string($0.text) } ?? .null
    if sources.count > 1 { members["source_count"] = .integer(sources.count) }
    members["from"] = .string(sourceEncoding)
    if !composedOf.isEmpty { members["composed_of"] = .array(composedOf.map { .string($0.text) }) }
    members["to"] = .string(format.name)
    members["shape"] = .array(shape.dimensions.map { .integer($0) })
    members["transform"] = .string(transform)
    members["rule"] = .string(rule)
    if isRepacked { members["repacked"] = .bool(true) }
    if importance != nil { members["importance"] = .bool(true) }
    return members
  }
}

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

  /// The receipt, with the SHA-256 of every file, read again from the disk on up to `threads` threads.
  public func json(
    threads: Int = Parallel.coreCount, progress: @escaping FileDigest.Progress = { _ in }
  ) throws -> JSON {
    let inputs = try plan.source.checkpoint.storedFiles + plan.source.readSideFiles()
    let others = try plan.inputFiles.map { try InputLocation.openFile($0.path) }
    let outputs = try (plan.files.map(\.path) + plan.sideFiles.map(\.path)).map(InputLocation.openFile)
    let digests = try FileDigest.entries(of: inputs + outputs + others, threads: threads, progress: progress)
    func describe(_ names: [String], _ digests: ArraySlice<FileDigest.Entry>) -> JSON {
      .array(
        zip(names, digests).map { name, entry in
          .members([
            "name": .string(name), "bytes": .integer(entry.byteCount), "sha256": .string(entry.sha256),
          ])
        })
    }
    let otherInputs = zip(plan.inputFiles, digests.suffix(others.count)).map { input, entry in
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
      "inputs": describe(inputs.map(\.stored.name), digests.prefix(inputs.count)),
      "other_inputs": .array(otherInputs),
      "outputs": describe(outputs.map(outputName), digests.dropFirst(inputs.count)),
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
    var members = JSON.Object()
    members["name"] = .string(tensor.name.text)
    members["role"] = .string(tensor.purpose.name)
    if let layer = tensor.purpose.layer { members["layer"] = .integer(layer) }
    if let instance = tensor.purpose.instance { members["instance"] = .integer(instance) }
    members["source"] = tensor.sourceName.map { .string($0.text) } ?? .null
    if tensor.sources.count > 1 { members["source_count"] = .integer(tensor.sources.count) }
    members["from"] = .string(tensor.sourceEncoding)
    if !tensor.composedOf.isEmpty { members["composed_of"] = .array(tensor.composedOf.map { .string($0.text) }) }
    members["to"] = .string(tensor.format.name)
    members["shape"] = .array(tensor.shape.dimensions.map { .integer($0) })
    members["transform"] = .string(tensor.transform)
    members["rule"] = .string(tensor.rule)
    if tensor.isRepacked { members["repacked"] = .bool(true) }
    if tensor.importance != nil { members["importance"] = .bool(true) }
    for (key, value) in (report ?? EncodingReport()).members { members[key] = value }
    return .object(members)
  }
}

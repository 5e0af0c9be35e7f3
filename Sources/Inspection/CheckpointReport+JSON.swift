import Bytes
import Models
import Tensors

extension CheckpointReport {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.inspect/1"
  /// Arrays of metadata are cut to this many elements in the report.
  static let shownElementCount = 8

  /// Whether a report lists the tensors.
  public enum Tensors: Sendable { case list, omit }

  /// Returns the report as documented in `docs/json.md`; with a `grouping` also the groups of the tensors.
  public func json(tensors: Tensors, by grouping: TensorGroup.Kind? = nil, in order: TensorOrder? = nil) -> JSON {
    var report: JSON.Object = [
      "schema": .string(Self.schema),
      "path": .string(checkpoint.path),
      "container": .string(checkpoint.container.rawValue),
      "facts": .object(JSON.Object(uniqueKeysWithValues: sortedFacts.map { (ExactString($0.key), .string($0.value)) })),
      "files": .array(
        checkpoint.storedFiles.map { file in
          var members: JSON.Object = ["path": .string(file.path), "bytes": .integer(file.byteCount)]
          let stored = file.stored.byteCount
          if stored != file.byteCount { members["stored_bytes"] = .integer(stored) }
          return .object(members)
        }),
      "architecture": architectureJSON,
      "parameters": .integer(elementCount),
      "tensor_count": .integer(checkpoint.stored.count),
      "tensor_bytes": .integer(tensorByteCount),
      "bits_per_weight": bitsPerWeight.map { .real($0) } ?? .null,
      "formats": .array(formats.map(\.json)),
      "summary": summary?.json ?? .null,
      "metadata": .object(checkpoint.metadata.json(limit: Self.shownElementCount)),
    ]
    if let unreadForm { report["unread_form"] = .string(unreadForm.words) }
    if !compositions.isEmpty { report["compositions"] = .array(compositions.map(\.compositionJSON)) }
    if let grouping { report["groups"] = .array(groups(by: grouping, in: order).map(\.json)) }
    if tensors == .list { report["tensors"] = .array(tensorsJSON) }
    var remarks = checkpoint.remarks
    if case .model(let model) = recognition { remarks += model.warnings }
    report["remarks"] = .array(remarks.map { .string($0) })
    return .object(report)
  }

  private var sortedFacts: [(key: String, value: String)] {
    containerFacts.map { (key: String($0.words.map { $0 == " " ? "_" : $0 }), value: $0.value) }
  }

  private var architectureJSON: JSON {
    switch recognition {
    case .model(let model): model.json
    case .other(let form, _): .members(["name": .null, "reason": .string("is \(form.words)")])
    case .unknown(let reason): .members(["name": .null, "reason": .string(reason)])
    case nil: .null
    }
  }

  private var tensorsJSON: [JSON] {
    tensors.enumerated().map { index, tensor in
      var entry: JSON.Object = [
        "name": .string(tensor.name.text), "format": .string(tensor.declaredFormat.description),
        "shape": .array(tensor.shape.dimensions.map { .integer($0) }),
        "file": .integer(checkpoint.storedFileIndex(of: tensor)),
        "offset": .integer(tensor.fileOffset), "bytes": .integer(tensor.byteCount),
      ]
      if let statistics { entry["statistics"] = statistics[index]?.json ?? .null }
      return .object(entry)
    }
  }
}

extension TensorDescriptor {
  /// A composed tensor with the names of its source tensors.
  fileprivate var compositionJSON: JSON {
    .members([
      "name": .string(name.text), "encoding": .string(encoding),
      "shape": .array(shape.dimensions.map { .integer($0) }),
      "sources": .array(sources.map { .string($0.name.text) }),
    ])
  }
}

extension CheckpointReport.FormatShare {
  var json: JSON {
    .members([
      "format": .string(format.description), "tensors": .integer(tensorCount), "elements": .integer(elementCount),
      "bytes": .integer(byteCount), "share": .real(share),
    ])
  }
}

extension TensorStatistics {
  var json: JSON {
    .members([
      "minimum": finiteCount > 0 ? minimum.json : .null, "maximum": finiteCount > 0 ? maximum.json : .null,
      "mean": finiteCount > 0 ? .real(mean) : .null, "deviation": finiteCount > 0 ? .real(deviation) : .null,
      "nan": .integer(nanCount), "infinite": .integer(infiniteCount), "zero": .integer(zeroCount),
    ])
  }
}

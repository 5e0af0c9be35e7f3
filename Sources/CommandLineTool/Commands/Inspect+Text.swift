import Ingot

extension CheckpointReport {
  /// The report for people.
  func text(tensors listing: Tensors, listsAllProblems: Bool = false) -> String {
    var parts = [checkpoint.path.escapedForDisplay.emphasized + "\n" + definitionList(headlines)]
    parts.append(formatTable)
    if !checkpoint.metadata.pairs.isEmpty { parts.append(metadataTable) }
    if listing == .list, !tensors.isEmpty { parts.append(tensorTable) }
    let remarks = remarks(listsAllProblems: listsAllProblems)
    if !remarks.isEmpty { parts.append(remarks.map { "remark: \($0)\n".wrapped }.joined()) }
    return parts.joined(separator: "\n")
  }

  private func remarks(listsAllProblems: Bool) -> [String] {
    var remarks = checkpoint.remarks.map(\.escapedForDisplay)
    if case .model(let model) = recognition {
      remarks += model.warnings.map(\.escapedForDisplay)
      remarks += ProblemList(model.problems).lines(listsAll: listsAllProblems)
    }
    return remarks
  }

  private var headlines: [(String, String)] {
    let facts = containerFacts.map { "\($0.words) \($0.value)" }.joined(separator: ", ")
    var lines = [("container", checkpoint.container.rawValue + (facts.isEmpty ? "" : " (\(facts))"))]
    switch recognition {
    case .model(let model):
      lines.append(("architecture", "\(model.definition.name), tensors named as in \(model.scheme.name)"))
      lines.append(("model", model.wording))
      lines += model.appliedTransforms.findings.filter { $0.source != .names }.map {
        ("transforms", $0.words(scheme: model.scheme.name))
      }
    case .other(let form, let architecture):
      lines.append(("content", "\(form.words), not a model"))
      if let architecture { lines.append(("architecture", architecture.escapedForDisplay)) }
    case .unknown(let reason): lines.append(("architecture", "not recognized: \(reason)"))
    case nil: break
    }
    lines.append(("parameters", elementCount.grouped + (unreadForm == nil ? "" : ", counted as packed")))
    if let unreadForm { lines.append(("encoding", "\(unreadForm.words): matrices are packed")) }
    lines.append(("tensors", checkpoint.stored.count.grouped))
    lines += encodings.map { ("encoding", "\($0.description) (\(counted($0.tensorCount, "tensor")))") }
    let stored = storedByteCount == fileByteCount ? "" : ", stored as \(storedByteCount.byteSize)"
    lines.append(("size", "\(fileByteCount.byteSize) in \(counted(checkpoint.storedFiles.count, "file"))\(stored)"))
    lines.append(("bits per weight", bitsPerWeight.map { $0.fixed(2) } ?? "unknown"))
    return lines
  }

  private var formatTable: String {
    var table = Table(["format": .left, "tensors": .right, "elements": .right, "bytes": .right, "share": .right])
    for share in formats {
      table.append(
        share.format.description.escapedForDisplay, share.tensorCount.grouped, share.elementCount.grouped,
        share.byteCount.grouped, "\((share.share * 100).fixed(1)) %")
    }
    return table.text()
  }

  private var metadataTable: String {
    var table = Table(["metadata": .left, "type": .left, "value": .left])
    for (key, value) in checkpoint.metadata.pairs {
      table.append(key.text.escapedForDisplay, value.typeWording, value.cell)
    }
    return table.text()
  }

  /// The indices of the tensors, with layers in the order of their numbers.
  private var listedOrder: [Int] { tensors.map(\.name.text).indicesInLayerOrder }

  private var tensorTable: String {
    guard let statistics else {
      var table = Table(["tensor": .left, "format": .left, "shape": .right, "size": .right])
      for tensor in listedOrder.map({ tensors[$0] }) {
        table.append(
          tensor.name.text.escapedForDisplay, tensor.declaredFormat.description.escapedForDisplay,
          tensor.shape.description, tensor.byteCount.byteSize)
      }
      return table.text()
    }
    var table = Table([
      "tensor": .left, "format": .left, "shape": .right, "minimum": .right, "maximum": .right, "mean": .right,
      "deviation": .right, "NaN": .right, "infinite": .right, "zero": .right,
    ])
    for (tensor, values) in listedOrder.map({ (tensors[$0], statistics[$0]) }) {
      let cells = values.map(\.cells) ?? [String](repeating: "–", count: 7)
      table.append(
        [
          tensor.name.text.escapedForDisplay, tensor.declaredFormat.description.escapedForDisplay,
          tensor.shape.description,
        ] + cells)
    }
    return table.text()
  }
}

extension Model {
  /// The numbers that matter most, on one line.
  fileprivate var wording: String {
    func number(_ name: String) -> String { hyperparameters.integer(name).map(\.grouped) ?? "?" }
    var parts = [
      "\(number("layer_count")) layers", "width \(number("embedding_length"))",
      "inner width \(number("feed_forward_length"))",
      "\(number("head_count")) heads of \(number("head_dimension"))",
      "\(number("key_value_head_count")) key-value heads", "vocabulary \(number("vocabulary_size"))",
      "context \(number("context_length"))",
    ]
    if hyperparameters.rotaryScaling != .none { parts.append("rotary scaling \(hyperparameters.rotaryScaling.name)") }
    if hyperparameters.flag("ties_embeddings") { parts.append("tied embeddings") }
    return parts.joined(separator: ", ")
  }
}

extension TensorStatistics {
  fileprivate var cells: [String] {
    let numbers = [Double(minimum), Double(maximum), mean, deviation].map { finiteCount > 0 ? $0.scientific : "–" }
    return numbers + [nanCount.grouped, infiniteCount.grouped, "\((zeroShare * 100).fixed(1)) %"]
  }
}

extension MetadataValue {
  /// `u32`, `array of string`.
  fileprivate var typeWording: String {
    array.map { "array of \($0.elementType.typeName)" } ?? type.typeName
  }

  /// The value on one line of a table: long text and long arrays are cut.
  fileprivate var cell: String {
    let line = display(limit: 4)
    let limit = 96
    return line.count <= limit ? line : line.prefix(limit - 1) + "…"
  }

  /// The value whole: a string as it is, an array one element to a line.
  var wholeText: String {
    switch self {
    case .string(let value):
      StandardStreams.outputIsTerminal ? value.description.printable + "\n" : value.description + "\n"
    case .array(let values): values.elements(limit: .max).map { $0.text(.compact) + "\n" }.joined()
    default: plainJSON.text(.compact) + "\n"
    }
  }
}

extension String {
  /// The text line by line with control characters escaped, for a terminal.
  fileprivate var printable: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var text = ""
      for scalar in line.unicodeScalars {
        if scalar == "\t" {
          text.unicodeScalars.append(scalar)
        } else {
          text += String(Character(scalar)).escapedForDisplay
        }
      }
      return text
    }.joined(separator: "\n")
  }
}

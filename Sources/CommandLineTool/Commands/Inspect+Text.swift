import Ingot

extension CheckpointReport {
  /// The report for people.
  func text(
    tensors listing: Tensors, by grouping: TensorGroup.Kind? = nil, in order: TensorOrder? = nil,
    listsAllProblems: Bool = false
  ) -> String {
    var parts = [checkpoint.path.escapedForDisplay.emphasized + "\n" + definitionList(headlines)]
    parts.append(formatTable)
    if !checkpoint.metadata.pairs.isEmpty { parts.append(metadataTable) }
    if let grouping, !tensors.isEmpty { parts.append(groupTable(grouping, order)) }
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
      lines.append(("model", model.sizesInWords))
      lines += model.appliedTransforms.findings.filter { $0.source != .names }.map {
        ("transforms", $0.words(scheme: model.scheme.name))
      }
    case .other(let form, let architecture):
      lines.append(("content", "\(form.words), not a model"))
      if let architecture { lines.append(("architecture", architecture.escapedForDisplay)) }
    case .unknown(let reason): lines.append(("architecture", "not recognized: \(reason)"))
    case nil: break
    }
    if let unreadForm { lines.append(("encoding", "\(unreadForm.words): matrices are packed")) }
    lines += encodings.map { ("encoding", "\($0.description) (\(counted($0.tensorCount, "tensor")))") }
    lines.append(("size", size))
    if let summary { lines += summary.lines }
    return lines
  }

  private var size: String {
    let packed = unreadForm == nil ? "" : ", counted as packed,"
    let stored = storedByteCount == fileByteCount ? "" : ", stored as \(storedByteCount.byteSize)"
    return "\(counted(elementCount, "parameter"))\(packed) in \(counted(checkpoint.stored.count, "tensor")), "
      + "\(fileByteCount.byteSize) in \(counted(checkpoint.storedFiles.count, "file"))\(stored)"
      + (bitsPerWeight.map { ", \($0.fixed(2)) bits per weight" } ?? "")
  }

  private func groupTable(_ kind: TensorGroup.Kind, _ order: TensorOrder?) -> String {
    var table = Table([
      kind.rawValue: .left, "tensors": .right, "elements": .right, "size": .right, "formats": .left,
    ])
    for group in groups(by: kind, in: order) {
      table.append(
        group.name?.escapedForDisplay ?? "(outside layers)", group.tensorCount.grouped, group.elementCount.grouped,
        group.byteCount.byteSize, group.formatWords)
    }
    return table.text()
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
      table.append(
        key.text.escapedForDisplay, value.typeWording,
        checkpoint.metadata.cell(key.text, limit: 4).cut(to: 96))
    }
    return table.text()
  }

  /// The indices of the tensors, with layers in the order of their numbers unless another one was asked for.
  private var listedOrder: [Int] { isSorted ? Array(tensors.indices) : tensors.map(\.name.text).indicesInLayerOrder }

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
  /// The first characters, with a mark if there are more.
  fileprivate func cut(to limit: Int) -> String { count <= limit ? self : prefix(limit - 1) + "…" }

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

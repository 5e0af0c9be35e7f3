import Ingot

extension ConversionPlan {
  /// Where everything goes and what should be known about it; `title` says whether it was done.
  func text(title: String) -> String {
    let input = "\(source.definition.name), named as in \(source.scheme.name)"
    var pairs = [("source", "\(source.checkpoint.path.escapedForDisplay) (\(input))")]
    for file in files {
      let content = "\(counted(file.tensors.count, "tensor")), \(file.byteCount.byteSize)"
      pairs.append((title, "\(file.path.escapedForDisplay) (\(content), named as in \(scheme.name))"))
    }
    for file in sideFiles { pairs.append((title, file.path.escapedForDisplay)) }
    var text = definitionList(pairs)
    for remark in remarks { text += "\(remark.severity.rawValue): \(remark.message.escapedForDisplay)\n" }
    return text
  }

  /// Every tensor of the output and where it comes from.
  var tensorTable: String {
    var table = Table([
      "tensor": .left, "from": .left, "format": .left, "layout": .left, "shape": .right, "size": .right, "rule": .left,
    ])
    for tensor in tensors {
      table.append(
        tensor.name.text.escapedForDisplay, tensor.sourceName?.text.escapedForDisplay ?? "the parameters",
        tensor.formatWording,
        tensor.layoutWording, tensor.shape.description, tensor.byteCount.byteSize, tensor.rule)
    }
    return "\n" + table.text()
  }
}

extension PlannedTensor {
  /// `BF16 → Q8_0`, or one name where they are the same.
  fileprivate var formatWording: String {
    sourceFormat == format ? format.name : "\(sourceFormat.name) → \(format.name)"
  }

  /// How the rows move, or that they do not.
  fileprivate var layoutWording: String { mapping.map { $0.isIdentity ? "as it is" : $0.description } ?? "derived" }
}

/// What a conversion did, in a few lines.
struct ConversionSummary {
  let plan: ConversionPlan
  let outcomes: [TensorOutcome]
  let seconds: Double

  /// Tensors that went the same way.
  private struct Group: Hashable {
    let formats: String
    let layout: String
  }

  var text: String {
    let rate = seconds > 0 ? Int(Double(plan.byteCount) / seconds).byteSize + "/s" : "at once"
    return plan.text(title: "wrote") + "\n" + groupTable
      + "\n\(plan.byteCount.byteSize) in \(seconds.fixed(2)) s (\(rate))\n"
  }

  private var groupTable: String {
    var order: [Group] = []
    var members: [Group: [TensorOutcome]] = [:]
    for outcome in outcomes {
      let tensor = outcome.tensor
      let group = Group(formats: tensor.formatWording, layout: tensor.layoutWording)
      if members[group] == nil { order.append(group) }
      members[group, default: []].append(outcome)
    }
    var table = Table([
      "format": .left, "layout": .left, "tensors": .right, "size": .right, "values": .right, "changed": .right,
      "worst NMSE": .right,
    ])
    for group in order {
      let outcomes = members[group] ?? []
      let reports = outcomes.compactMap(\.report)
      let worst = reports.map(\.normalizedMeanSquareError).max() ?? 0
      table.append(
        group.formats, group.layout, outcomes.count.grouped,
        outcomes.reduce(0) { $0 + $1.tensor.byteCount }.byteSize,
        outcomes.reduce(0) { $0 + $1.tensor.shape.elementCount }.grouped,
        reports.reduce(0) { $0 + $1.changedCount }.grouped, worst.scientific)
    }
    return table.text()
  }

  /// The report, with the comparison of the output if it was made.
  func json(verification: CheckpointDiff?) -> JSON {
    var report = plan.json.object ?? [:]
    report["schema"] = .string("ingot.convert/1")
    report["seconds"] = .real(seconds)
    report["tensors"] = .array(outcomes.map(\.json))
    if let verification { report["verification"] = verification.json }
    return .object(report)
  }
}

import Ingot

/// The result of a conversion, in a few lines.
struct ConversionSummary {
  let plan: ConversionPlan
  let errors: ErrorSummary
  let seconds: Double
  /// Whether the output has its name; not if the errors were beyond a budget.
  var isWritten = true
  /// Whether every message of the plan is listed.
  var listsAll = false

  var text: String {
    let rate = seconds > 0 ? Int(Double(plan.byteCount) / seconds).byteSize + "/s" : "at once"
    let loss = errors.lossWarning.map { "\("warning".colored(as: "warning")): \($0.escapedForDisplay)\n" } ?? ""
    let title = isWritten ? "wrote" : "not written"
    let bits = plan.bitsPerWeight.map { ", \($0.fixed(2)) bits per weight" } ?? ""
    return plan.text(title: title, listsAll: listsAll) + loss + "\n" + groupTable + worstTable + histogramTable
      + "\n\(plan.byteCount.byteSize)\(bits), in \(seconds.fixed(2)) s (\(rate))\n"
  }

  /// Tensors, sizes and errors by storage format.
  private var groupTable: String {
    var table = Table([
      "format": .left, "tensors": .right, "size": .right, "values": .right, "changed": .right, "max abs": .right,
      "RMSE": .right, "NMSE": .right, "cosine": .right,
    ])
    for group in errors.groups {
      table.append(
        [
          group.from == group.to.name ? group.from : "\(group.from) → \(group.to.name)",
          group.tensorCount.grouped, group.byteCount.byteSize, group.elementCount.grouped,
          group.errors.changedCount.grouped,
        ] + group.errors.cells)
    }
    return table.text() + movedRows
  }

  /// The tensors that got another layout, those of all layers together.
  private var movedRows: String {
    var order: [String] = []
    var counts: [String: Int] = [:]
    for outcome in errors.outcomes {
      guard case .rows(let reader) = outcome.tensor.source, let words = reader.movement?.ofAllLayers else { continue }
      if counts.updateValue((counts[words] ?? 0) + 1, forKey: words) == nil {
        order.append(words)
      }
    }
    return order.isEmpty
      ? ""
      : "rows moved: " + order.map { "\($0) (\(counted(counts[$0] ?? 0, "tensor")))" }.joined(separator: ", ") + "\n"
  }

  /// This many of the tensors with the greatest errors are shown.
  private static let shownCount = 5

  /// The tensors that suffered most.
  private var worstTable: String {
    guard !errors.worst.isEmpty else { return "" }
    var table = Table([
      "worst tensors": .left, "format": .left, "max abs": .right, "RMSE": .right, "NMSE": .right, "cosine": .right,
    ])
    for outcome in errors.worst.prefix(Self.shownCount) {
      table.append(
        [outcome.tensor.name.text.escapedForDisplay, outcome.tensor.format.name]
          + (outcome.report ?? EncodingReport()).cells)
    }
    return "\n" + table.text() + "NMSE summed over \(counted(errors.worst.count, "tensor")): "
      + "\(errors.summedNMSE.metricText)\n"
  }

  /// The histogram of the errors, if requested.
  private var histogramTable: String {
    guard let histogram = errors.total.histogram, errors.total.elementCount > 0 else { return "" }
    func share(_ count: Int) -> String {
      (Double(count) / Double(errors.total.elementCount) * 100).fixed(2) + " %"
    }
    var table = Table(["error from": .right, "to": .right, "values": .right, "share": .right])
    table.append("0", "0", histogram.unchangedCount.grouped, share(histogram.unchangedCount))
    for range in histogram.ranges {
      table.append(range.lower.scientific, range.upper.scientific, range.count.grouped, share(range.count))
    }
    return "\n" + table.text()
  }

  /// The report, with the comparison of the output if it was made.
  func json(verification: CheckpointDiff?) -> JSON {
    var report = plan.json.object ?? [:]
    report["schema"] = .string("ingot.convert/1")
    report["written"] = .bool(isWritten)
    report["seconds"] = .real(seconds)
    report["tensors"] = .array(errors.outcomes.map(\.json))
    report["errors"] = errors.json
    if let verification { report["verification"] = verification.json }
    return .object(report)
  }
}

extension EncodingReport {
  /// Maximum, RMSE, NMSE and cosine.
  fileprivate var cells: [String] {
    [
      maximumAbsoluteError.scientific, rootMeanSquareError.scientific, normalizedMeanSquareError.scientific,
      cosine.fixed(6),
    ]
  }
}

extension String {
  /// The text with `*` for numbers of layers in names: `part of model.layers.*.mlp.gate_up_proj`.
  fileprivate var ofAllLayers: String {
    split(separator: ".", omittingEmptySubsequences: false)
      .map { $0.isEmpty || !$0.utf8.allSatisfy { (48...57).contains($0) } ? String($0) : "*" }.joined(separator: ".")
  }
}

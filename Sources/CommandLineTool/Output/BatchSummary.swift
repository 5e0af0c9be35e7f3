import Ingot

/// The results of conversions into several outputs: a line for each, and the reasons why some are missing.
struct BatchSummary {
  let plans: [ConversionPlan]
  /// Of each plan: its errors and the comparison of the output, or why it was not written.
  let outcomes: [Result<ConversionJob.Outcome<CheckpointDiff>, any Error>]
  let seconds: Double

  var text: String {
    let written = zip(plans, outcomes).filter { $1.isSuccess }.map { $0.0 }
    let byteCount = written.reduce(0) { $0 + $1.byteCount }
    let rate = seconds > 0 ? Int(Double(byteCount) / seconds).byteSize + "/s" : "at once"
    return plans.text(title: nil) + warnings + "\n" + table
      + "\n\(counted(written.count, "output")) of \(plans.count), \(byteCount.byteSize) in \(seconds.fixed(2)) s (\(rate))\n"
  }

  /// A line for each output.
  private var table: String {
    var table = Table([
      "output": .left, "size": .right, "bits per weight": .right, "NMSE": .right, "worst tensor": .left,
      "its NMSE": .right,
    ])
    let isChecked = outcomes.contains { (try? $0.get().check) != nil }
    for (plan, outcome) in zip(plans, outcomes) {
      let figures: [String] =
        switch outcome {
        case .success(let outcome):
          [
            plan.byteCount.byteSize, plan.bitsPerWeight?.fixed(2) ?? "",
            outcome.errors.total.normalizedMeanSquareError.scientific,
            outcome.errors.worst.first?.tensor.name.text.escapedForDisplay ?? "none",
            outcome.errors.worst.first?.report?.normalizedMeanSquareError.scientific ?? "0",
          ]
        case .failure: ["not written", "", "", "", ""]
        }
      table.append([plan.openablePath.escapedForDisplay] + figures)
    }
    return table.text() + (isChecked ? "\n" + verdicts : "")
  }

  /// The result of `--verify` for each output.
  private var verdicts: String {
    zip(plans, outcomes).compactMap { plan, outcome in
      (try? outcome.get().check).map {
        "\(plan.openablePath.escapedForDisplay)\n" + $0.text(lists: .none)
      }
    }.joined(separator: "\n")
  }

  private var warnings: String {
    zip(plans, outcomes).compactMap { plan, outcome in
      (try? outcome.get())?.errors.lossWarning.map { "warning (\(plan.formatName)): \($0.escapedForDisplay)\n" }
    }.joined()
  }

  /// The document of `docs/json.md`.
  var json: JSON {
    let outputs = zip(plans, outcomes).map { plan, outcome -> JSON in
      switch outcome {
      case .success(let outcome):
        return ConversionSummary(plan: plan, errors: outcome.errors, seconds: seconds).json(verification: outcome.check)
      case .failure(let error as BudgetExceeded):
        return ConversionSummary(plan: plan, errors: error.summary, seconds: seconds, isWritten: false)
          .json(verification: nil)
      case .failure(let error):
        var members = plan.json.object ?? [:]
        members["schema"] = .string("ingot.convert/1")
        members["written"] = .bool(false)
        members["error"] = .string("\(error)")
        return .object(members)
      }
    }
    return .members([
      "schema": .string("ingot.conversions/1"), "passes": .bool((try? requireSuccess()) != nil),
      "seconds": .real(seconds), "outputs": .array(outputs),
    ])
  }

  /// Throws the reasons why outputs are missing, or that the comparison of one failed.
  func requireSuccess() throws {
    let failures = outcomes.compactMap { outcome -> (any Error)? in
      if case .failure(let error) = outcome { error } else { nil }
    }
    let errors = failures.compactMap { $0 as? any IngotError }
    guard errors.count == failures.count else { throw failures[0] }
    guard errors.isEmpty else { throw MissingOutputs(errors: errors) }
    if outcomes.contains(where: { (try? $0.get().check?.passes) == false }) { throw FailedCheck() }
  }
}

/// Why outputs of several were not written, a line for each.
private struct MissingOutputs: IngotError {
  let errors: [any IngotError]

  /// The gravest: outputs that cannot be written, then inputs, then limits that are exceeded.
  var category: ErrorCategory {
    [ErrorCategory.output, .input, .usage].first { category in errors.contains { $0.category == category } } ?? .check
  }
  var description: String { errors.map(\.description).joined(separator: "\n") }
  var constituents: [any IngotError] { errors.flatMap(\.constituents) }
}

extension Result {
  fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}

extension [ConversionPlan] {
  /// The source, the outputs after `title`, and the messages; one that not all plans have names its type.
  func text(title: String?) -> String {
    guard let first else { return "" }
    var pairs = [("source", first.sourceWords)]
    if let title { pairs += flatMap { $0.fileLines(title: title) } }
    var text = definitionList(pairs)
    for message in messageLines {
      let plans = filter { $0.messageLines.contains(message) }
      let types = plans.count == count ? "" : " (\(plans.map(\.formatName).joined(separator: ", ")))"
      text += "\(message.label)\(types): \(message.text)\n"
    }
    return text
  }

  /// The messages of all plans, each once, in order.
  private var messageLines: [ConversionPlan.MessageLine] {
    reduce(into: []) { lines, plan in lines += plan.messageLines.filter { !lines.contains($0) } }
  }

  /// Every tensor with its format in each output.
  var formatTable: String {
    var sizes = Table(["output": .left, "size": .right, "bits per weight": .right])
    for plan in self {
      sizes.append(plan.openablePath.escapedForDisplay, plan.byteCount.byteSize, plan.bitsPerWeight?.fixed(2) ?? "")
    }
    let outputs = map { plan in
      Dictionary(plan.tensors.map { ($0.name, $0.format.name) }, uniquingKeysWith: { first, _ in first })
    }
    var seen: Set<TensorName> = []
    let tensors = flatMap(\.tensors).filter { seen.insert($0.name).inserted }
    var table = Table((["tensor", "from"] + map(\.formatName)).map { (title: $0, alignment: .left) })
    for tensor in tensors {
      table.append(
        [tensor.name.text.escapedForDisplay, tensor.sourceEncoding] + outputs.map { $0[tensor.name] ?? "" })
    }
    return "\n" + sizes.text() + "\n" + table.text()
  }
}

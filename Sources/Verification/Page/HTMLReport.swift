import Bytes
import Models
import Quantization
import Tensors

/// A verification as one HTML page without scripts or external files.
public struct HTMLReport {
  let verification: ModelVerification
  /// The command that reproduces the verification.
  let command: String
  let version: String

  /// - Parameter arguments: those that the program was called with.
  public init(_ verification: ModelVerification, arguments: [String], version: String) {
    self.verification = verification
    command = (["ingot"] + arguments.map(Self.shellQuoted)).joined(separator: " ")
    self.version = version
  }

  public var text: String {
    let logits = verification.logits
    let candidate = logits.candidate.checkpoint.path
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(HTML.escaped("\(verdict): \(Path.name(of: candidate))"))</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <h1>\(HTML.escaped(candidate))<small>verified against \(HTML.escaped(logits.reference.checkpoint.path))</small></h1>
      <div class="verdict \(conversionStyle)"><strong>conversion \(verification.conversion.word)</strong>\(HTML.escaped(conversionReason))</div>
      <div class="verdict \(qualityStyle)"><strong>quality \(verification.quality.gradeWords)</strong>\(HTML.escaped(qualityReason))</div>
      \(cards)
      \(HTML.section("Findings", findings))
      \(HTML.section("Error after each layer", layerChart, note: "NMSE of the hidden states and of what each sublayer adds to them; the scale is logarithmic"))
      \(HTML.section("KL divergence", divergenceChart, note: divergenceNote))
      \(HTML.section("Worst tensors", worstTensors, note: "by NMSE, the energy of the error as a share of the tensor's"))
      \(HTML.section("Storage formats", mix))
      \(HTML.section("Tensors", tensors, note: "the first tensor of each role, with its names in both models; the other layers and experts are counted"))
      \(HTML.section("Figures", HTML.table(figures)))
      \(HTML.section("Layers", layerTable))
      \(HTML.section("Reproduce", "<pre>\(HTML.escaped(command))</pre>"))
      <footer>ingot \(HTML.escaped(version)); float32 forward pass, the same bits on every machine</footer>
      </body>
      </html>

      """
  }

  private var verdict: String { verification.passes ? "passed" : "failed" }

  private var conversionStyle: String {
    switch verification.conversion {
    case .passed: "passed"
    case .failed: "failed"
    case .notJudged: "doubtful"
    }
  }

  /// Green only for a grade that the evidence holds and a user can expect.
  private var qualityStyle: String {
    let grade = verification.quality.grade
    guard verification.qualityPasses, grade != .broken else { return "failed" }
    return grade <= .good ? "passed" : "doubtful"
  }

  /// What the verdict on the conversion rests on.
  private var conversionReason: String {
    let reason = verification.conversionReason
    return verification.logits.budget.isGiven || verification.conversion != .passed ? reason : "\(reason). \(limits)"
  }

  /// What the verdict on the quality rests on.
  private var qualityReason: String {
    let quality = verification.quality
    return [quality.figures, quality.doubt, verification.logits.budget.isGiven ? limits : nil].compactMap { $0 }
      .joined(separator: "; ")
  }

  /// The limits of the predictions, with what was measured.
  private var limits: String {
    let logits = verification.logits
    guard case .limits(let budget) = logits.budget.rule else { return "All logits have the same bits in both models." }
    let kept = budget.limits.map { limit in
      let measured = logits.value(limit.metric) ?? .nan
      return "\(limit.metric.title) \(limit.metric.text(measured)), limit: at"
        + " \(limit.metric.isLowerBound ? "least" : "most") \(limit.metric.text(limit.value))"
    }
    return "\(kept.joined(separator: ". ")) (\(logits.budget.reason))."
  }

  private var divergenceNote: String {
    let positions = counted(verification.logits.divergence.count, "position")
    let zeros = verification.logits.divergence.sorted.first == 0 ? "; the bar at the left counts zeros" : ""
    return "between the next-token distributions at \(positions), in nats\(zeros)"
  }

  private var figures: ReportTable {
    ReportTable(
      columns: [.left("figure"), .left("value")], rows: verification.figures.map { [$0.name, $0.value] })
  }

  private var findings: String? {
    guard !verification.findings.isEmpty else { return "<p>None.</p>" }
    let shown = verification.findings.prefix(50).map { finding in
      "<li class=\"\(finding.severity.rawValue)\"><b>\(HTML.escaped(finding.subject.description))</b> \(HTML.escaped(finding.message))"
        + " <small>\(finding.severity.rawValue), \(HTML.escaped(finding.check))</small></li>"
    }
    let rest = verification.findings.count - shown.count
    return "<ul class=\"findings\">\n\(shown.joined(separator: "\n"))\n</ul>"
      + (rest > 0 ? "<p class=\"note\">and \(rest.grouped) more</p>" : "")
  }

  /// Quotes an argument for a shell.
  private static func shellQuoted(_ argument: String) -> String {
    let plain = argument.utf8.allSatisfy { byte in
      switch UInt8(byte) {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "-_./=,:+%@".utf8.contains(byte)
      }
    }
    return plain && !argument.isEmpty ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
  }
}

extension Budget.Metric {
  /// The metric at the beginning of a sentence.
  fileprivate var title: String {
    switch self {
    case .divergence: "Mean KL divergence"
    case .klP99: "99th percentile of the KL divergence"
    case .maximumDivergence: "Greatest KL divergence"
    case .topOneAgreement: "Top-1 agreement"
    case .nmse: "NMSE"
    case .maximumAbsolute: "Greatest error"
    case .rmse: "RMSE"
    case .cosine: "Cosine"
    }
  }

  fileprivate func text(_ value: Double) -> String {
    self == .topOneAgreement ? value.percentage : value.metricText
  }
}

import Bytes
import Models
import Quantization
import Tensors

/// A verification as one HTML page without scripts or external files.
///
/// The two verdicts come first; what each rests on follows in a section of its own.
public struct HTMLReport {
  let verification: ModelVerification
  private let arguments: [String]
  private let version: String

  /// - Parameter arguments: those that the program was called with.
  public init(_ verification: ModelVerification, arguments: [String], version: String) {
    self.verification = verification
    self.arguments = arguments
    self.version = version
  }

  public var text: String {
    let logits = verification.logits
    let candidate = logits.candidate.checkpoint.path, reference = logits.reference.checkpoint.path
    let body = """
      <header>
      <h1>\(HTML.escaped(Path.name(of: candidate)))</h1>
      <p>\(HTML.escaped(candidate)), verified against \(HTML.escaped(reference))</p>
      </header>
      <div class="verdicts">
      \(Self.verdict("Conversion", verification.conversion.word, conversionStyle, conversionReasons))
      \(Self.verdict("Quality", verification.quality.gradeWords, qualityStyle, qualityReasons))
      </div>
      <section>
      <h2>Conversion: \(verification.conversion.word)</h2>
      \(HTML.part("Findings", findings(areAboutQuality: false)))
      \(HTML.part("Error after each layer", layerChart, note: "NMSE is the energy of the error as a share of the energy of the values"))
      \(HTML.part("Worst tensors", worstTensors, note: "by NMSE"))
      \(HTML.details("Every layer as a table", HTML.table(logits.layerTable)))
      \(HTML.details("Names of the tensors in both models", tensors))
      </section>
      <section>
      <h2>Quality: \(verification.quality.gradeWords)</h2>
      \(cards)
      \(HTML.part("Findings", qualityFindings))
      \(HTML.part("KL divergence of each position", divergenceChart, note: divergenceNote))
      \(HTML.part("Positions that differ most", worstPositions, note: "the last tokens before the predicted one, and what both models predict"))
      </section>
      <section>
      <h2>Size</h2>
      \(sizeCards)
      \(HTML.part("Storage formats by bytes", mix))
      </section>
      <section>
      <h2>All figures</h2>
      \(HTML.table(figures))
      </section>
      """
    let verdict = verification.passes ? "passed" : "failed"
    return Page(
      title: "\(verdict): \(Path.name(of: candidate))", body: body, arguments: arguments, version: version
    ).text
  }

  /// A verdict in large letters with its reasons.
  static func verdict(_ kind: String, _ words: String, _ style: String, _ reasons: [String]) -> String {
    let lines = reasons.map { "<p>\(HTML.escaped($0))</p>" }
    return "<div class=\"verdict \(style)\"><span>\(HTML.escaped(kind))</span><strong>\(HTML.escaped(words))</strong>"
      + "\(lines.joined())</div>"
  }

  private var conversionStyle: String {
    switch verification.conversion {
    case .passed: "passed"
    case .failed: "failed"
    case .notJudged: "doubtful"
    }
  }

  /// Green only for a grade that the evidence holds and a user can expect.
  private var qualityStyle: String { verification.quality.style(passes: verification.qualityPasses) }

  private var conversionReasons: [String] {
    let reason = verification.conversionReason
    guard verification.conversion == .passed, !verification.logits.budget.isGiven else { return [reason] }
    return [reason, limits]
  }

  private var qualityReasons: [String] {
    let quality = verification.quality
    return ["\(quality.grade.meaning). \(quality.figures.capitalizedFirst)"]
      + [quality.doubt?.capitalizedFirst, verification.logits.budget.isGiven ? limits : nil].compactMap { $0 }
  }

  /// The limits of the predictions, with what was measured.
  private var limits: String {
    let logits = verification.logits
    guard case .limits(let budget) = logits.budget.rule else { return "All logits have the same bits in both models." }
    let kept = budget.limits.map { limit in
      let measured = logits.predictions.value(limit.metric) ?? .nan
      return "\(limit.metric.title) \(limit.metric.text(measured)), limit: at"
        + " \(limit.metric.isLowerBound ? "least" : "most") \(limit.metric.text(limit.value))"
    }
    return "\(kept.joined(separator: ". ")) (\(logits.budget.reason))."
  }

  private var divergenceNote: String {
    let divergence = verification.logits.divergence
    let zeros = divergence.sorted.first == 0 ? "; the bar at the left counts equal distributions" : ""
    return "between the next-token distributions at \(counted(divergence.count, "position")), in nats\(zeros)"
  }

  private var figures: ReportTable {
    ReportTable(
      columns: [.left("figure"), .left("value")], rows: verification.figures.map { [$0.name, $0.value] })
  }

  private func findings(areAboutQuality: Bool) -> String {
    let all = verification.findings.filter { $0.isAboutQuality == areAboutQuality }
    return all.isEmpty ? "<p>None.</p>" : HTML.findings(all.map { ($0.subject.description, $0) })
  }

  private var qualityFindings: String? {
    verification.findings.contains(where: \.isAboutQuality) ? findings(areAboutQuality: true) : nil
  }
}

extension Quality {
  /// The color of a verdict.
  func style(passes: Bool) -> String {
    guard passes, grade != .broken else { return "failed" }
    return grade <= .good ? "passed" : "doubtful"
  }
}

extension QualityGrade {
  /// What a user will notice.
  var meaning: String {
    switch self {
    case .lossless: "The predictions are those of the reference, bit for bit"
    case .nearLossless: "The predictions are hardly distinguishable from those of the reference"
    case .good: "The predictions rarely differ in a way that matters"
    case .noticeable: "Some predictions differ from those of the reference"
    case .poor: "Many predictions differ from those of the reference"
    case .broken: "The model predicts other tokens than the reference"
    }
  }
}

extension String {
  /// The text with a capital letter at the beginning, unless its first word is an abbreviation anyway.
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
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

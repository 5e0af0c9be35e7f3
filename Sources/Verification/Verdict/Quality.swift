import Bytes
import Evaluation
import Inference
import Tensors

/// The verdict on the quality of a candidate: a grade, and how certain it is.
///
/// The grade follows from the worse of mean KL divergence and perplexity ratio. Top-1 agreement lowers it by one grade at
/// most, and never to broken: where a distribution is flat, the most likely token changes without a loss. The perplexity
/// ratio counts only if the reference predicts the tokens.
public struct Quality: Sendable, Hashable {
  /// The grade of the figures as measured.
  public let estimate: QualityGrade
  /// The best grade that holds even if every figure is two standard errors worse; never better than `estimate`.
  public let grade: QualityGrade
  /// The positions whose predictions were compared; the texts of an encoder.
  public let positionCount: Int
  /// The figures that decided, in words.
  public let figures: String
  /// Whether the reference predicts the tokens better than a guess among its vocabulary; always true for encoders.
  public let isPredicted: Bool
  /// Whether the number of positions limits `grade`.
  private let lacksPositions: Bool
  private let isEmbedding: Bool

  /// Whether the figures decide between grades.
  public var isCertain: Bool { grade == estimate }

  /// Standard errors by which a figure may be worse.
  private static let errorCount = 2.0

  /// Grades a comparison.
  init(_ comparison: Predictions) {
    isEmbedding = comparison.isEmbedding
    let words = comparison.output.words
    positionCount = isEmbedding ? comparison.textCount : comparison.divergence.count
    isPredicted = isEmbedding || comparison.isPredicted
    guard comparison.nonfiniteCount == 0 else {
      estimate = .broken
      grade = .broken
      lacksPositions = false
      figures = comparison.output == .embedding ? "the embedding is not finite" : "\(words) are not finite"
      return
    }
    guard !comparison.hasSameBits else {
      estimate = .lossless
      grade = .lossless
      lacksPositions = false
      figures = "\(comparison.output == .embedding ? "the embedding has" : "all \(words) have") the same bits"
      return
    }
    guard !isEmbedding else {
      let error = comparison.logits.normalizedMeanSquareError
      estimate = .first { error <= $0.embeddingError }
      grade = estimate
      lacksPositions = false
      figures = "NMSE of the \(words) \(error.metricText)"
      return
    }
    let measured = Figures(comparison), worst = Figures(comparison, worseBy: Self.errorCount)
    let count = comparison.divergence.count
    let byCount = QualityGrade.first { count >= $0.positionCount }
    // A candidate is broken if it still is with figures one standard error better: few tokens may look so by chance.
    let isSurelyBroken = Figures(comparison, worseBy: -1).grade == .broken
    estimate = isSurelyBroken ? .broken : min(measured.grade, .poor)
    // Few positions make a grade uncertain, but do not break a model.
    let limit = min(byCount, .poor)
    grade = max(measured.grade, worst.grade, limit)
    lacksPositions = limit == grade && limit > estimate
    figures = measured.words
  }

  /// What `grade` and `estimate` mean together: `good`, or `noticeable or better`.
  public var gradeWords: String {
    if isCertain { return grade.rawValue }
    return grade == .broken ? "\(estimate.rawValue), perhaps broken" : "\(grade.rawValue) or better"
  }

  /// The verdict in words, with what it rests on.
  public var words: String {
    "\(gradeWords): \(figures)" + (doubt.map { " (\($0))" } ?? "")
  }

  /// Why the grade is not certain, and what it was measured on; nil if nothing limits it.
  public var doubt: String? {
    guard grade != .lossless else { return nil }
    if isEmbedding { return "of \(counted(positionCount, "text"))" }
    var doubts: [String] = []
    if lacksPositions, let needed = QualityGrade.bounds.first(where: { $0.grade == estimate })?.positionCount {
      doubts.append("\(counted(positionCount, "position")), a better grade needs \(needed.grouped)")
    } else if !isCertain {
      doubts.append("within two standard errors of the next grade; a longer text decides")
    }
    if !isPredicted { doubts.append("the reference does not predict these tokens") }
    return doubts.isEmpty ? nil : doubts.joined(separator: "; ")
  }

  /// The quality, as in a report.
  var json: JSON {
    .members([
      "grade": .string(grade.rawValue), "estimate": .string(estimate.rawValue), "certain": .bool(isCertain),
      "positions": .integer(positionCount), "predicted": .bool(isPredicted), "words": .string(words),
    ])
  }
}

extension Quality {
  /// The three figures that decide.
  private struct Figures {
    let divergence: Double
    /// Nil if the reference does not predict the tokens.
    let perplexityRatio: Double?
    let topOneAgreement: Double

    /// The figures as measured, or with each worse by `errors` standard errors.
    init(_ comparison: Predictions, worseBy errors: Double = 0) {
      divergence = comparison.divergence.mean + errors * comparison.divergence.standardError
      perplexityRatio = (comparison.isPredicted ? comparison.perplexityRatio : nil).map {
        $0.value + errors * $0.standardError
      }
      topOneAgreement = Self.lowerBound(
        comparison.topOneAgreement, count: comparison.divergence.count, errors: errors)
    }

    /// The lower bound of a share by Wilson's score interval.
    private static func lowerBound(_ share: Double, count: Int, errors: Double) -> Double {
      guard errors > 0, count > 0 else { return share }
      let n = Double(count), z = errors * errors / n
      let spread = (share * (1 - share) / n + z / (4 * n)).squareRoot()
      return (share + z / 2 - errors * spread) / (1 + z)
    }

    var grade: QualityGrade {
      .of(divergence: divergence, perplexityRatio: perplexityRatio, topOneAgreement: topOneAgreement)
    }

    var words: String {
      let ratio = perplexityRatio.map { ", perplexity ratio \($0.fixed(4))" } ?? ""
      return "mean KL divergence \(divergence.metricText)\(ratio), top-1 agreement \(topOneAgreement.percentage)"
    }
  }
}

extension Predictions {
  /// Whether the reference predicts the tokens better than a guess among its vocabulary, by two standard errors.
  fileprivate var isPredicted: Bool {
    guard let referencePerplexity, referencePerplexity.value > 0 else { return false }
    let error = 2 * referencePerplexity.standardError / referencePerplexity.value
    return referencePerplexity.meanLoss + error < DeterministicMath.naturalLogarithm(Double(vocabularySize))
  }
}
